// SPDX-License-Identifier: MIT
// The sizes of a call: what is taken, what is refused and in which words, and where sequences
// stand.
#include <heed/attention.hpp>
#include <heed/reference.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using Eigen::MatrixXd;
using Eigen::MatrixXf;
using heed::index;

// The sentence of the refusal, in both forms of the call; every output is as it was.
template <class Q, class K, class V, class... Modifiers>
std::string refusal(const Q& q, const K& k, const V& v, const Modifiers&... modifiers) {
  std::string by_value = "accepted", into = "accepted";
  try {
    (void)heed::attention(q, k, v, modifiers...);
  } catch (const heed::shape_error& error) {
    by_value = error.what();
  }
  MatrixXf out = MatrixXf::Constant(q.rows(), v.cols(), 7);
  try {
    heed::attention(q, k, v, out, modifiers...);
  } catch (const heed::shape_error& error) {
    into = error.what();
    EXPECT_TRUE((out.array() == 7).all()) << "the output was touched";
  }
  EXPECT_EQ(by_value, into);
  return by_value;
}

const MatrixXf q = MatrixXf::Random(5, 8), k = MatrixXf::Random(6, 8), v = MatrixXf::Random(6, 8);

TEST(problem, refuses_head_counts_before_it_computes_with_them) {
  EXPECT_EQ(refusal(q, k, v, heed::heads{.query = -4, .kv = 2}),
            "heed::attention: -4 query heads cannot share 2 key/value heads; the second must "
            "divide the first");
  EXPECT_EQ(refusal(q, k, v, heed::heads{.query = 4, .kv = -2}),
            "heed::attention: 4 query heads cannot share -2 key/value heads; the second must "
            "divide the first");
  EXPECT_EQ(
      refusal(q, k, v, heed::heads{.query = index(1) << 50, .kv = 1}),
      "heed::attention: q is 5x8, whose columns do not divide into 1125899906842624 query heads");
  EXPECT_EQ(
      refusal(MatrixXf(5, 0), k, v, heed::heads{.query = index(1) << 50, .kv = 1}),
      "heed::attention: q is 5x0, whose columns do not divide into 1125899906842624 query heads");
}

TEST(problem, takes_an_empty_list_for_a_list) {
  const std::vector<float> none;
  EXPECT_EQ(refusal(q, k, v, heed::sink(none)),
            "heed::attention: sink has 0 logits, but there are 1 query heads");
  EXPECT_EQ(refusal(q, k, v, heed::alibi(none)),
            "heed::attention: alibi has 0 slopes, but there are 1 query heads");
  EXPECT_EQ(refusal(q, k, v, heed::packed(none)),
            "heed::attention: packed offsets of q are empty; they begin with 0");
  const std::vector<MatrixXf> no_matrix;
  EXPECT_EQ(refusal(q, k, v, heed::bias(no_matrix)),
            "heed::attention: bias has 0 matrices, but there are 1 query heads");
  const std::vector<Eigen::Matrix<bool, 5, 6>> no_mask;
  EXPECT_EQ(refusal(q, k, v, heed::keep(no_mask)),
            "heed::attention: keep has 0 matrices, but there are 1 query heads");
  EXPECT_EQ(refusal(q, k, v, heed::documents(std::vector<int>())),
            "heed::attention: documents has 0 ids, but there are 6 keys");
}

TEST(problem, refuses_numbers_that_mean_nothing) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const auto sinks = [](double logit) { return Eigen::VectorXd::Constant(1, logit).eval(); };
  const Eigen::VectorXd plus = sinks(infinity), not_a_number = sinks(nan), minus = sinks(-infinity);
  EXPECT_EQ(refusal(q, k, v, heed::sink(plus)),
            "heed::attention: sink 0 is inf, but a logit must be a number below infinity");
  EXPECT_NE(refusal(q, k, v, heed::sink(not_a_number)), "accepted");
  EXPECT_EQ(refusal(q, k, v, heed::sink(minus)), "accepted") << "no sink";
  for (const double p : {-0.1, 1.0, 1.5, nan, infinity})
    EXPECT_NE(refusal(q, k, v, heed::dropout{.probability = p}), "accepted") << p;
  EXPECT_EQ(
      refusal(q, k, v, heed::dropout{.probability = -0.1}),
      "heed::attention: dropout probability is -0.1, but it must be at least 0 and less than 1");
  for (const double cap : {-2.0, 0.0, nan, infinity})
    EXPECT_NE(refusal(q, k, v, heed::soft_cap(cap)), "accepted") << cap;
  EXPECT_EQ(refusal(q, k, v, heed::soft_cap(-2)),
            "heed::attention: soft_cap is -2, but it must be positive and finite");
  EXPECT_EQ(refusal(q, k, v, heed::window{.right = -1}),
            "heed::attention: a window has no negative side: left is unbounded, right is -1");
}

TEST(problem, refuses_two_places_for_the_first_query) {
  EXPECT_EQ(refusal(q, k, v, heed::causal_from(2) && heed::causal_from(5)),
            "heed: the first query cannot stand at 2 and at 5 in one call");
  EXPECT_EQ(refusal(q, k, v, heed::causal_from(5), !heed::causal_from(2)),
            "heed: the first query cannot stand at 5 and at 2 in one call");
  EXPECT_EQ(refusal(q, k, v, heed::causal_from(5) || heed::prefix(1), heed::causal_from(5)),
            "accepted");
}

