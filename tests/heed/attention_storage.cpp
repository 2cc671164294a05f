// SPDX-License-Identifier: MIT
// Queries of float over keys and values of half, bfloat16 or 8-bit integers: the bits of attention
// over the numbers that these hold, converted to float, whichever way the call goes.
#include "support/caches.hpp"
#include "support/guarded.hpp"
#include "support/on_threads.hpp"

#include <heed/heed.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace {

using heed::index;
using heed::matrix;
using support::guarded;
using support::layout;
using support::refusal;
using support::same_bits;

// Keys or values in memory of their own, in any layout.
template <class Storage>
class stored {
 public:
  stored(const matrix<float>& from, index, layout order)
      : rows_(from.rows(), from.cols(), order, Storage(3)) {
    rows_.matrix() = from.cast<Storage>();
  }
  auto rows() { return rows_.matrix(); }
  matrix<float> widened() { return rows_.matrix().template cast<float>(); }

 private:
  guarded<Storage> rows_;
};
template <>
class stored<std::int8_t> {
 public:
  stored(const matrix<float>& from, index heads, layout order)
      : numbers_(from.rows(), from.cols(), order, 3), scales_(from.rows(), heads, order, 2) {
    auto numbers = numbers_.matrix();
    auto scales = scales_.matrix();
    heed::quantise(from, numbers, scales);
  }
  heed::quantised rows() { return {numbers_.matrix(), scales_.matrix()}; }
  matrix<float> widened() {
    const heed::quantised from = rows();
    matrix<float> to(from.rows(), from.cols());
    for (index i = 0; i < to.rows(); ++i)
      for (index j = 0; j < to.cols(); ++j) to(i, j) = from(i, j);
    return to;
  }

 private:
  guarded<std::int8_t> numbers_;
  guarded<float> scales_;
};

template <class Storage>
struct attention_storage : ::testing::Test {
  static constexpr index width = 12, value_width = 20;
  const heed::heads heads{4, 2};

  // Expects the same bits in all that a call writes, for stored and for widened keys.
  template <class... Modifiers>
  void is_the_same(index queries, index keys, layout order, const Modifiers&... m) const {
    const matrix<float> q = matrix<float>::Random(queries, 4 * width);
    stored<Storage> k(matrix<float>::Random(keys, 2 * width), 2, order),
        v(matrix<float>::Random(keys, 2 * value_width), 2, order);
    const auto attend = [&](const auto& some_k, const auto& some_v) {
      guarded<float> out(queries, 4 * value_width, layout::row_major, 5),
          lse(queries, 4, layout::column_major, 6), sums(keys, 4, layout::row_major, 7);
      heed::attention(q, some_k, some_v, out.matrix(), heads, heed::log_sum_exp(lse.matrix()),
                      heed::key_weights(sums.matrix()), m...);
      EXPECT_TRUE(out.intact() && lse.intact() && sums.intact());
      matrix<float> all(queries, 4 * value_width + 4);
      all << out.matrix(), lse.matrix();
      return std::pair<matrix<float>, matrix<float>>(all, sums.matrix());
    };
    const auto got = attend(k.rows(), v.rows()), want = attend(k.widened(), v.widened());
    EXPECT_TRUE(same_bits(got.first, want.first)) << queries << " over " << keys;
    EXPECT_TRUE(same_bits(got.second, want.second)) << queries << " over " << keys;
  }
};
using storages = ::testing::Types<Eigen::half, Eigen::bfloat16, std::int8_t>;
TYPED_TEST_SUITE(attention_storage, storages);

TYPED_TEST(attention_storage, has_the_bits_of_float_at_every_size) {
  for (const layout order : {layout::row_major, layout::column_major, layout::strided})
    for (const index queries : {0, 1, 2, 5, 16, 17, 70})
      for (const index keys : {0, 1, 8, 63, 64, 65, 129, 530}) {
        this->is_the_same(queries, keys, order);
        this->is_the_same(queries, keys, order, heed::causal);
      }
}

