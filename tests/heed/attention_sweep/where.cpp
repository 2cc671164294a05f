// SPDX-License-Identifier: MIT
// heed::attention against the textbook: where alone, and with every rule after it in the list.
#include "support/sweep.hpp"

TEST(attention_sweep, where_alone) { support::sweep_whole<support::where_case>(); }

TEST(attention_sweep, where_in_pairs) { support::sweep_pairs<support::where_case>(); }
