// SPDX-License-Identifier: MIT
#include <heed/attic.hpp>
