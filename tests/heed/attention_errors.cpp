// SPDX-License-Identifier: MIT
// A wrong call is refused in a sentence with numbers, and its output is left as it was.
#include "support/refusal.hpp"

#include <heed/heed.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace {

using Eigen::MatrixXf;
using heed::index;

struct call {
  MatrixXf q = MatrixXf::Random(5, 8), k = MatrixXf::Random(6, 8), v = MatrixXf::Random(6, 4);
  MatrixXf out = MatrixXf::Constant(5, 4, 7);

  template <class... Modifiers>
  std::string refusal(const Modifiers&... modifiers) {
    const MatrixXf before = out;
    try {
      heed::attention(q, k, v, out, modifiers...);
    } catch (const heed::shape_error& error) {
      EXPECT_EQ(out, before) << "the output was touched";
      return error.what();
    }
    return "accepted";
  }
};

TEST(attention_errors, sizes) {
  call c;
  EXPECT_EQ(c.refusal(), "accepted");
  c.k.resize(6, 4);
  EXPECT_EQ(
      c.refusal(),
      "heed::attention: head width differs: q is 5x8, k is 6x4; where q has more heads than k, "
      "say how many, for example heed::heads{.query = 2, .kv = 1}");
  c.k.resize(6, 3);
  EXPECT_EQ(c.refusal(), "heed::attention: head width differs: q is 5x8, k is 6x3");
  c.k.resize(6, 16);
  EXPECT_EQ(c.refusal(), "heed::attention: head width differs: q is 5x8, k is 6x16");
  c = {};
  c.v.resize(7, 4);
  EXPECT_EQ(c.refusal(), "heed::attention: k and v differ in rows: k is 6x8, v is 7x4");
  c.v.resize(8, 6);
  EXPECT_EQ(c.refusal(),
            "heed::attention: k and v differ in rows: k is 6x8, v is 8x6; v looks transposed");
  c = {};
  c.out.resize(5, 3);
  c.out.setZero();
  EXPECT_EQ(c.refusal(), "heed::attention: out is 5x3, but it must be 5x4");
  c.out = MatrixXf::Zero(4, 4);
  EXPECT_EQ(c.refusal(), "heed::attention: out is 4x4, but it must be 5x4");
  c.out = MatrixXf::Zero(4, 5);
  EXPECT_EQ(c.refusal(), "heed::attention: out is 4x5, but it must be 5x4; out looks transposed");
  c = {};
  c.q.resize(5, 0);
  EXPECT_EQ(c.refusal(),
            "heed::attention: q is 5x0, whose columns do not divide into 1 query heads");
  EXPECT_THROW((void)heed::attention(MatrixXf(), MatrixXf(), MatrixXf()), heed::shape_error);
}

TEST(attention_errors, heads) {
  call c;
  EXPECT_EQ(c.refusal(heed::heads{.query = 4, .kv = 3}),
            "heed::attention: 4 query heads cannot share 3 key/value heads; the second must divide "
            "the first");
  EXPECT_EQ(c.refusal(heed::heads{.query = 0}),
            "heed::attention: 0 query heads cannot share 0 key/value heads; the second must divide "
            "the first");
  EXPECT_EQ(c.refusal(heed::heads{.query = 3}),
            "heed::attention: q is 5x8, whose columns do not divide into 3 query heads");
  EXPECT_EQ(c.refusal(heed::heads{.query = 4, .kv = 2}),
            "heed::attention: head width differs: q is 5x8, k is 6x8, heads: 4 over 2");
  c.v.resize(6, 3);
  EXPECT_EQ(c.refusal(heed::heads{.query = 2}),
            "heed::attention: v is 6x3, whose columns do not divide into 2 key/value heads");
}

TEST(attention_errors, packed_offsets) {
  call c;
  c.q = MatrixXf::Random(6, 8);
  c.out = MatrixXf::Zero(6, 4);
  using starts = std::vector<index>;
  EXPECT_EQ(c.refusal(heed::packed{starts{0, 2, 6}}), "accepted");
  EXPECT_EQ(c.refusal(heed::packed{starts{}}),
            "heed::attention: packed offsets of q are empty; they begin with 0");
  EXPECT_EQ(c.refusal(heed::packed{starts{1, 6}}),
            "heed::attention: packed offsets of q begin at 1, not at 0");
  EXPECT_EQ(c.refusal(heed::packed{starts{0, 4, 3, 6}}),
            "heed::attention: packed offsets of q fall from 4 to 3 at place 2");
  EXPECT_EQ(c.refusal(heed::packed{starts{0, 2, 5}}),
            "heed::attention: packed offsets of q end at 5, but q has 6 rows");
  EXPECT_EQ(c.refusal(heed::packed{starts{0, 6}, starts{0, 7}}),
            "heed::attention: packed offsets of k end at 7, but k has 6 rows");
  EXPECT_EQ(c.refusal(heed::packed{starts{0, 6}, starts{0, 3, 6}}),
            "heed::attention: packed offsets name 1 sequences in q and 2 in k");
}

