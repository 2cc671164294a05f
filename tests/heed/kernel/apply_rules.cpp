// SPDX-License-Identifier: MIT
// Rules on a tile of scores: each pair as the rules say, one at a time.
#include <heed/kernel/apply_rules.hpp>
#include <heed/modifiers/masks/causal.hpp>
#include <heed/modifiers/masks/documents.hpp>
#include <heed/modifiers/masks/keep.hpp>
#include <heed/modifiers/masks/where.hpp>
#include <heed/modifiers/scores/alibi.hpp>
#include <heed/modifiers/scores/bias.hpp>
#include <heed/modifiers/scores/score.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace {

using heed::at;
using heed::coverage;
using heed::index;
using heed::detail::log4_of_exp;

// A mask of a user: what it answers converts to bool when asked to, and what it has is its own affair.
struct own_mask {
  using heed_kind = heed::mask_kind;
  struct answer {
    bool yes;
    explicit operator bool() const { return yes; }
  };
  std::vector<int> matrices;

  answer operator()(at i) const { return {i.key % 3 == matrices[0]}; }
};

template <class Scalar>
struct apply_rules : ::testing::Test {
  static constexpr index lanes = 2 * heed::detail::simd<Scalar>::size,
                         pitch = heed::detail::packed_lanes<Scalar>::pitch, keys = 6;
  static constexpr Scalar guard = 777;
  // rows 3 ... of 40, keys 10 ... 15 of 50
  const heed::scope where{1, 2, 4, 0, 0, 40, 50, 10, 40};

  static Scalar score(index key, index lane) { return Scalar(std::sin(double(3 * key + lane))); }

  template <class Change>
  std::vector<Scalar> changed(index rows, const Change& change) const {
    std::vector<Scalar> scores(std::size_t((keys + 1) * pitch), guard);
    for (index j = 0; j < keys; ++j)
      for (index l = 0; l < rows; ++l) scores[std::size_t(j * pitch + l)] = score(j, l);
    change(scores.data(), heed::detail::tile_place{where, 3, rows, 10, keys});
    return scores;
  }

  // Every lane that stands for a row holds want(score, place); all memory beyond the lanes and
  // keys is as it was.
  template <class Want>
  void expect(const std::vector<Scalar>& got, index rows, const Want& want) const {
    for (index j = 0; j <= keys; ++j)
      for (index l = 0; l < pitch; ++l) {
        const Scalar g = got[std::size_t(j * pitch + l)];
        if (j == keys || l >= lanes) {
          ASSERT_EQ(g, guard);
        } else if (l < rows) {
          const at place{int(3 + l + 10), int(10 + j), 2, int(3 + l), 1};
          ASSERT_NEAR(g, want(score(j, l), place), 4 * std::numeric_limits<Scalar>::epsilon())
              << j << " " << l;
        }
      }
  }
};
using scalars = ::testing::Types<float, double>;
TYPED_TEST_SUITE(apply_rules, scalars);

TYPED_TEST(apply_rules, applies_score_rules_left_to_right) {
  const auto twice = heed::score([](auto s, at) { return 2 * s; });
  const auto plus_place = heed::score([](auto s, at i) {
    return s + static_cast<decltype(s)>(i.query - i.key + i.head + i.row + i.sequence) / 64;
  });
  const auto rules = heed::detail::gather_rules(twice, plus_place).bind(this->where);
  for (index rows = 1; rows <= this->lanes; ++rows) {
    const auto got = this->changed(rows, [&](auto scores, const heed::detail::tile_place& place) {
      heed::detail::apply_rules(scores, place, rules, coverage::all);
    });
    this->expect(got, rows, [](double s, at i) {
      return (2 * s + (i.query - i.key + i.head + i.row + i.sequence) / 64.0) * log4_of_exp;
    });
  }
}

