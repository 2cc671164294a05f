// SPDX-License-Identifier: MIT
// Rolling caches against the whole sequence with a mask: rows, positions and attention over them.
#include "support/allocations.hpp"
#include "support/caches.hpp"

#include <heed/heed.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace {

using heed::index;
using heed::matrix;
using support::random;
using support::refusal;
using support::same_bits;

// Positions of the first `sinks` of `tokens` and of the last `window`.
std::vector<index> kept(index tokens, index window, index sinks) {
  std::vector<index> positions;
  for (index i = 0; i < tokens; ++i)
    if (i < sinks || i >= std::max(sinks, tokens - window)) positions.push_back(i);
  return positions;
}

template <class Rows, class Storage>
bool are_rows_of(const Rows& rows, const matrix<Storage>& all, const std::vector<index>& which) {
  if (rows.rows() != index(which.size())) return false;
  for (index i = 0; i < rows.rows(); ++i)
    if (!same_bits(rows.row(i), all.row(which[std::size_t(i)]))) return false;
  return true;
}

// What rounding may do to attention of numbers in [-1, 1]: see support/sweep.hpp. `width` terms of a
// score are at most sqrt(width) after scaling.
template <class Storage>
double tolerance(index width, index keys, double rules = 0) {
  const auto half_an_ulp = [](auto x) {
    return std::ldexp(1.0, -std::numeric_limits<decltype(x)>::digits);
  };
  const double u = half_an_ulp(heed::accumulator_t<Storage>());
  const double largest = std::sqrt(double(width));
  const double score = u * ((8 * std::sqrt(double(width)) + 8) * largest + 16 * (largest + rules));
  return 2 * score + u * (8 * std::sqrt(double(keys)) + 32) + half_an_ulp(Storage());
}

template <class Storage>
double distance(const matrix<Storage>& got, const Eigen::MatrixXd& want) {
  return (got.template cast<double>() - want).cwiseAbs().maxCoeff();
}

template <class Storage>
struct rolling_cache : ::testing::Test {
  static constexpr index tokens = 200;
  const heed::heads heads{4, 2};
  const matrix<Storage> q = random<Storage>(tokens, 4 * 8), k = random<Storage>(tokens, 2 * 8),
                        v = random<Storage>(tokens, 2 * 12);

  heed::rolling_cache<Storage> make(index window, index sinks) const {
    return heed::rolling_cache<Storage>(
        {.window = window, .sinks = sinks, .heads = 2, .width = 8, .value_width = 12});
  }
  void append(heed::rolling_cache<Storage>& cache, index count) const {
    const index first = cache.position();
    cache.append(k.middleRows(first, count), v.middleRows(first, count));
  }

  template <class... Modifiers>
  matrix<Storage> attend(const heed::rolling_cache<Storage>& cache, index queries,
                         const Modifiers&... modifiers) const {
    matrix<Storage> out(queries, 4 * 12);
    heed::attention(q.middleRows(cache.position() - queries, queries), cache.keys(), cache.values(),
                    out, heads, modifiers...);
    return out;
  }

  // Over all that was ever appended.
  template <class... Modifiers>
  Eigen::MatrixXd truth(index seen, index queries, const Modifiers&... modifiers) const {
    return heed::reference::attention(q.middleRows(seen - queries, queries), k.topRows(seen),
                                      v.topRows(seen), heads, modifiers...);
  }
};
TYPED_TEST_SUITE(rolling_cache, support::storages);

TYPED_TEST(rolling_cache, keeps_the_first_and_the_last_rows_in_order) {
  for (const index window : {1, 2, 7, 64})
    for (const index sinks : {0, 1, 4, 9})
      for (const index chunk : {1, 2, 3, 7, 40, 199}) {
        auto cache = this->make(window, sinks);
        for (int steps = 0; cache.position() < this->tokens; ++steps) {
          // now and then nothing, and a step of another size
          const index wanted = steps % 5 == 3 ? 0 : steps % 7 == 5 ? 5 : chunk;
          this->append(cache, std::min(wanted, this->tokens - cache.position()));
          const auto which = kept(cache.position(), window, sinks);
          ASSERT_EQ(cache.size(), index(which.size()));
          ASSERT_EQ(std::vector<index>(cache.positions().begin(), cache.positions().end()), which);
          ASSERT_TRUE(are_rows_of(cache.keys(), this->k, which))
              << window << " " << sinks << " " << chunk << " at " << cache.position();
          ASSERT_TRUE(are_rows_of(cache.values(), this->v, which))
              << window << " " << sinks << " " << chunk << " at " << cache.position();
        }
      }
}

