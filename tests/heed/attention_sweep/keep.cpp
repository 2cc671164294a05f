// SPDX-License-Identifier: MIT
// heed::attention against the textbook: keep alone, and with every rule after it in the list.
#include "support/sweep.hpp"

TEST(attention_sweep, keep_alone) { support::sweep_whole<support::keep_case>(); }

TEST(attention_sweep, keep_in_pairs) { support::sweep_pairs<support::keep_case>(); }
