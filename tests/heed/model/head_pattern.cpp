// SPDX-License-Identifier: MIT
// Heads made by hand, each of which looks at one thing.
#include "support/refusal.hpp"

#include <heed/model/head_pattern.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

namespace {

using heed::head_kind;
using heed::head_pattern;
using heed::index;
using heed::matrix;

// "a b c . a b c . a b c ." behind a first token of its own.
const heed::pattern_tokens tokens{.ids = {9, 1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4},
                                  .marks = {false, false, false, false, true, false, false, false,
                                            true, false, false, false, true}};
constexpr index n = 13;

// Each query gives `share` to the key that look(query) names, where there is one, and the rest to the first token.
matrix<float> head(float share, const std::function<index(index)>& look) {
  matrix<float> w = matrix<float>::Zero(n, n);
  for (index i = 0; i < n; ++i) {
    const index j = look(i);
    w(i, 0) += j < 0 ? 1 : 1 - share;
    if (j >= 0) w(i, j) += share;
  }
  return w;
}

head_pattern read(const matrix<float>& w) { return heed::pattern_of(w, tokens); }

TEST(head_pattern, names_what_a_head_looks_at) {
  const auto expect = [](head_kind kind, const std::function<index(index)>& look) {
    const head_pattern p = read(head(0.75F, look));
    EXPECT_EQ(p.kind, kind) << "share " << p.share;
    return p;
  };
  const head_pattern previous = expect(head_kind::previous, [](index i) { return i - 1; });
  EXPECT_EQ(previous.share, 0.75);
  EXPECT_EQ(previous.queries, 11);  // not the first, nor the second, whose previous is the first
  EXPECT_EQ(expect(head_kind::same, [](index i) { return i > 4 ? i - 4 : -1; }).queries, 8);
  EXPECT_EQ(expect(head_kind::induction, [](index i) { return i > 4 ? i - 3 : -1; }).queries, 8);
  expect(head_kind::mark, [](index i) { return i > 4 ? (i - 1) / 4 * 4 : -1; });
  expect(head_kind::self, [](index i) { return i; });
  expect(head_kind::next, [](index i) { return i + 1 < n ? i + 1 : -1; });
  const head_pattern rest = expect(head_kind::rest, [](index) { return index(-1); });
  EXPECT_EQ(rest.interest, 0);
  EXPECT_EQ(rest.rest, 1);
}

TEST(head_pattern, knows_a_head_that_sees_all_alike) {
  matrix<float> w = matrix<float>::Zero(n, n);
  for (index i = 0; i < n; ++i) w.row(i).head(i + 1).setConstant(1 / float(i + 1));
  EXPECT_EQ(read(w).kind, head_kind::broad);
  EXPECT_NEAR(read(w).interest, 0, 1e-6);
}

TEST(head_pattern, knows_a_head_that_looks_at_neighbours) {
  heed::pattern_tokens all_different;
  for (index i = 0; i < n; ++i) all_different.ids.push_back(i);
  const auto w = head(1, [](index i) { return i % 3 == 0 ? i - 2 : i - 3; });
  EXPECT_EQ(heed::pattern_of(w, all_different).kind, head_kind::nearby);
}

// Every counted query looks at a single token with 3/4 of its weight.
TEST(head_pattern, interest_by_hand) {
  EXPECT_NEAR(read(head(0.75F, [](index i) { return i > 2 ? 1 : -1; })).interest, 0.75, 1e-7);
  // Of the queries 3 to 12, one half looks with all of its weight, the other half not at all.
  EXPECT_NEAR(read(head(1, [](index i) { return i > 7 ? 1 : -1; })).interest, std::sqrt(0.5), 1e-7);
  // Three tokens behind the first, which the last sees: 1/4, 1/4 and itself; entropy ln 2 of ln 2.
  const heed::pattern_tokens four{.ids = {9, 1, 2, 3}};
  matrix<double> w(4, 4);
  w << 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0.25, 0.25, 0.5;
  EXPECT_NEAR(heed::pattern_of(w, four).interest, 0, 1e-12);
  w.row(3) << 0, 0.9, 0.1, 0;
  const double entropy = -0.9 * std::log(0.9) - 0.1 * std::log(0.1);
  EXPECT_NEAR(heed::pattern_of(w, four).interest, 1 - entropy / std::log(2.), 1e-12);
}

TEST(head_pattern, special_tokens_are_no_sight) {
  heed::pattern_tokens with = tokens;
  with.special.assign(13, false);
  with.special[12] = true;  // as [SEP] at the end of an encoder's text
  const auto w = head(1, [](index) { return index(12); });
  EXPECT_EQ(heed::pattern_of(w, with).kind, head_kind::rest);
  EXPECT_EQ(heed::pattern_of(w, with).interest, 0);
  EXPECT_GT(read(w).interest, 0.9);
}

TEST(head_pattern, refuses_other_sizes) {
  EXPECT_EQ(
      support::refusal([] { return heed::pattern_of(matrix<float>::Zero(2, 3).eval(), tokens); }),
      "heed::pattern_of: the weights are 2x3, but there are 13 ids, 0 flags of special tokens "
      "and 13 of marks");
}

}  // namespace
