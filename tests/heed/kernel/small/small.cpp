// SPDX-License-Identifier: MIT
// Problems of one tile: the same bits as in the larger kernel, which is told apart by asking for
// probabilities, and on the stack for sizes that types know.
#include "support/allocations.hpp"
#include "support/same_bits.hpp"

#include <heed/attention.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace {

using heed::index;
using support::same_bits;

template <class Storage, class... Modifiers>
void small_and_large(index queries, index keys, const Modifiers&... modifiers) {
  using Scalar = heed::accumulator_t<Storage>;
  const heed::heads heads{4, 2};
  const heed::matrix<Storage> q = heed::matrix<float>::Random(queries, 4 * 9).cast<Storage>(),
                              k = heed::matrix<float>::Random(keys, 2 * 9).cast<Storage>(),
                              v = heed::matrix<float>::Random(keys, 2 * 5).cast<Storage>();
  heed::matrix<Storage> small(queries, 20), large(queries, 20);
  heed::matrix<Scalar> small_lse(queries, 4), large_lse(queries, 4), weights(4 * queries, keys);
  heed::attention(q, k, v, small, heads, modifiers..., heed::log_sum_exp(small_lse));
  heed::attention(q, k, v, large, heads, modifiers..., heed::log_sum_exp(large_lse),
                  heed::weights(weights));
  EXPECT_TRUE(same_bits(small, large)) << queries << " " << keys;
  EXPECT_TRUE(same_bits(small_lse, large_lse)) << queries << " " << keys;
}

template <class Storage>
void with_rules() {
  const std::vector<float> logits{1, -2, 0.5f, 3};
  for (const index queries : {1, 7, 16, 33, 64})
    for (const index keys : {0, 1, 15, 40, 64}) {
      small_and_large<Storage>(queries, keys);
      small_and_large<Storage>(queries, keys, heed::causal, heed::window{.left = 9});
      small_and_large<Storage>(queries, keys, heed::causal, heed::soft_cap(2), heed::alibi());
      small_and_large<Storage>(queries, keys, heed::sink(logits),
                               heed::dropout{.probability = 0.3, .seed = 1});
    }
}
TEST(forward_small, has_the_bits_of_the_larger_kernel) {
  with_rules<float>();
  with_rules<double>();
  with_rules<Eigen::half>();
  with_rules<Eigen::bfloat16>();
}

// Waking other threads takes longer than the work, for one query as for many.
TEST(forward_small, stays_on_its_thread) {
  heed::index most = 0;
  const auto team = [&](heed::index n, auto&& work) {
    most = std::max(most, n);
    for (heed::index i = 0; i < n; ++i) work(i);
  };
  const heed::matrix<float> k = heed::matrix<float>::Random(64, 64 * 8);
  heed::matrix<float> received(64, 8);
  for (const heed::index queries : {1, 4, 15}) {
    const heed::matrix<float> q = heed::matrix<float>::Random(queries, 64 * 8);
    (void)heed::attention(q, k, k, heed::heads{8, 8}, heed::on(team, 4));
    (void)heed::attention(q, k, k, heed::heads{8, 8}, heed::on(team, 4),
                          heed::key_weights(received));
  }
  EXPECT_LE(most, 1);
}

// In the type of the numbers, or as the largest that they may be.
template <class Matrix>
void on_the_stack(index rows) {
  using Scalar = typename Matrix::Scalar;
  const heed::matrix<Scalar> q = heed::matrix<Scalar>::Random(rows, 64),
                             k = heed::matrix<Scalar>::Random(rows, 64),
                             v = heed::matrix<Scalar>::Random(rows, 64);
  const Matrix fixed_q = q, fixed_k = k, fixed_v = v;
  Matrix out = Matrix::Zero(rows, 64);
  const auto attend = [&] {
    heed::attention(fixed_q, fixed_k, fixed_v, out, heed::heads{4}, heed::causal);
  };
  EXPECT_EQ(support::allocations_in(attend), 0) << "in the very first call";
  heed::matrix<Scalar> want(rows, 64);
  heed::attention(q, k, v, want, heed::heads{4}, heed::causal);
  EXPECT_TRUE(same_bits(out, want));
}
TEST(forward_small, of_fixed_sizes_allocates_nothing) {
  on_the_stack<Eigen::Matrix<float, 16, 64, Eigen::RowMajor>>(16);
  on_the_stack<Eigen::Matrix<float, 16, 64, Eigen::ColMajor>>(16);
  on_the_stack<Eigen::Matrix<double, 16, 64, Eigen::RowMajor>>(16);
  on_the_stack<Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor, 40, 64>>(33);
}

}  // namespace
