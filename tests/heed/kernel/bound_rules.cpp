// SPDX-License-Identifier: MIT
// Rules behind functions: what the rules of one sequence and head say of a tile, by hand.
#include <heed/kernel/bound_rules.hpp>
#include <heed/modifiers/masks/causal.hpp>
#include <heed/modifiers/masks/window.hpp>
#include <heed/modifiers/scores/score.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace heed::detail {
namespace {

// Head 2 of a sequence of 6 queries over 8 keys: the first query stands at 2.
constexpr scope place{.sequence = 0,
                      .head = 2,
                      .heads = 4,
                      .query_row = 0,
                      .key_row = 0,
                      .queries = 6,
                      .keys = 8,
                      .offset = 2,
                      .all_queries = 6};

TEST(bound_rules, say_what_the_rules_say) {
  const window near_by{.left = 1};
  const auto plus_head = score([](double s, at i) { return s + 10 * i.head; });
  const auto rules = gather_rules(causal, near_by, plus_head);
  int calls = 0;
  rules_of_call<double>(rules).bind(place, [&](const tile_rules<double>& bound) {
    ++calls;
    EXPECT_EQ(bound.keys({3, 5}).first, 2);
    EXPECT_EQ(bound.keys({3, 5}).last, 5);
    // Queries of rows 1 and 2 stand at 3 and 4.
    EXPECT_EQ(bound.cover({place, 1, 2, 3, 1}), coverage::all);
    EXPECT_EQ(bound.cover({place, 1, 2, 2, 2}), coverage::some);
    EXPECT_EQ(bound.cover({place, 1, 2, 5, 3}), coverage::none);

    // Score rules are given scores as they are, and give logarithms to the base 4.
    constexpr index pitch = packed_pitch<double>;
    std::vector<double> scores(2 * pitch, 7);
    bound.apply(scores.data(), {place, 1, 2, 2, 2}, coverage::some);
    const double changed = 27 * log4_of_exp;
    EXPECT_NEAR(scores[0], changed, 1e-13);  // at 3: keys 2 and 3
    EXPECT_NEAR(scores[pitch], changed, 1e-13);
    EXPECT_EQ(scores[1], -std::numeric_limits<double>::infinity());  // at 4: key 3 alone
    EXPECT_NEAR(scores[pitch + 1], changed, 1e-13);
  });
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace heed::detail
