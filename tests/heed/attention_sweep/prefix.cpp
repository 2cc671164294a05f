// SPDX-License-Identifier: MIT
// heed::attention against the textbook: prefix alone, and with every rule after it in the list.
#include "support/sweep.hpp"

TEST(attention_sweep, prefix_alone) { support::sweep_whole<support::prefix_case>(); }

TEST(attention_sweep, prefix_in_pairs) { support::sweep_pairs<support::prefix_case>(); }