TYPED_TEST(apply_rules, excludes_by_select_unless_the_tile_is_covered) {
  const auto odd = heed::where([](at i) { return (i.key + i.query) % 2 == 1; });
  const auto not_seven = heed::where([](at i) { return i.key % 7 != 0; });
  const auto rules = heed::detail::gather_rules(odd, not_seven).bind(this->where);
  for (index rows = 1; rows <= this->lanes; ++rows) {
    const auto modified = [&](coverage seen) {
      return this->changed(rows, [&](auto scores, const heed::detail::tile_place& place) {
        heed::detail::apply_rules(scores, place, rules, seen);
      });
    };
    const auto some = modified(coverage::some), all = modified(coverage::all);
    for (index j = 0; j < this->keys; ++j)
      for (index l = 0; l < rows; ++l) {
        const bool seen = (10 + j + 13 + l) % 2 == 1 && (10 + j) % 7 != 0;
        const auto score = this->score(j, l);
        ASSERT_EQ(some[std::size_t(j * this->pitch + l)],
                  seen ? score : -std::numeric_limits<TypeParam>::infinity());
        ASSERT_EQ(all[std::size_t(j * this->pitch + l)], score);
      }
  }
}

TYPED_TEST(apply_rules, a_mask_stands_above_what_a_score_rule_makes) {
  const auto nan =
      heed::score([](auto s, at) { return s * std::numeric_limits<decltype(s)>::quiet_NaN(); });
  const auto none = heed::where([](at) { return false; });
  const auto rules = heed::detail::gather_rules(none, nan).bind(this->where);
  const auto got = this->changed(3, [&](auto scores, const heed::detail::tile_place& place) {
    heed::detail::apply_rules(scores, place, rules, coverage::some);
  });
  for (index l = 0; l < 3; ++l) EXPECT_EQ(got[std::size_t(l)], -INFINITY);
}

TYPED_TEST(apply_rules, asks_about_real_places_only) {
  int outside = 0, asked = 0;
  for (index rows = 1; rows <= this->lanes; ++rows) {
    const auto look = heed::score([&](auto s, at i) {
      ++asked;
      outside +=
          i.row < 3 || i.row >= 3 + rows || i.query != i.row + 10 || i.key < 10 || i.key >= 16;
      return s;
    });
    const auto rules = heed::detail::gather_rules(look).bind(this->where);
    (void)this->changed(rows, [&](auto scores, const heed::detail::tile_place& place) {
      heed::detail::apply_rules(scores, place, rules, coverage::all);
    });
  }
  EXPECT_GT(asked, 0);
  EXPECT_EQ(outside, 0);
}

