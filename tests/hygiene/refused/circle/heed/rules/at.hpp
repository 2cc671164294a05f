// SPDX-License-Identifier: MIT
#include <heed/rules/mask.hpp>