TYPED_TEST(rolling_cache, the_newest_query_sees_what_the_mask_says) {
  for (const index window : {1, 5, 70})
    for (const index sinks : {0, 3}) {
      auto cache = this->make(window, sinks);
      const auto mask = heed::causal && (heed::window{.left = window - 1} || heed::prefix(sinks));
      for (const index chunk : {1, 1, 2, 60, 1, 1, 10, 1, 100, 1}) {
        this->append(cache, chunk);
        EXPECT_LE(
            distance(this->attend(cache, 1, heed::causal), this->truth(cache.position(), 1, mask)),
            tolerance<TypeParam>(8, window + sinks))
            << window << " " << sinks << " at " << cache.position();
      }
    }
}

TYPED_TEST(rolling_cache, several_queries_see_it_with_rows_to_spare) {
  constexpr index window = 20, sinks = 3, chunk = 9;
  auto cache = this->make(window + chunk - 1, sinks);
  const auto mask = heed::causal && (heed::window{.left = window - 1} || heed::prefix(sinks));
  while (cache.position() + chunk <= this->tokens) {
    this->append(cache, chunk);
    EXPECT_LE(
        distance(this->attend(cache, chunk, mask), this->truth(cache.position(), chunk, mask)),
        tolerance<TypeParam>(8, window + sinks))
        << cache.position();
  }
}

TYPED_TEST(rolling_cache, distances_are_right_in_the_window_and_by_position) {
  const auto seen = heed::causal && heed::window{.left = 19};
  auto plain = this->make(20, 0), with_sinks = this->make(20, 3);
  for (const index chunk : {10, 30, 60, 1}) {
    this->append(plain, chunk);
    EXPECT_LE(distance(this->attend(plain, 1, heed::causal, heed::alibi()),
                       this->truth(plain.position(), 1, seen, heed::alibi())),
              tolerance<TypeParam>(8, 20, 20));

    this->append(with_sinks, chunk);
    const auto far = [](auto s, index query, index key) {
      return s - decltype(s)(0.01) * decltype(s)(query - key);
    };
    const index now = with_sinks.position() - 1;
    const auto rule =
        heed::score([&](auto s, heed::at i) { return far(s, now, with_sinks.positions()[i.key]); });
    const auto true_rule = heed::score([&](auto s, heed::at i) { return far(s, i.query, i.key); });
    EXPECT_LE(distance(this->attend(with_sinks, 1, rule),
                       this->truth(now + 1, 1, seen || heed::prefix(3), true_rule)),
              tolerance<TypeParam>(8, 23, 2));
  }
}

TYPED_TEST(rolling_cache, keys_turned_by_position_are_those_turned_before) {
  const heed::rotary_embedding<TypeParam> rope({.width = 8});
  auto before = this->make(6, 2), after = this->make(6, 2);
  for (int token = 0; token < 30; ++token) {
    matrix<TypeParam> turned = this->k.row(before.position());
    rope(turned, before.position());
    before.append(turned, this->v.row(before.position()));
    this->append(after, 1);
  }
  matrix<TypeParam> all = after.keys();
  rope(all, after.positions());
  EXPECT_TRUE(same_bits(all, before.keys()));
}

TYPED_TEST(rolling_cache, takes_float_for_half_and_any_layout) {
  using Scalar = heed::accumulator_t<TypeParam>;
  using columns = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  const columns new_k = random<Scalar>(9, 16), new_v = random<Scalar>(9, 24);
  auto cache = this->make(3, 1);
  cache.append(new_k, new_v);
  const matrix<TypeParam> rounded_k = new_k.template cast<TypeParam>(),
                          rounded_v = new_v.template cast<TypeParam>();
  EXPECT_TRUE(are_rows_of(cache.keys(), rounded_k, {0, 6, 7, 8}));
  EXPECT_TRUE(are_rows_of(cache.values(), rounded_v, {0, 6, 7, 8}));
}

