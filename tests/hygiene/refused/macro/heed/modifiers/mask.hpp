// SPDX-License-Identifier: MIT
#define MASK 1
