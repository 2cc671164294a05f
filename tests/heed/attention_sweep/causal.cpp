// SPDX-License-Identifier: MIT
// heed::attention against the textbook: causal alone, and with every rule after it in the list.
#include "support/sweep.hpp"

TEST(attention_sweep, causal_alone) { support::sweep_whole<support::causal_case>(); }

TEST(attention_sweep, causal_in_pairs) { support::sweep_pairs<support::causal_case>(); }