// Memory that no element of is read: sizes are checked first.
TEST(problem, refuses_more_rows_than_positions_can_count) {
  const float element = 0;
  using map = Eigen::Map<const MatrixXf, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>>;
  const map long_one(&element, index(1) << 30, 1, {1, 0}), short_one(&element, 1, 1, {1, 0});
  float out = 0;
  Eigen::Map<MatrixXf, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>> long_out(
      &out, index(1) << 30, 1, {1, 0});
  try {
    heed::attention(long_one, short_one, short_one, long_out);
    FAIL();
  } catch (const heed::shape_error& error) {
    EXPECT_STREQ(
        error.what(),
        "heed::attention: q is 1073741824x1, k is 1x1, but a sequence has at most 1073741823 rows");
  }
}

TEST(problem, hands_on_what_a_function_of_the_callers_throws) {
  const auto throws = [](float, heed::at i) -> float {
    if (i.key == 3) throw std::runtime_error("key 3");
    return 0;
  };
  EXPECT_THROW((void)heed::attention(q, k, v, heed::score(throws)), std::runtime_error);
  EXPECT_THROW((void)heed::attention(q, k, v, heed::score(throws), heed::on(heed::serial{}, 3)),
               std::runtime_error);
  EXPECT_EQ(refusal(q, k, v), "accepted") << "and the scratch is as good as before";
}

TEST(problem, packed_offsets_may_be_of_any_integer_type) {
  const int whole[] = {0, 2, 6};
  const std::vector<unsigned char> bytes{0, 2, 6};
  const Eigen::Vector3i vector(0, 2, 6);
  const std::vector<index> indices{0, 2, 6};
  const MatrixXf want = heed::attention(k, k, v, heed::packed{indices});
  EXPECT_EQ(heed::attention(k, k, v, heed::packed{whole}), want);
  EXPECT_EQ(heed::attention(k, k, v, heed::packed{bytes}), want);
  EXPECT_EQ(heed::attention(k, k, v, heed::packed{vector}), want);
}

TEST(problem, a_batch_may_be_empty_or_hold_empty_sequences) {
  const std::vector<int> nothing{0}, empties{0, 0, 0};
  const MatrixXf no_rows(0, 4);
  EXPECT_EQ(heed::attention(no_rows, no_rows, no_rows, heed::packed{nothing}).rows(), 0);
  EXPECT_EQ(heed::attention(no_rows, no_rows, no_rows, heed::packed{empties}, heed::causal).rows(),
            0);

  // queries without keys, keys without queries, and a sequence that has both
  const std::vector<int> queries{0, 2, 2, 5}, keys{0, 0, 4, 6};
  MatrixXf lse(5, 1);
  const MatrixXf out =
      heed::attention(q, k, v, heed::packed(queries, keys), heed::log_sum_exp(lse));
  EXPECT_TRUE(out.topRows(2).isZero(0));
  EXPECT_EQ(lse(1, 0), -std::numeric_limits<float>::infinity());
  const MatrixXf last = heed::attention(q.bottomRows(3), k.bottomRows(2), v.bottomRows(2));
  EXPECT_EQ(out.bottomRows(3), last);
}

TEST(problem, many_short_sequences_take_time_in_proportion) {
  const int sequences = 100000;
  std::vector<int> starts(sequences + 1);
  for (int i = 0; i <= sequences; ++i) starts[std::size_t(i)] = i;
  const MatrixXf x = MatrixXf::Random(sequences, 1);
  // each sees itself alone; with a walk over all sequences for each this took minutes
  const MatrixXf out = heed::attention(x, x, x, heed::packed{starts});
  // (p x) (1 / p) for some p: three roundings
  const float three_roundings = 1.5f * std::numeric_limits<float>::epsilon();
  EXPECT_TRUE(((out - x).array().abs() <= three_roundings * x.array().abs()).all());
}

TEST(problem, a_query_head_reads_the_head_of_its_group) {
  const MatrixXd many = MatrixXd::Random(4, 12), few = MatrixXd::Random(5, 4);
  const MatrixXd out = heed::attention(many, few, few, heed::heads{.query = 6, .kv = 2});
  for (int h = 0; h < 6; ++h) {
    const MatrixXd q_h = many.middleCols(2 * h, 2), kv_h = few.middleCols(h < 3 ? 0 : 2, 2);
    EXPECT_EQ(MatrixXd(out.middleCols(2 * h, 2)), heed::attention(q_h, kv_h, kv_h)) << h;
  }
}

TEST(problem, values_may_have_no_columns) {
  EXPECT_EQ(heed::attention(q, k, MatrixXf(6, 0)).cols(), 0);
  MatrixXf lse(5, 1);
  const MatrixXf out = heed::attention(q, k, MatrixXf(6, 0), heed::log_sum_exp(lse));
  EXPECT_EQ(out.rows(), 5);
  MatrixXf want(5, 1);
  (void)heed::attention(q, k, v, heed::log_sum_exp(want));
  EXPECT_EQ(lse, want);
}

}  // namespace
