// SPDX-License-Identifier: MIT
// heed::attention against the textbook: alibi alone, and with every rule after it in the list.
#include "support/sweep.hpp"

TEST(attention_sweep, alibi_alone) { support::sweep_whole<support::alibi_case>(); }

TEST(attention_sweep, alibi_in_pairs) { support::sweep_pairs<support::alibi_case>(); }