TEST(attention_errors, rules) {
  call c;
  const std::vector<float> two(2, 0.5f);
  const std::vector<int> five(5, 1);
  EXPECT_EQ(c.refusal(heed::alibi(two)),
            "heed::attention: alibi has 2 slopes, but there are 1 query heads");
  EXPECT_EQ(c.refusal(heed::sink(two)),
            "heed::attention: sink has 2 logits, but there are 1 query heads");
  EXPECT_EQ(c.refusal(heed::documents(five)),
            "heed::attention: documents has 5 ids, but there are 6 keys");
  EXPECT_EQ(c.refusal(heed::key_length(7)),
            "heed::attention: key_length is 7, but there are 6 keys");
  EXPECT_EQ(c.refusal(heed::key_length(-1)),
            "heed::attention: key_length is -1, but there are 6 keys");
  EXPECT_EQ(c.refusal(heed::causal && heed::prefix(-2)),
            "heed::attention: prefix is -2, which is negative");
  EXPECT_EQ(c.refusal(!heed::window{.left = -3, .right = 1}),
            "heed::attention: a window has no negative side: left is -3, right is 1");
  EXPECT_EQ(c.refusal(heed::window{.left = -1}),
            "heed::attention: a window has no negative side: left is -1, right is unbounded");
  EXPECT_EQ(c.refusal(heed::soft_cap(0)),
            "heed::attention: soft_cap is 0, but it must be positive and finite");
  EXPECT_EQ(c.refusal(heed::dropout{.probability = 1}),
            "heed::attention: dropout probability is 1, but it must be at least 0 and less than 1");
  const MatrixXf wrong = MatrixXf::Zero(5, 5);
  EXPECT_EQ(c.refusal(heed::bias(wrong)),
            "heed::attention: bias is 5x5, but it must be 5x6 (queries x keys)");
  const std::vector<MatrixXf> many(3, MatrixXf::Zero(5, 6));
  EXPECT_EQ(c.refusal(heed::bias(many)),
            "heed::attention: bias has 3 matrices, but there are 1 query heads");
  const std::vector<MatrixXf> one(1, wrong);
  EXPECT_EQ(c.refusal(heed::bias(one)),
            "heed::attention: bias of head 0 is 5x5, but it must be 5x6 (queries x keys)");
  const Eigen::Matrix<bool, Eigen::Dynamic, Eigen::Dynamic> seen = wrong.cast<bool>();
  EXPECT_EQ(c.refusal(heed::keep(seen)),
            "heed::attention: keep is 5x5, but it must be 5x6 (queries x keys)");
  EXPECT_EQ(c.refusal(heed::causal_from(index(1) << 40)),
            "heed::attention: causal_from(1099511627776) is beyond 1073741823");
}

TEST(attention_errors, empty_and_contradictory) {
  call c;
  const std::vector<float> none, infinite{std::numeric_limits<float>::infinity()};
  const std::vector<MatrixXf> no_matrices;
  MatrixXf unsized;
  EXPECT_EQ(c.refusal(heed::sink(none)),
            "heed::attention: sink has 0 logits, but there are 1 query heads");
  EXPECT_EQ(c.refusal(heed::sink(infinite)),
            "heed::attention: sink 0 is inf, but a logit must be a number below infinity");
  EXPECT_EQ(c.refusal(heed::alibi(none)),
            "heed::attention: alibi has 0 slopes, but there are 1 query heads");
  EXPECT_EQ(c.refusal(heed::bias(no_matrices)),
            "heed::attention: bias has 0 matrices, but there are 1 query heads");
  EXPECT_EQ(c.refusal(heed::log_sum_exp(unsized)),
            "heed::attention: log_sum_exp is 0x0, but it must be 5x1");
  EXPECT_EQ(c.refusal(heed::weights(unsized)),
            "heed::attention: weights is 0x0, but it must be 5x6");
  EXPECT_EQ(c.refusal(heed::causal_from(2) && heed::causal_from(5)),
            "heed: the first query cannot stand at 2 and at 5 in one call");
  EXPECT_EQ(support::refusal([&] { heed::sink of_matrix(c.q); }),
            "heed::sink: a vector of numbers is expected, but a 5x8 matrix is given");
  EXPECT_EQ(support::refusal([&] { (void)heed::alibi(c.q); }),
            "heed::alibi: a vector of numbers is expected, but a 5x8 matrix is given");
  EXPECT_EQ(support::refusal([&] { heed::packed of_matrix(c.q); }),
            "heed::packed: a vector of numbers is expected, but a 5x8 matrix is given");
  EXPECT_THROW((void)heed::attention(c.q, c.k, c.v, heed::heads{.query = -4, .kv = 2}),
               heed::shape_error);
  EXPECT_THROW((void)heed::attention(c.q, c.k, c.v, heed::heads{.query = index(1) << 50, .kv = 1}),
               heed::shape_error);
}

