// SPDX-License-Identifier: MIT
// heed::attention against the textbook: soft_cap alone, and with every rule after it in the list.
#include "support/sweep.hpp"

TEST(attention_sweep, soft_cap_alone) { support::sweep_whole<support::soft_cap_case>(); }

TEST(attention_sweep, soft_cap_in_pairs) { support::sweep_pairs<support::soft_cap_case>(); }
