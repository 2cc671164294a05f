// SPDX-License-Identifier: MIT
// Masks are infinities; a compiler that assumes there are none would break them silently.
// flags: -ffast-math
// expect: -ffast-math / -ffinite-math-only removes the infinities and NaN that masks need
#include <heed/config.hpp>

int main() {}