TYPED_TEST(attention_storage, has_the_bits_of_float_with_every_kind_of_modifier) {
  const std::vector<double> sinks{0.5, -1, 0, 2};
  const matrix<float> bias = matrix<float>::Random(70, 530);
  for (const index queries : {1, 3, 16, 70}) {
    const auto check = [&](const auto&... m) {
      this->is_the_same(queries, 530, layout::row_major, m...);
    };
    check(heed::causal && heed::window{.left = 400}, heed::alibi(), heed::soft_cap(5),
          heed::sink(sinks), heed::dropout{.probability = 0.2, .seed = 3});
    check(heed::bias(bias.topRows(queries)), heed::scale(3),
          heed::where([](heed::at i) { return i.key % 3 != i.query % 3; }),
          heed::on(support::on_threads, 3));
  }
}

TYPED_TEST(attention_storage, agrees_with_the_reference) {
  stored<TypeParam> k(matrix<float>::Random(200, 2 * 12), 2, layout::row_major),
      v(matrix<float>::Random(200, 2 * 20), 2, layout::row_major);
  const matrix<float> q = matrix<float>::Random(30, 4 * 12);
  const Eigen::MatrixXd want =
      heed::reference::attention(q, k.rows(), v.rows(), this->heads, heed::causal);
  const matrix<float> got = heed::attention(q, k.rows(), v.rows(), this->heads, heed::causal);
  // Scores are below 12 in size, so rounding them and their exponentials costs some tens of the
  // spacing of float at most; an index that is wrong costs a tenth or more.
  EXPECT_LT((got.cast<double>() - want).cwiseAbs().maxCoeff(), 1e-5);
}

TYPED_TEST(attention_storage, gives_the_probabilities_of_float) {
  stored<TypeParam> k(matrix<float>::Random(130, 24), 2, layout::row_major),
      v(matrix<float>::Random(130, 24), 2, layout::row_major);
  const matrix<float> q = matrix<float>::Random(3, 48);
  matrix<float> got(12, 130), want(12, 130);
  (void)heed::attention(q, k.rows(), v.rows(), this->heads, heed::weights(got));
  (void)heed::attention(q, k.widened(), v.widened(), this->heads, heed::weights(want));
  EXPECT_TRUE(same_bits(got, want));
}

// What is not attended to does not matter, be it infinite.
TYPED_TEST(attention_storage, excluded_values_that_are_not_finite_do_not_spoil_a_row) {
  for (const index queries : {1, 2, 16, 70}) {
    matrix<float> rows = matrix<float>::Random(200, 24);
    stored<TypeParam> k(rows, 2, layout::row_major);
    rows.row(100).setConstant(std::numeric_limits<float>::infinity());
    stored<TypeParam> v(rows, 2, layout::row_major);
    const matrix<float> q = matrix<float>::Random(queries, 48);
    const auto but_100 = heed::where([](heed::at i) { return i.key != 100; });
    const matrix<float> got = heed::attention(q, k.rows(), v.rows(), this->heads, but_100),
                        want = heed::attention(q, k.widened(), v.widened(), this->heads, but_100),
                        all = heed::attention(q, k.rows(), v.rows(), this->heads);
    EXPECT_TRUE(got.allFinite());
    EXPECT_TRUE(same_bits(got, want));
    EXPECT_FALSE(all.array().isFinite().any());
  }
}

// A scale may be finite and what it makes of a number not.
TEST(attention_over_huge_scales, excluded_products_that_overflow_do_not_spoil_a_row) {
  for (const index queries : {1, 4, 16, 70}) {
    const matrix<float> rows = matrix<float>::Random(200, 24),
                        q = matrix<float>::Random(queries, 48);
    matrix<std::int8_t> numbers(200, 24);
    matrix<float> scales(200, 2), widened(200, 24);
    heed::quantise(rows, numbers, scales);
    scales.row(100).setConstant(3e37f);
    const heed::quantised v(numbers, scales);
    for (index i = 0; i < widened.rows(); ++i)
      for (index j = 0; j < widened.cols(); ++j) widened(i, j) = v(i, j);
    const auto but_100 = heed::where([](heed::at i) { return i.key != 100; });
    const heed::heads heads{4, 2};
    stored<std::int8_t> k(rows, 2, layout::row_major);
    const matrix<float> got = heed::attention(q, k.rows(), v, heads, but_100),
                        want = heed::attention(q, k.widened(), widened, heads, but_100);
    EXPECT_TRUE(got.allFinite());
    EXPECT_TRUE(same_bits(got, want));
  }
}

