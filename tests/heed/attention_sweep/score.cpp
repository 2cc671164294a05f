// SPDX-License-Identifier: MIT
// heed::attention against the textbook: score alone.
#include "support/sweep.hpp"

TEST(attention_sweep, score_alone) { support::sweep_whole<support::score_case>(); }

TEST(attention_sweep, no_rule) { support::sweep_whole<>(); }