TYPED_TEST(rolling_cache, goes_back_once_a_window_and_allocates_nothing) {
  auto cache = this->make(50, 4);
  int back = 0;
  const long allocations = support::allocations_in([&] {
    for (int token = 0; token < 1000; ++token) {
      const TypeParam* const before = cache.keys().data();
      cache.append(this->k.topRows(1), this->v.topRows(1));
      back += cache.keys().data() < before;
    }
  });
  EXPECT_EQ(allocations, 0);
  EXPECT_GT(back, 0);
  EXPECT_LE(back, 1000 / 50);
}

TYPED_TEST(rolling_cache, is_copied_moved_and_cleared) {
  auto cache = this->make(5, 2);
  this->append(cache, 17);
  auto copy = cache;
  const matrix<TypeParam> keys = cache.keys(), values = cache.values();
  this->append(cache, 3);
  EXPECT_TRUE(same_bits(copy.keys(), keys)) << "a copy has rows of its own";
  this->append(copy, 3);
  EXPECT_TRUE(same_bits(copy.keys(), cache.keys())) << "and goes on alike";
  EXPECT_TRUE(same_bits(copy.values(), cache.values()));
  EXPECT_EQ(copy.positions(), cache.positions());
  EXPECT_EQ(copy.position(), 20);

  const TypeParam* const place = cache.keys().data();
  auto moved = std::move(cache);
  EXPECT_EQ(moved.keys().data(), place);
  EXPECT_EQ(cache.size(), 0);
  EXPECT_EQ(cache.window(), 0);
  EXPECT_EQ(cache.position(), 0);
  this->append(cache, 4);
  EXPECT_EQ(cache.size(), 0) << "it keeps nothing";
  cache = copy;
  EXPECT_TRUE(same_bits(cache.keys(), copy.keys()));

  moved.clear();
  EXPECT_EQ(moved.size(), 0);
  EXPECT_EQ(moved.position(), 0);
  this->append(moved, 17);
  EXPECT_TRUE(same_bits(moved.keys(), keys));
  EXPECT_TRUE(same_bits(moved.values(), values));
  EXPECT_EQ(moved.window(), 5);
  EXPECT_EQ(moved.sinks(), 2);
  EXPECT_EQ(moved.heads(), 2);
  EXPECT_EQ(moved.width(), 8);
  EXPECT_EQ(moved.value_width(), 12);
}

// Whatever was appended and taken back, the cache is as one to which the rest alone was appended.
TEST(rolling_cache_truncate, is_as_if_no_more_had_been_appended) {
  constexpr index tokens = 300;
  const matrix<float> k = random<float>(tokens, 6), v = random<float>(tokens, 10);
  for (const index sinks : {0, 1, 3, 9})
    for (const index window : {1, 4, 7})
      for (const index take_back : {index(1), window / 2 + 1, window})
        for (unsigned seed = 0; seed < 4; ++seed) {
          const auto make = [&] {
            return heed::rolling_cache<float>({.window = window,
                                               .sinks = sinks,
                                               .take_back = take_back,
                                               .heads = 2,
                                               .width = 3,
                                               .value_width = 5});
          };
          auto cache = make();
          std::minstd_rand chance(seed + 1);
          while (cache.position() < tokens - 20) {
            const index first = cache.position(), more = index(chance() % 20);
            cache.append(k.middleRows(first, more), v.middleRows(first, more));
            const index drafts = std::min(index(chance()) % (take_back + 1), cache.position());
            if (chance() % 2 == 0 || drafts > more) continue;
            cache.truncate(cache.position() - drafts);
            const std::vector<index> want = kept(cache.position(), window, sinks);
            ASSERT_TRUE(are_rows_of(cache.keys(), k, want));
            ASSERT_TRUE(are_rows_of(cache.values(), v, want));
            for (std::size_t i = 0; i < want.size(); ++i)
              ASSERT_EQ(cache.positions()[index(i)], want[i]);
            const auto copy = cache;
            cache = copy;
          }
        }
}