// Several matrices, of every kind of number and storage order, among other rules: what each rule says of
// a pair by itself. What lies around the pairs is not finite, or of no meaning.
TYPED_TEST(apply_rules, reads_tables_as_rules_read_them_pair_by_pair) {
  using Eigen::ColMajor;
  using Eigen::Dynamic;
  using Eigen::RowMajor;
  constexpr auto infinity = std::numeric_limits<float>::infinity();
  Eigen::Matrix<float, Dynamic, Dynamic, RowMajor> by_rows(40, 50);
  Eigen::Matrix<double, Dynamic, Dynamic, ColMajor> by_columns(40, 50);
  Eigen::Matrix<bool, Dynamic, Dynamic, RowMajor> seen(40, 50);
  Eigen::Matrix<int, Dynamic, Dynamic, ColMajor> number(40, 50);
  Eigen::Matrix<std::uint8_t, Dynamic, Dynamic, ColMajor> byte(40, 50);
  for (int i = 0; i < 40; ++i)
    for (int j = 0; j < 50; ++j) {
      by_rows(i, j) = (i + j) % 5 == 0 ? -infinity : float(i * 50 + j) / 64;
      by_columns(i, j) = double(i - j) / 3;
      seen(i, j) = (i * 7 + j) % 3 != 0;
      number(i, j) = (i + j * 5) % 4 == 0 ? 0 : 256 << (i + j) % 3;
      byte(i, j) = std::uint8_t((i + j) % 2 * 128);
    }
  const Eigen::Matrix<std::int8_t, Dynamic, Dynamic> signed_byte = byte.cast<std::int8_t>();
  const Eigen::Matrix<Eigen::half, Dynamic, Dynamic> halves = by_rows.cast<Eigen::half>();
  std::vector<int> ids(50);
  for (int i = 0; i < 50; ++i) ids[std::size_t(i)] = i * i % 3;
  const auto expect_pairs = [&](const auto&... rule) {
    const auto rules = heed::detail::gather_rules(rule...).bind(this->where);
    for (index rows = 1; rows <= this->lanes; ++rows) {
      const auto got = this->changed(rows, [&](auto scores, const heed::detail::tile_place& place) {
        heed::detail::apply_rules(scores, place, rules, coverage::some);
      });
      for (index j = 0; j < this->keys; ++j)
        for (index l = 0; l < rows; ++l) {
          const at place{int(3 + l + 10), int(10 + j), 2, int(3 + l), 1};
          TypeParam modified = this->score(j, l);
          if (rules.has_scores) modified = rules.modify(modified, place) * TypeParam(log4_of_exp);
          const TypeParam want = rules.sees(place) ? modified : TypeParam(-infinity);
          ASSERT_EQ(got[std::size_t(j * this->pitch + l)], want) << j << " " << l << " of " << rows;
        }
      this->expect(got, 0, [](double, at) { return 0; });  // and nothing beyond
    }
  };
  const auto even = heed::where([](at i) { return (i.key + i.query) % 2 == 0; });
  const auto same = [](auto s, at) { return s; };
  expect_pairs(heed::bias(by_rows));
  expect_pairs(heed::bias(by_columns));
  expect_pairs(heed::bias(halves));
  expect_pairs(heed::bias(byte));  // 128 is not -128
  expect_pairs(heed::bias(signed_byte), heed::bias(number));
  expect_pairs(heed::score(same), heed::bias(by_rows), heed::score(same), heed::bias(by_columns),
               heed::bias(halves));
  expect_pairs(heed::keep(seen));
  expect_pairs(heed::keep(number));
  expect_pairs(heed::keep(byte));
  expect_pairs(!heed::keep(seen) && (even || heed::keep(byte)), even || !heed::keep(number));
  expect_pairs(own_mask{{1, 2}} && heed::keep(seen));
  expect_pairs(heed::documents(ids), heed::keep(seen) || heed::documents(ids), heed::bias(by_rows));
}

// -infinity excludes its key whatever the score is, and nothing else does.
TYPED_TEST(apply_rules, a_bias_of_minus_infinity_stands_above_the_score) {
  constexpr auto infinity = std::numeric_limits<TypeParam>::infinity();
  constexpr auto nan = std::numeric_limits<TypeParam>::quiet_NaN();
  heed::matrix<TypeParam> added = heed::matrix<TypeParam>::Zero(40, 50);
  added.col(10).setConstant(-infinity);
  added.col(11).setConstant(nan);
  const auto rules = heed::detail::gather_rules(heed::bias(added)).bind(this->where);
  for (const TypeParam score : {infinity, nan, TypeParam(3)}) {
    std::vector<TypeParam> scores(std::size_t(this->keys * this->pitch), score);
    heed::detail::apply_rules(scores.data(), heed::detail::tile_place{this->where, 3, 2, 10, 3},
                              rules, coverage::all);
    for (const index l : {0, 1}) {
      EXPECT_EQ(scores[std::size_t(l)], -infinity) << score;
      EXPECT_TRUE(std::isnan(scores[std::size_t(this->pitch + l)])) << score;
      const TypeParam untouched = scores[std::size_t(2 * this->pitch + l)];
      EXPECT_TRUE(std::isnan(score)
                      ? std::isnan(untouched)
                      : heed::detail::exactly_equal(untouched, score * TypeParam(log4_of_exp)))
          << score;
    }
  }
}

TYPED_TEST(apply_rules, drop_zeroes_or_raises) {
  const heed::dropout half{.probability = 0.5, .seed = 8};
  for (index rows = 1; rows <= this->lanes; ++rows)
    for (const index count : {5, 6}) {  // up to a multiple of four, and not
      const auto got = this->changed(rows, [&](auto scores, heed::detail::tile_place place) {
        place.key_count = count;
        heed::detail::drop(scores, place, half);
      });
      this->expect(got, rows, [&](double s, at i) {
        return i.key >= 10 + count ? s : half.keeps(i) ? 2 * s : 0;
      });
    }
}

}  // namespace
