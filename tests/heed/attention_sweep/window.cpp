// SPDX-License-Identifier: MIT
// heed::attention against the textbook: window alone, and with every rule after it in the list.
#include "support/sweep.hpp"

TEST(attention_sweep, window_alone) { support::sweep_whole<support::window_case>(); }

TEST(attention_sweep, window_in_pairs) { support::sweep_pairs<support::window_case>(); }
