// SPDX-License-Identifier: MIT
// The other of two files that include everything: a definition that is not inline fails every
// test's link.
#include <heed/heed.hpp>
