// SPDX-License-Identifier: MIT
// Modifiers that are kept: a temporary that they were made of lives as long as they do, and what has a
// name is neither copied nor does it cost memory. For the address sanitizer.
#include "support/allocations.hpp"

#include <heed/heed.hpp>

#include <gtest/gtest.h>

#include <array>
#include <span>
#include <utility>
#include <vector>

namespace {

using Eigen::MatrixXf;
using heed::index;
using support::second_call;
using mask_matrix = Eigen::Matrix<bool, Eigen::Dynamic, Eigen::Dynamic>;

struct attention_kept : ::testing::Test {
  const MatrixXf q = MatrixXf::Random(6, 8), k = MatrixXf::Random(6, 8), v = MatrixXf::Random(6, 8);
  const MatrixXf bias = MatrixXf::Random(6, 6);
  const mask_matrix seen = bias.array() > -0.5f;
  const std::vector<double> slopes{0.5, 0.25};
  const std::vector<int> ids{0, 0, 0, 1, 1, 1}, starts{0, 2, 6}, lengths{2, 3};

  template <class... Modifiers>
  MatrixXf attend(const Modifiers&... modifiers) const {
    return heed::attention(q, k, v, heed::heads{2}, modifiers...);
  }

  // Uses memory that has been given back, so that what is read there is not by chance what was there.
  static void stir() { const std::vector<MatrixXf> other(20, MatrixXf::Constant(6, 6, 99)); }

  template <class Kept, class Named>
  void same(const Kept& kept, const Named& named) const {
    stir();
    EXPECT_EQ(attend(kept), attend(named));
  }
};

TEST_F(attention_kept, of_temporary_matrices) {
  const auto by_matrix = heed::bias(MatrixXf(bias));
  const auto by_head = heed::bias(std::vector<MatrixXf>{bias, bias});
  const auto by_array = heed::bias(std::array<MatrixXf, 2>{bias, bias});
  const auto mask = heed::keep(mask_matrix(seen));
  const auto masks = heed::causal && heed::keep(std::vector<mask_matrix>{seen, seen});
  same(by_matrix, heed::bias(bias));
  same(by_head, heed::bias(bias));
  same(by_array, heed::bias(bias));
  same(mask, heed::keep(seen));
  same(masks, heed::causal && heed::keep(seen));
}

TEST_F(attention_kept, of_temporary_views) {
  MatrixXf padded = MatrixXf::Constant(8, 8, 5);
  padded.topLeftCorner(6, 6) = bias;
  const Eigen::Ref<const MatrixXf> part = padded.topLeftCorner(6, 6);
  same(heed::bias(padded.topLeftCorner(6, 6)), heed::bias(bias));
  same(heed::bias(Eigen::Map<const MatrixXf>(bias.data(), 6, 6)), heed::bias(bias));
  same(heed::bias(part), heed::bias(bias));
  same(heed::keep(Eigen::Map<const mask_matrix>(seen.data(), 6, 6)), heed::keep(seen));
  same(heed::alibi(std::span(slopes)), heed::alibi(slopes));
  same(heed::documents(std::span(ids)), heed::documents(ids));
  same(heed::packed{std::span(starts)}, heed::packed{starts});
}

TEST_F(attention_kept, of_temporary_vectors) {
  const auto slope = heed::alibi(std::vector<double>(slopes));
  const auto slope_array = heed::alibi(std::array{0.5f, 0.25f});
  const auto logits = heed::sink(std::vector<double>(slopes));
  const auto eigen_logits = heed::sink(Eigen::Vector2f(0.5f, 0.25f));
  const auto documents = heed::causal && heed::documents(std::vector<int>(ids));
  const auto eigen_documents = heed::documents(Eigen::VectorXi(Eigen::VectorXi::Ones(6)));
  const auto batch = heed::packed{std::vector<int>(starts)};
  const auto batches = heed::packed(std::vector<int>(starts), starts, std::vector<int>(lengths));
  same(slope, heed::alibi(slopes));
  same(slope_array, heed::alibi(slopes));
  same(logits, heed::sink(slopes));
  same(eigen_logits, heed::sink(slopes));
  same(documents, heed::causal && heed::documents(ids));
  same(eigen_documents, heed::key_length(6));
  same(batch, heed::packed{starts});
  same(batches, heed::packed(starts, starts, lengths));
}

TEST_F(attention_kept, copied_and_assigned) {
  auto rule = heed::bias(MatrixXf(MatrixXf::Zero(6, 6)));
  auto slope = heed::alibi();
  heed::packed batch{std::vector<int>{0, 6}};
  {
    const auto other = heed::bias(MatrixXf(bias));
    rule = other;
    slope = heed::alibi(std::vector<double>(slopes));
    batch = heed::packed{std::vector<int>(starts)};
  }
  same(rule, heed::bias(bias));
  same(slope, heed::alibi(slopes));
  same(batch, heed::packed{starts});
}

TEST_F(attention_kept, of_a_batch_of_caches) {
  heed::kv_caches<float> caches({.sequences = 2, .capacity = 4, .heads = 2, .width = 4});
  caches.append(std::vector<int>{0, 2, 6}, k, v);
  const auto batch = caches.batch(std::vector<int>(starts));
  stir();
  EXPECT_EQ(
      heed::attention(q, caches.keys(), caches.values(), heed::heads{2}, batch),
      heed::attention(q, caches.keys(), caches.values(), heed::heads{2}, caches.batch(starts)));
}

TEST_F(attention_kept, follows_what_has_a_name) {
  MatrixXf named = MatrixXf::Zero(6, 6);
  const auto rule = heed::bias(named);
  named.resize(3, 3);
  named = bias;
  same(rule, heed::bias(bias));
}

TEST_F(attention_kept, costs_no_memory_where_it_has_a_name) {
  const std::vector<MatrixXf> heads{bias, bias};
  EXPECT_EQ(second_call([&] {
              (void)heed::bias(bias);
              (void)heed::bias(heads);
              (void)heed::bias(bias.leftCols(3));
              (void)heed::keep(seen);
              (void)heed::alibi(slopes);
              (void)heed::sink(std::span(slopes));
              (void)heed::documents(ids);
              (void)heed::packed{starts};
            }),
            0);
}

TEST_F(attention_kept, moves_a_temporary_without_a_copy) {
  MatrixXf own = bias;
  const float* data = own.data();
  const auto rule = heed::bias(std::move(own));
  EXPECT_EQ(heed::detail::bind(rule, heed::scope{0, 0, 1, 0, 0, 6, 6, 0, 6}).added.data, data);
}

}  // namespace
