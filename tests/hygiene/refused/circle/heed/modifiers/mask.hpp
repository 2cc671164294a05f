// SPDX-License-Identifier: MIT
#include <heed/modifiers/at.hpp>
