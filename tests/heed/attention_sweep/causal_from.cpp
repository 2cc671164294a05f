// SPDX-License-Identifier: MIT
// heed::attention against the textbook: causal_from alone, and with every rule after it in the
// list.
#include "support/sweep.hpp"

TEST(attention_sweep, causal_from_alone) { support::sweep_whole<support::causal_from_case>(); }

TEST(attention_sweep, causal_from_in_pairs) { support::sweep_pairs<support::causal_from_case>(); }
