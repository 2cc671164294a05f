// SPDX-License-Identifier: MIT
// The version: three integers, which CMake reads from here too.
#pragma once

#define HEED_VERSION_MAJOR 0
#define HEED_VERSION_MINOR 1
#define HEED_VERSION_PATCH 0
