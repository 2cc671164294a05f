// SPDX-License-Identifier: MIT
#include <heed/modifiers/mask.hpp>
