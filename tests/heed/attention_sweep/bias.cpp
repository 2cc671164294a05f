// SPDX-License-Identifier: MIT
// heed::attention against the textbook: bias alone, and with every rule after it in the list.
#include "support/sweep.hpp"

TEST(attention_sweep, bias_alone) { support::sweep_whole<support::bias_case>(); }

TEST(attention_sweep, bias_in_pairs) { support::sweep_pairs<support::bias_case>(); }
