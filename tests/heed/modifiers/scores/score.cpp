// SPDX-License-Identifier: MIT
// Score rules as functions of a score and its place.
#include <heed/attention.hpp>
#include <heed/reference.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

namespace {

using heed::at;

// A rule bound to one head of a call with 5 queries and 7 keys.
template <class Rule>
auto bound(const Rule& rule, heed::index head = 0, heed::index heads = 1) {
  return heed::detail::bind(rule, heed::scope{0, head, heads, 0, 0, 5, 7, 2, 5});
}

TEST(soft_cap, is_the_formula) {
  for (double s = -50; s <= 50; s += 0.37) {
    EXPECT_DOUBLE_EQ(bound(heed::soft_cap(3))(s, at{}), 3 * std::tanh(s / 3));
    // heed::detail::tanh of float: 6 units in the last place, and the product and quotient around it
    EXPECT_NEAR(bound(heed::soft_cap(3))(float(s), at{}), 3 * std::tanh(s / 3), 3 * 8 * 0x1p-24);
  }
}

TEST(alibi, subtracts_the_distance_on_either_side) {
  const std::vector<double> slopes{2, 0.5};
  const auto rule = bound(heed::alibi(slopes), 1, 2);
  EXPECT_EQ(rule(1.0, at{5, 3, 1, 0, 0}), 0.0);
  EXPECT_EQ(rule(1.0, at{3, 5, 1, 0, 0}), 0.0);
  EXPECT_EQ(rule(1.0f, at{4, 4, 1, 0, 0}), 1.0f);
  EXPECT_EQ(rule(0.0, at{-3, 5, 1, 0, 0}), -4.0);
}

TEST(alibi, takes_slopes_of_any_number_type) {
  const int whole[] = {3, 4};
  const Eigen::Vector2f vector(3, 4);
  for (const auto& rule : {heed::alibi(whole), heed::alibi(vector)})
    EXPECT_EQ(bound(rule, 1, 2).slope.as<double>(), 4);
  EXPECT_EQ(bound(heed::alibi(), 3, 8).slope.as<double>(), 1.0 / 16);
  EXPECT_EQ(bound(heed::alibi, 3, 8).slope.as<double>(), 1.0 / 16)
      << "the same without parentheses";
}

float halve(float s, at) { return s / 2; }

TEST(score, takes_any_function_of_a_score_and_a_place) {
  const auto by_key = [](float s, at i) { return s + float(i.key); };
  const auto of_any = [](auto s, at i) { return s + static_cast<decltype(s)>(i.head); };
  const auto by_reference = [](const double& s, const at& i) { return s - i.row; };
  const auto never_throws = [](float s, at) noexcept { return -s; };
  const std::function<double(double, at)> wrapped = [](double s, at) { return s * s; };
  const at i{9, 4, 3, 2, 1};
  EXPECT_EQ(bound(heed::score(by_key))(1.0f, i), 5);
  EXPECT_EQ(bound(heed::score(by_key))(1.0, i), 5);
  EXPECT_EQ(bound(heed::score(of_any))(1.0, i), 4);
  EXPECT_EQ(bound(heed::score(by_reference))(1.0f, i), -1);
  EXPECT_EQ(bound(heed::score(never_throws))(1.0, i), -1);
  EXPECT_EQ(bound(heed::score(wrapped))(3.0f, i), 9);
  EXPECT_EQ(bound(heed::score(halve))(3.0, i), 1.5);
}

TEST(score, computes_in_the_type_that_the_function_asks_for) {
  const auto in_float = heed::score([](float s, at) { return s; });
  const auto in_any = heed::score([](auto s, at) { return s; });
  EXPECT_EQ(bound(in_float)(0.1, at{}), double(0.1f));
  EXPECT_EQ(bound(in_any)(0.1, at{}), 0.1);
}

// The textbook computes in double, but a rule of float goes with queries of float, or of half.
TEST(score, of_float_goes_with_the_textbook_of_float) {
  const Eigen::MatrixXf x = Eigen::MatrixXf::Random(3, 2);
  const Eigen::Matrix<Eigen::half, -1, -1> half = x.cast<Eigen::half>();
  const auto in_float = heed::score([](float s, at i) { return s - 0.5f * float(i.key); });
  const auto in_double = heed::score([](double s, at i) { return s - 0.5 * i.key; });
  EXPECT_LE((heed::reference::attention(x, x, x, in_float) -
             heed::reference::attention(x, x, x, in_double))
                .cwiseAbs()
                .maxCoeff(),
            1e-6);
  EXPECT_EQ(heed::reference::attention(half, half, half, in_float).rows(), 3);
  EXPECT_TRUE(
      heed::attention(x, x, x, in_double).isApprox(heed::attention(x, x, x, in_float), 1e-6f));
}

TEST(score, is_told_the_place) {
  // 3 queries and 5 keys in the second of two sequences, two heads
  const Eigen::MatrixXd q = Eigen::MatrixXd::Zero(4, 2), k = Eigen::MatrixXd::Zero(7, 2);
  const std::vector<int> queries{0, 1, 4}, keys{0, 2, 7};
  int asked = 0, wrong = 0;
  (void)heed::attention(q, k, k, heed::heads{2}, heed::packed(queries, keys),
                        heed::score([&](double s, at i) {
                          const int n = i.sequence == 0 ? 1 : 3, m = i.sequence == 0 ? 2 : 5;
                          ++asked;
                          wrong += i.row < 0 || i.row >= n || i.key < 0 || i.key >= m ||
                                   i.head < 0 || i.head > 1 || i.query != i.row + m - n;
                          return s;
                        }));
  EXPECT_EQ(wrong, 0);
  EXPECT_GE(asked, 2 * (1 * 2 + 3 * 5));
}

// A rule of one's own without heed::score, with a check of its own.
struct temperature {
  using heed_kind = heed::score_kind;
  double t;
  template <class Scalar>
  Scalar operator()(Scalar s, at) const {
    return s / static_cast<Scalar>(t);
  }
  void check(const heed::call_shape& shape) const {
    heed::detail::require(t > 0, shape.verb, ": temperature is ", t);
  }
};

TEST(score, may_be_a_type_of_ones_own) {
  const Eigen::MatrixXd x = Eigen::MatrixXd::Random(4, 3);
  const Eigen::MatrixXd got = heed::attention(x, x, x, temperature{2}, heed::scale(1));
  EXPECT_TRUE(got.isApprox(heed::attention(x, x, x, heed::scale(0.5)), 1e-14));
  EXPECT_THROW((void)heed::attention(x, x, x, temperature{0}), heed::shape_error);
}

}  // namespace
