// SPDX-License-Identifier: MIT
// Few queries over many keys: the bits of the kernel for many queries, which is told apart by asking
// for probabilities, for every kind of rule, number and count of threads.
#include "support/guarded.hpp"
#include "support/on_threads.hpp"
#include "support/same_bits.hpp"

#include <heed/attention.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <vector>

namespace {

using heed::index;
using support::on_threads;
using support::same_bits;

template <class Storage>
struct decode : ::testing::Test {
  using Scalar = heed::accumulator_t<Storage>;
  using rows = heed::matrix<Storage>;

  static rows random(index count, index width) {
    return heed::matrix<float>::Random(count, width).template cast<Storage>();
  }

  template <class K, class V, class... Modifiers>
  static void compare(const heed::heads& heads, const rows& q, const K& k, const V& v,
                      const Modifiers&... modifiers) {
    compare_packed(k.rows(), heads, q, k, v, modifiers...);
  }
  template <class K, class V, class... Modifiers>
  static void compare_packed(index longest, const heed::heads& heads, const rows& q, const K& k,
                             const V& v, const Modifiers&... modifiers) {
    const index value_width = v.cols() / heads.kv;
    rows few(q.rows(), heads.query * value_width), many(few);
    heed::matrix<Scalar> few_lse(q.rows(), heads.query), many_lse(few_lse),
        weights(heads.query * q.rows(), longest);
    heed::attention(q, k, v, many, heads, modifiers..., heed::log_sum_exp(many_lse),
                    heed::weights(weights));
    for (const index workers : {1, 2, 3, 8}) {
      few.setConstant(Storage(7));
      heed::attention(q, k, v, few, heads, modifiers..., heed::log_sum_exp(few_lse),
                      heed::on(on_threads, workers));
      EXPECT_TRUE(same_bits(few, many)) << workers;
      EXPECT_TRUE(same_bits(few_lse, many_lse)) << workers;
    }
  }

  template <class... Modifiers>
  static void for_each_size(const Modifiers&... modifiers) {
    for (const index queries : {1, 2, 3, 8})
      for (const index keys : {5, 65, 512, 1111})
        for (const auto& heads :
             {heed::heads{1, 1}, heed::heads{6, 2}, heed::heads{3, 3}, heed::heads{8, 1}}) {
          SCOPED_TRACE(::testing::Message() << queries << " queries, " << keys << " keys, "
                                            << heads.query << " over " << heads.kv);
          const rows q = random(queries, heads.query * 9), k = random(keys, heads.kv * 9),
                     v = random(keys, heads.kv * 21);
          compare(heads, q, k, v, modifiers...);
        }
  }
};
using storages = ::testing::Types<float, double, Eigen::half, Eigen::bfloat16>;
TYPED_TEST_SUITE(decode, storages);

TYPED_TEST(decode, has_the_bits_of_the_kernel_for_many_queries) {
  this->for_each_size();
  this->for_each_size(heed::causal);
  this->for_each_size(heed::causal, heed::window{.left = 100});
  this->for_each_size(heed::causal_from(40));  // the last keys are seen by none
  this->for_each_size(heed::causal_from(-2), heed::window{.right = 0});  // some rows see nothing
  this->for_each_size(heed::where([](heed::at i) { return (i.key * 7 + i.head) % 5 != 0; }));
  this->for_each_size(heed::causal, heed::alibi(), heed::soft_cap(2));
  this->for_each_size(heed::score([](auto s, heed::at i) {
    return s * decltype(s)(1.1) - decltype(s)(0.01) * decltype(s)(i.query - i.key + i.head);
  }));
  this->for_each_size(heed::causal, heed::dropout{.probability = 0.3, .seed = 9});
}

// A mask that knows for each head what its queries see: the keys of an interval.
struct interval_of_head {
  using heed_kind = heed::mask_kind;
  heed::interval seen;

  bool operator()(heed::at i) const { return i.key >= seen.first && i.key < seen.last; }
  heed::interval keys(heed::interval) const { return seen; }
  heed::coverage cover(heed::interval, heed::interval keys) const {
    const heed::interval common = intersect(seen, keys);
    return common.empty()                 ? heed::coverage::none
           : common.size() == keys.size() ? heed::coverage::all
                                          : heed::coverage::some;
  }
};
struct intervals_of_heads {
  using heed_kind = heed::mask_kind;
  std::vector<heed::interval> seen;

