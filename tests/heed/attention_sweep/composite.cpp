// SPDX-License-Identifier: MIT
// heed::attention against the textbook: composite alone, and with every rule after it in the list.
#include "support/sweep.hpp"

TEST(attention_sweep, composite_alone) { support::sweep_whole<support::composite_case>(); }

TEST(attention_sweep, composite_in_pairs) { support::sweep_pairs<support::composite_case>(); }
