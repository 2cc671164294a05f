// SPDX-License-Identifier: MIT
// Packed batches whose sequences have room behind their keys, against the textbook and against each
// sequence alone.
#include <heed/attention.hpp>
#include <heed/reference.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace {

using Eigen::MatrixXd;
using heed::index;

// Four sequences, one of them full, one empty; what lies in their room is not a number.
struct batch {
  std::vector<int> query_starts{0, 3, 4, 4, 9}, key_starts{0, 70, 75, 80, 90},
      key_lengths{66, 5, 0, 9};
  MatrixXd q = MatrixXd::Random(9, 8), k = MatrixXd::Random(90, 4), v = MatrixXd::Random(90, 6);
  heed::heads heads{4, 2};
  heed::packed packed{query_starts, key_starts, key_lengths};

  batch() {
    for (std::size_t s = 0; s < 4; ++s)
      for (index row = key_starts[s] + key_lengths[s]; row < key_starts[s + 1]; ++row) {
        k.row(row).setConstant(std::numeric_limits<double>::quiet_NaN());
        v.row(row).setConstant(std::numeric_limits<double>::quiet_NaN());
      }
  }

  index rows(std::size_t s) const { return query_starts[s + 1] - query_starts[s]; }
  MatrixXd q_of(std::size_t s) const { return q.middleRows(query_starts[s], rows(s)); }
  MatrixXd k_of(std::size_t s) const { return k.middleRows(key_starts[s], key_lengths[s]); }
  MatrixXd v_of(std::size_t s) const { return v.middleRows(key_starts[s], key_lengths[s]); }
};

// Numbers near 1, sums of fewer than a hundred of them.
constexpr double tolerance = 1e-13;

TEST(packed, the_textbook_sees_each_sequence_alone) {
  const batch b;
  MatrixXd lse(9, 4), weights(4 * 9, 66);
  const MatrixXd out =
      heed::reference::attention(b.q, b.k, b.v, b.heads, b.packed, heed::causal, heed::alibi(),
                                 heed::log_sum_exp(lse), heed::weights(weights));
  for (std::size_t s = 0; s < 4; ++s) {
    const index first = b.query_starts[s], rows = b.rows(s), keys = b.key_lengths[s];
    MatrixXd lse_alone(rows, 4), weights_alone(4 * rows, keys);
    const MatrixXd alone = heed::reference::attention(
        b.q_of(s), b.k_of(s), b.v_of(s), b.heads, heed::causal, heed::alibi(),
        heed::log_sum_exp(lse_alone), heed::weights(weights_alone));
    EXPECT_EQ(MatrixXd(out.middleRows(first, rows)), alone) << s;
    EXPECT_EQ(MatrixXd(lse.middleRows(first, rows)), lse_alone) << s;
    for (index h = 0; h < 4; ++h) {
      const auto part = weights.middleRows(h * 9 + first, rows);
      EXPECT_EQ(MatrixXd(part.leftCols(keys)), weights_alone.middleRows(h * rows, rows)) << s;
      EXPECT_TRUE(part.rightCols(66 - keys).isZero(0)) << s;
    }
  }
}

TEST(packed, the_kernel_agrees_with_the_textbook) {
  const batch b;
  const MatrixXd bias = MatrixXd::Random(9, 66);
  std::vector<int> ids(90);
  for (std::size_t i = 0; i < 90; ++i) ids[i] = int(i / 3);
  const auto agrees = [&](const auto&... rules) {
    MatrixXd out(9, 12), lse(9, 4), weights(4 * 9, 66), want_lse(9, 4), want_weights(4 * 9, 66);
    const MatrixXd want =
        heed::reference::attention(b.q, b.k, b.v, b.heads, b.packed, rules...,
                                   heed::log_sum_exp(want_lse), heed::weights(want_weights));
    heed::attention(b.q, b.k, b.v, out, b.heads, b.packed, rules..., heed::log_sum_exp(lse),
                    heed::weights(weights));
    EXPECT_LE((out - want).cwiseAbs().maxCoeff(), tolerance);
    EXPECT_LE((weights - want_weights).cwiseAbs().maxCoeff(), tolerance);
    for (index i = 0; i < lse.size(); ++i)
      EXPECT_TRUE(heed::detail::exactly_equal(lse(i), want_lse(i)) ||
                  std::abs(lse(i) - want_lse(i)) <= tolerance)
          << i;
  };
  agrees();
  agrees(heed::causal);
  agrees(heed::causal && heed::window{.left = 2}, heed::alibi());
  agrees(heed::bias(bias), heed::key_length(60));
  agrees(heed::causal && heed::documents(ids));
}

// The sentence of the refusal; the output is as it was.
std::string refusal(const heed::packed& packed) {
  const MatrixXd x = MatrixXd::Random(6, 2);
  MatrixXd out = MatrixXd::Constant(6, 2, 7);
  try {
    heed::attention(x, x, x, out, packed);
  } catch (const heed::shape_error& error) {
    EXPECT_TRUE((out.array() == 7).all()) << "the output was touched";
    return error.what();
  }
  return "accepted";
}

TEST(packed, refuses_lengths_that_do_not_fit) {
  const std::vector<int> starts{0, 2, 6};
  const std::vector<int> full{2, 4}, none{0, 0}, one{2}, too_long{3, 3}, negative{2, -1}, empty;
  EXPECT_EQ(refusal({starts, starts, full}), "accepted");
  EXPECT_EQ(refusal({starts, starts, none}), "accepted");
  EXPECT_EQ(refusal({starts, starts, one}),
            "heed::attention: packed has 1 key lengths, but there are 2 sequences");
  EXPECT_EQ(refusal({starts, starts, empty}),
            "heed::attention: packed has 0 key lengths, but there are 2 sequences");
  EXPECT_EQ(refusal({starts, starts, too_long}),
            "heed::attention: packed key length of sequence 0 is 3, but there is room for 2 rows");
  EXPECT_EQ(refusal({starts, starts, negative}),
            "heed::attention: packed key length of sequence 1 is -1, but there is room for 4 rows");
}

}  // namespace