  interval_of_head bind(const heed::scope& s) const { return {seen[std::size_t(s.head)]}; }
  bool operator()(heed::at i) const { return interval_of_head{seen[std::size_t(i.head)]}(i); }
};

// Tiles and chunks that some heads see and others do not; values that only others see are not finite.
TYPED_TEST(decode, with_heads_that_see_keys_of_their_own) {
  using matrix = typename TestFixture::rows;
  const intervals_of_heads mask{
      {{0, 100}, {70, 300}, {650, 1300}, {1000, 1001}, {5, 5}, {0, 1300}, {600, 610}, {0, 0}}};
  const std::vector<float> logits{1, -200, 0.5f, 30, 2, 2, -1, 3};
  for (const auto& heads : {heed::heads{8, 1}, heed::heads{8, 2}, heed::heads{8, 8}})
    for (const index queries : {1, 3}) {
      SCOPED_TRACE(::testing::Message() << queries << " queries, 8 over " << heads.kv);
      const matrix q = this->random(queries, 8 * 9), k = this->random(1300, heads.kv * 9);
      matrix v = this->random(1300, heads.kv * 21);
      this->compare(heads, q, k, v, mask);
      this->compare(heads, q, k, v, mask, heed::sink(logits));
      v.row(90).setConstant(std::numeric_limits<TypeParam>::infinity());
      v.row(1100).setConstant(std::numeric_limits<TypeParam>::quiet_NaN());
      this->compare(heads, q, k, v, mask);
    }
}

TYPED_TEST(decode, with_sinks) {
  using matrix = typename TestFixture::rows;
  const std::vector<float> logits{1, -200, 0.5f, 30};
  const matrix q = this->random(2, 36), k = this->random(700, 18), v = this->random(700, 10);
  this->compare({4, 2}, q, k, v, heed::sink(logits));
  this->compare({4, 2}, q, k, v, heed::sink(logits), heed::where([](heed::at) { return false; }));
}

// Of any storage order and stride, keys and values each, with what is not finite beside them.
TYPED_TEST(decode, has_the_same_bits_in_any_layout) {
  using matrix = typename TestFixture::rows;
  using support::layout;
  const TypeParam bad = std::numeric_limits<TypeParam>::quiet_NaN();
  for (const auto& heads : {heed::heads{1, 1}, heed::heads{6, 2}, heed::heads{8, 1}})
    for (const index queries : {1, 2, 6})
      for (const index width : {9, 34}) {
        const matrix q = this->random(queries, heads.query * width);
        const matrix k = this->random(700, heads.kv * width),
                     v = this->random(700, heads.kv * (width + 5));
        for (const layout keys : {layout::row_major, layout::column_major, layout::strided})
          for (const layout values : {layout::row_major, layout::column_major, layout::strided}) {
            SCOPED_TRACE(::testing::Message()
                         << queries << " queries, " << heads.query << " over " << heads.kv
                         << ", width " << width << ", layouts " << int(keys) << int(values));
            support::guarded<TypeParam> k_memory(k.rows(), k.cols(), keys, bad),
                v_memory(v.rows(), v.cols(), values, bad);
            k_memory.matrix() = k;
            v_memory.matrix() = v;
            matrix want(queries, v.cols() / heads.kv * heads.query), out(want);
            heed::attention(q, k, v, want, heads, heed::causal);
            heed::attention(q, k_memory.matrix(), v_memory.matrix(), out, heads, heed::causal);
            EXPECT_TRUE(same_bits(out, want));
          }
      }
}

TYPED_TEST(decode, by_columns_has_the_bits_of_the_kernel_for_many_queries) {
  using matrix = typename TestFixture::rows;
  const matrix q = this->random(3, 8 * 9), k = this->random(1111, 2 * 9),
               v = this->random(1111, 2 * 21);
  Eigen::Matrix<TypeParam, Eigen::Dynamic, Eigen::Dynamic> by_columns = v;
  this->compare({8, 2}, q, k, by_columns, heed::causal, heed::window{.left = 700});
  by_columns(3, 0) = std::numeric_limits<TypeParam>::quiet_NaN();    // no query sees it
  by_columns(1110, 7) = std::numeric_limits<TypeParam>::infinity();  // the last one does
  this->compare({8, 2}, q, k, by_columns, heed::causal, heed::window{.left = 700});
  this->compare({8, 2}, q, k, by_columns, heed::alibi(), heed::causal);
}

TYPED_TEST(decode, values_without_columns) {
  using matrix = typename TestFixture::rows;
  this->compare({4, 2}, this->random(2, 36), this->random(700, 18), matrix(700, 0), heed::causal);
}

// No rule is asked about a score that no pair has.
TYPED_TEST(decode, score_rules_meet_scores) {
  std::atomic<bool> strange{false};
  const auto rule = heed::score([&](auto s, heed::at) {
    if (!(std::abs(s) < 100)) strange = true;
    return s * 2 + 1;
  });
  const auto q = this->random(1, 36), k = this->random(700, 18), v = this->random(700, 10);
  typename TestFixture::rows out(1, 20);
  heed::attention(q, k, v, out, heed::heads{4, 2}, rule);
  EXPECT_FALSE(strange);
}

TYPED_TEST(decode, of_sequences_of_different_lengths) {
  using matrix = typename TestFixture::rows;
  const std::vector<index> queries{0, 1, 1, 3, 5}, keys{0, 600, 610, 610, 1900};
  const matrix q = this->random(5, 36), k = this->random(1900, 18), v = this->random(1900, 10);
  this->compare_packed(1290, {4, 2}, q, k, v, heed::packed{queries, keys}, heed::causal);
}

TYPED_TEST(decode, beside_values_that_are_not_finite) {
  using matrix = typename TestFixture::rows;
  using limits = std::numeric_limits<TypeParam>;
  const matrix q = this->random(2, 36), k = this->random(700, 18);
  matrix v = this->random(700, 42);
  v(3, 0) = v(3, 41) = limits::quiet_NaN();  // no query sees it
  v(600, 20) = limits::infinity();           // both do
  v(699, 5) = limits::quiet_NaN();           // the second does
  this->compare({4, 2}, q, k, v, heed::causal, heed::window{.left = 650});
  matrix out(2, 84);
  heed::attention(q, k, v, out, heed::heads{4, 2}, heed::causal, heed::window{.left = 650});
  EXPECT_FALSE(std::isnan(static_cast<float>(out(0, 0))));
  EXPECT_FALSE(std::isfinite(static_cast<float>(out(0, 20))));
  EXPECT_FALSE(std::isnan(static_cast<float>(out(0, 5))));
  EXPECT_TRUE(std::isnan(static_cast<float>(out(1, 5))));
}

}  // namespace