TEST(attention_errors, side_outputs) {
  call c;
  MatrixXf lse(5, 2), weights(6, 5);
  EXPECT_EQ(c.refusal(heed::log_sum_exp(lse)),
            "heed::attention: log_sum_exp is 5x2, but it must be 5x1");
  EXPECT_EQ(c.refusal(heed::weights(weights)),
            "heed::attention: weights is 6x5, but it must be 5x6; weights looks transposed");
  MatrixXf flat(1, 5);
  EXPECT_EQ(
      c.refusal(heed::log_sum_exp(flat)),
      "heed::attention: log_sum_exp is 1x5, but it must be 5x1; log_sum_exp looks transposed");
  MatrixXf received(1, 6);
  EXPECT_EQ(
      c.refusal(heed::key_weights(received)),
      "heed::attention: key_weights is 1x6, but it must be 6x1; key_weights looks transposed");
}

TEST(attention_errors, tables_that_look_transposed) {
  call c;
  const MatrixXf turned = MatrixXf::Zero(6, 5), stacked = MatrixXf::Zero(6, 10);
  const Eigen::Matrix<bool, Eigen::Dynamic, Eigen::Dynamic> seen = turned.cast<bool>();
  const std::vector<MatrixXf> one(1, turned);
  EXPECT_EQ(
      c.refusal(heed::bias(turned)),
      "heed::attention: bias is 6x5, but it must be 5x6 (queries x keys); bias looks transposed");
  EXPECT_EQ(
      c.refusal(heed::keep(seen)),
      "heed::attention: keep is 6x5, but it must be 5x6 (queries x keys); keep looks transposed");
  EXPECT_EQ(
      c.refusal(heed::bias(one)),
      "heed::attention: bias of head 0 is 6x5, but it must be 5x6 (queries x keys); bias looks "
      "transposed");
  EXPECT_EQ(
      c.refusal(heed::heads{2}, heed::bias(stacked)),
      "heed::attention: bias is 6x10, but it must be 5x6 (queries x keys) or, with a matrix a "
      "head, 10x6 (heads * queries x keys); bias looks transposed");
}

TEST(attention_errors, outputs_that_overlap) {
  MatrixXf all = MatrixXf::Random(6, 24);
  auto q = all.leftCols(8), k = all.middleCols(8, 8), v = all.rightCols(8);
  heed::attention(q, k, v, MatrixXf(6, 8));  // apart, though in one buffer
  const MatrixXf before = all;
  const auto refusal = [&](auto&& out, const auto&... m) -> std::string {
    try {
      heed::attention(q, k, v, out, m...);
    } catch (const heed::shape_error& error) {
      EXPECT_EQ(all, before);
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(refusal(q), "heed::attention: out (6x8) overlaps q (6x8) in memory");
  EXPECT_EQ(refusal(all.middleCols(15, 8)),
            "heed::attention: out (6x8) overlaps k (6x8) in memory");
  EXPECT_EQ(refusal(all.middleCols(16, 8)),
            "heed::attention: out (6x8) overlaps v (6x8) in memory");
  MatrixXf out(6, 9);
  EXPECT_EQ(refusal(out.leftCols(8), heed::log_sum_exp(out.col(7))),
            "heed::attention: log_sum_exp (6x1) overlaps out (6x8) in memory");
  EXPECT_EQ(refusal(out.leftCols(8), heed::log_sum_exp(out.col(8))), "accepted");
}

// q is read from its last row to its first; the output begins a row further in the same memory.
TEST(attention_errors, outputs_that_overlap_rows_in_reverse_order) {
  using rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using stride = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  std::vector<float> memory(24, 1.0f);
  const Eigen::Map<const rows, 0, stride> q(memory.data() + 8, 3, 4, stride(-4, 1));
  const MatrixXf k = MatrixXf::Random(5, 4);
  const auto refusal = [&](index first) {
    Eigen::Map<rows> out(memory.data() + first, 3, 4);
    return support::refusal([&] { heed::attention(q, k, k, out); });
  };
  EXPECT_EQ(refusal(4), "heed::attention: out (3x4) overlaps q (3x4) in memory");
  EXPECT_EQ(refusal(0), "heed::attention: out (3x4) overlaps q (3x4) in memory");
  EXPECT_EQ(refusal(12), "accepted");
}

TEST(attention_errors, the_reference_refuses_too) {
  const call c;
  const MatrixXf narrow = MatrixXf::Zero(6, 4);
  try {
    (void)heed::reference::attention(c.q, narrow, c.v);
    FAIL();
  } catch (const heed::shape_error& error) {
    EXPECT_STREQ(error.what(),
                 "heed::reference::attention: head width differs: q is 5x8, k is 6x4; where q has "
                 "more heads than k, say how many, for example heed::heads{.query = 2, .kv = 1}");
  }
}

}  // namespace
