// SPDX-License-Identifier: MIT
#include <heed/rules/at.hpp>