TEST(rolling_cache_truncate, refuses_what_is_not_kept) {
  heed::rolling_cache<float> cache({.window = 3, .sinks = 1, .take_back = 2, .width = 1});
  const matrix<float> rows = matrix<float>::Random(9, 1);
  cache.append(rows.topRows(4), rows.topRows(4));
  cache.truncate(1);  // nothing has left the window yet
  EXPECT_EQ(cache.size(), 1);
  cache.append(rows.middleRows(1, 8), rows.middleRows(1, 8));
  EXPECT_EQ(refusal([&] { cache.truncate(10); }),
            "heed::rolling_cache: cannot be cut to 10 tokens, it has 9");
  EXPECT_EQ(refusal([&] { cache.truncate(6); }),
            "heed::rolling_cache: cannot be cut by 3 tokens to 6: of the rows that have left the "
            "window 2 are kept; take_back is 2");
  cache.truncate(7);
  EXPECT_EQ(cache.positions()[1], 4);
  EXPECT_EQ(cache.keys()(1, 0), rows(4, 0));
  EXPECT_EQ(refusal([&] { cache.truncate(6); }),
            "heed::rolling_cache: cannot be cut by 1 tokens to 6: of the rows that have left the "
            "window 0 are kept; take_back is 2");
  EXPECT_EQ(refusal([] { heed::rolling_cache<float>({.window = 2, .take_back = 3, .width = 1}); }),
            "heed::rolling_cache: take_back is 3; it must be from 0 to the window of 2");
}

TEST(rolling_cache_errors, what_is_refused_leaves_it_as_it_was) {
  using Eigen::MatrixXf;
  heed::rolling_cache<float> cache(
      {.window = 3, .sinks = 1, .heads = 2, .width = 4, .value_width = 3});
  cache.append(MatrixXf::Random(9, 8).eval(), MatrixXf::Random(9, 6).eval());
  const MatrixXf k = cache.keys(), v = cache.values();
  const auto refused = [&](const auto& keys, const auto& values) {
    const auto sentence = refusal<heed::shape_error>([&] { cache.append(keys, values); });
    EXPECT_TRUE(same_bits(cache.keys(), k));
    EXPECT_TRUE(same_bits(cache.values(), v));
    EXPECT_EQ(cache.position(), 9);
    return sentence;
  };
  EXPECT_EQ(refused(MatrixXf(1, 4), MatrixXf(1, 6)),
            "heed::rolling_cache: k is 1x4, but a row has 8 columns, 2 x 4");
  EXPECT_EQ(refused(MatrixXf(1, 8), MatrixXf(1, 8)),
            "heed::rolling_cache: v is 1x8, but a row has 6 columns, 2 x 3");
  EXPECT_EQ(refused(MatrixXf(1, 8), MatrixXf(2, 6)),
            "heed::rolling_cache: k and v differ in rows: k is 1x8, v is 2x6");
  EXPECT_EQ(refused(cache.keys(), v),
            "heed::rolling_cache: k (4x8) or v (4x6) overlaps the cache's own rows in memory");
  EXPECT_EQ(refused(k.topRows(2), cache.values().bottomRows(2)),
            "heed::rolling_cache: k (2x8) or v (2x6) overlaps the cache's own rows in memory");
  EXPECT_EQ(refused(MatrixXf(0, 8), MatrixXf(0, 6)), "accepted");
}

TEST(rolling_cache_errors, sizes_that_mean_nothing_are_refused) {
  using sizes = heed::rolling_cache<float>::sizes;
  const auto sentence = [](const sizes& s) {
    return refusal<std::logic_error>([&] { (void)heed::rolling_cache<float>(s); });
  };
  EXPECT_EQ(
      sentence({.window = 0, .sinks = 4, .width = 4}),
      "heed::rolling_cache: window was not given, or is 0; it is the number of last positions "
      "that are kept");
  EXPECT_EQ(sentence({.window = 1, .sinks = -1, .width = 4}),
            "heed::rolling_cache: window is 1, sinks is -1; the first must be positive, the second "
            "not negative");
  EXPECT_EQ(
      sentence({.window = 1, .width = 0}),
      "heed::rolling_cache: width was not given, or is 0; it is the columns of one head in keys");
  EXPECT_EQ(sentence({.window = index(1) << 62, .width = 1}),
            "heed::rolling_cache: a window of 4611686018427387904 and 0 sinks are more than memory "
            "can address");
  EXPECT_EQ(sentence({.window = 1, .width = 4}), "accepted");
}

}  // namespace
