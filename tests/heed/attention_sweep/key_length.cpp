// SPDX-License-Identifier: MIT
// heed::attention against the textbook: key_length alone, and with every rule after it in the list.
#include "support/sweep.hpp"

TEST(attention_sweep, key_length_alone) { support::sweep_whole<support::key_length_case>(); }

TEST(attention_sweep, key_length_in_pairs) { support::sweep_pairs<support::key_length_case>(); }
