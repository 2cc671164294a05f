// SPDX-License-Identifier: MIT
#include <heed/core/view.hpp>
