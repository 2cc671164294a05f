// SPDX-License-Identifier: MIT
// What the sweep's programs share, compiled once.
#include "support/sweep.hpp"

template class support::trial<float>;
template class support::trial<double>;