// A prompt at once or a token at a time, from the same cache.
TYPED_TEST(attention_storage, prefill_and_decoding_from_a_cache_have_the_same_bits) {
  constexpr index tokens = 150;
  const matrix<float> q = matrix<float>::Random(tokens, 4 * 12),
                      k = matrix<float>::Random(tokens, 2 * 12),
                      v = matrix<float>::Random(tokens, 2 * 20);
  heed::kv_cache<TypeParam> cache({.capacity = tokens, .heads = 2, .width = 12, .value_width = 20});
  cache.append(k, v);
  const matrix<float> whole =
      heed::attention(q, cache.keys(), cache.values(), this->heads, heed::causal);
  heed::kv_cache<TypeParam> grown = cache.branch(0);
  for (index i = 0; i < tokens; ++i) {
    grown.append(k.middleRows(i, 1), v.middleRows(i, 1));
    const matrix<float> row = heed::attention(q.middleRows(i, 1), grown.keys(), grown.values(),
                                              this->heads, heed::causal);
    ASSERT_TRUE(same_bits(row, whole.middleRows(i, 1))) << i;
  }
}

template <class Scalar>
struct attention_over_integers : ::testing::Test {};
using scalars = ::testing::Types<Eigen::half, Eigen::bfloat16>;
TYPED_TEST_SUITE(attention_over_integers, scalars);

// Queries and results of half or bfloat16: the float result, rounded.
TYPED_TEST(attention_over_integers, takes_queries_of_the_smaller_types) {
  const matrix<TypeParam> q = matrix<float>::Random(20, 48).template cast<TypeParam>();
  stored<std::int8_t> k(matrix<float>::Random(90, 24), 2, layout::row_major),
      v(matrix<float>::Random(90, 24), 2, layout::row_major);
  const heed::heads heads{4, 2};
  const matrix<float> wide =
      heed::attention(matrix<float>(q.template cast<float>()), k.rows(), v.rows(), heads);
  const matrix<TypeParam> got = heed::attention(q, k.rows(), v.rows(), heads),
                          want = wide.template cast<TypeParam>();
  EXPECT_TRUE(same_bits(got, want));
}

TEST(attention_over_integers_refuses, scales_of_other_heads_and_results_that_overlap) {
  const matrix<float> q = matrix<float>::Random(3, 16);
  matrix<std::int8_t> numbers = matrix<std::int8_t>::Constant(5, 16, 1);
  matrix<float> two = matrix<float>::Ones(5, 2), four = matrix<float>::Ones(5, 4);
  const heed::quantised rows(numbers, two), others(numbers, four);
  EXPECT_EQ(refusal([&] {
              (void)heed::attention(q, rows, others, heed::heads{2, 2});
            }),
            "heed::attention: v (5x16) has scales for 4 heads, but there are 2 key/value heads");
  EXPECT_EQ(refusal([&] {
              (void)heed::attention(q, others, rows, heed::heads{2, 2});
            }),
            "heed::attention: k (5x16) has scales for 4 heads, but there are 2 key/value heads");
  matrix<float> memory(5, 32);
  const auto inner = memory.leftCols(2);
  const heed::quantised inside(numbers, inner);
  EXPECT_EQ(refusal([&] {
              heed::attention(q, rows, inside, memory.topLeftCorner(3, 16), heed::heads{2, 2});
            }),
            "heed::attention: out (3x16) overlaps v (5x16) in memory");
}

}  // namespace
