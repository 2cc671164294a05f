// SPDX-License-Identifier: MIT
// heed::attention against the textbook: documents alone, and with every rule after it in the list.
#include "support/sweep.hpp"

TEST(attention_sweep, documents_alone) { support::sweep_whole<support::documents_case>(); }

TEST(attention_sweep, documents_in_pairs) { support::sweep_pairs<support::documents_case>(); }
