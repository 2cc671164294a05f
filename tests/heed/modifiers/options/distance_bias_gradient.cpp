// SPDX-License-Identifier: MIT
// The gradient of the bias of distances: by hand, and beside sums over the gradient of a bias for each pair.
#include "support/gradients.hpp"
#include "support/on_threads.hpp"
#include "support/refusal.hpp"
#include "support/same_bits.hpp"

#include <heed/modifiers/scores/distance_bias.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace heed {
namespace {

using detail::distance_bias_gradient;
using detail::distance_bias_rule;
using support::gradient_case;
using support::same_bits;
using table_type = matrix<double>;

// One query, at place 1, and two keys, of one head. The bias alone makes scores, 0 and ln 3, so that p = 1/4 and 3/4;
// values 0 and 4 give 3, and d_score = p (value - 3) = -3/4 and 3/4.
TEST(distance_bias_gradient, by_hand) {
  const table_type q = table_type::Zero(1, 1), k = table_type::Zero(2, 1),
                   d_out = table_type::Ones(1, 1);
  table_type v(2, 1), out(1, 1), lse(1, 1), d_q(1, 1), d_k(2, 1), d_v(2, 1);
  table_type table(1, 5), d_table(1, 5), want(1, 5);  // distances -2 ... 2
  v << 0, 4;
  table << 7, 0, std::log(3.0), 7, 7;
  const distance_bias_rule rule{&table};
  attention(q, k, v, out, rule, log_sum_exp(lse));
  EXPECT_NEAR(out(0, 0), 3, 1e-14);
  d_table << 1, 2, 3, 4, 5;
  want << 1, 2 - 0.75, 3 + 0.75, 4, 5;
  attention_backward(q, k, v, out, lse, d_out, d_q, d_k, d_v, rule,
                     distance_bias_gradient{&table, &d_table});
  EXPECT_LT((d_table - want).cwiseAbs().maxCoeff(), 1e-14);
}

// Rows of q and k at which sequences start, and how many keys of each are in use.
struct batch {
  std::vector<index> queries, keys, lengths;

  index distance(std::size_t sequence, index query, index key) const {
    const index first = queries[sequence], count = queries[sequence + 1] - first;
    return key - (query - first + lengths[sequence] - count);  // queries stand at the end
  }
};

// The textbook's gradient of a bias for each pair, (heads * queries, keys), summed over the pairs of each distance.
table_type sums_of_distances(const batch& b, index heads, index reach,
                             const Eigen::MatrixXd& d_pairs) {
  table_type sums = table_type::Zero(heads, 2 * reach + 1);
  for (index head = 0; head < heads; ++head)
    for (std::size_t s = 0; s + 1 < b.queries.size(); ++s)
      for (index query = b.queries[s]; query < b.queries[s + 1]; ++query)
        for (index key = 0; key < b.lengths[s]; ++key)
          sums(head, reach + std::clamp(b.distance(s, query, key), -reach, reach)) +=
              d_pairs(head * b.queries.back() + query, key);
  return sums;
}

template <class Scalar, class... Modifiers>
void check(gradient_case<Scalar> c, const batch& b, index reach, const Modifiers&... modifiers) {
  const auto& n = c.n;
  const table_type table = table_type::Random(n.query_heads, 2 * reach + 1);
  table_type d_table = table_type::Zero(n.query_heads, 2 * reach + 1);
  const distance_bias_rule rule{&table};
  c.forward(rule, modifiers...);
  c.backward(rule, modifiers..., distance_bias_gradient{&table, &d_table});

  const index longest = *std::max_element(b.lengths.begin(), b.lengths.end());
  const Eigen::MatrixXd zeros = Eigen::MatrixXd::Zero(n.query_heads * n.queries, longest);
  Eigen::MatrixXd d_pairs = zeros;
  c.textbook(rule, bias(zeros), modifiers..., gradient_of_bias(d_pairs));
  EXPECT_LT(c.error(), 50);
  const table_type want = sums_of_distances(b, n.query_heads, reach, d_pairs);
  const double largest = want.cwiseAbs().maxCoeff();
  EXPECT_GT(largest, 0.01);
  EXPECT_LT((d_table - want).cwiseAbs().maxCoeff(),
            200 * static_cast<double>(std::numeric_limits<Scalar>::epsilon()) * (1 + largest))
      << "reach " << reach;
}

TEST(distance_bias_gradient, sums_the_pairs_of_each_distance) {
  const batch one{{0, 150}, {0, 330}, {330}};
  const support::gradient_sizes n{150, 330, 4, 2, 12, 10};
  for (const index reach : {1, 40, 500}) {
    check(gradient_case<double>{n}, one, reach);
    check(gradient_case<float>{n}, one, reach, causal, window{.left = 70});
  }
  const support::gradient_sizes of_several_ranges{2100, 300, 1, 1, 8, 8};
  check(gradient_case<double>{of_several_ranges}, {{0, 2100}, {0, 300}, {300}}, 9);
}

TEST(distance_bias_gradient, of_rows_with_padding_and_of_pairs_that_fall_away) {
  const batch three{{0, 40, 40, 130}, {0, 100, 150, 330}, {70, 0, 180}};
  gradient_case<double> c{{130, 330, 4, 2, 12, 10}};
  for (const index row : {index(70), index(99), index(149)}) {  // room that nothing sees
    c.k.row(row).setConstant(std::numeric_limits<double>::quiet_NaN());
    c.v.row(row).setConstant(std::numeric_limits<double>::quiet_NaN());
  }
  const packed rows(three.queries, three.keys, three.lengths);
  check(c, three, 20, rows);
  check(c, three, 20, rows, causal, dropout{.probability = 0.3, .seed = 5});
}

// By the rules that follow, d_score goes through their derivative before it is that of the bias.
TEST(distance_bias_gradient, before_another_rule) {
  const batch one{{0, 70}, {0, 90}, {90}};
  const support::gradient_sizes n{70, 90, 2, 1, 6, 6};
  gradient_case<double> c{n};
  const table_type table = 3 * table_type::Random(2, 11);
  table_type d_table = table_type::Zero(2, 11);
  const distance_bias_rule rule{&table};
  const std::vector<double> logits{0.5, 1};
  c.forward(rule, soft_cap(2), sink(logits));
  c.backward(rule, soft_cap(2), sink(logits), distance_bias_gradient{&table, &d_table});
  Eigen::MatrixXd pairs(140, 90), d_pairs = pairs;
  for (index head = 0; head < 2; ++head)
    for (index i = 0; i < 70; ++i)
      for (index j = 0; j < 90; ++j)
        pairs(head * 70 + i, j) = table(head, 5 + std::clamp(j - i - 20, index(-5), index(5)));
  c.textbook(bias(pairs), soft_cap(2), sink(logits), gradient_of_bias(d_pairs));
  EXPECT_LT(c.error(), 50);
  const table_type want = sums_of_distances(one, 2, 5, d_pairs);
  EXPECT_LT((d_table - want).cwiseAbs().maxCoeff(), 1e-13);
  EXPECT_GT(want.cwiseAbs().maxCoeff(), 0.1);
}

// Of double, since sums of floats in double are often exact in any order.
TEST(distance_bias_gradient, has_the_same_bits_on_any_number_of_threads) {
  const auto check_bits = [](const support::gradient_sizes& n, const auto& find) {
    gradient_case<double> c{n};
    const table_type table = table_type::Random(n.query_heads, 31);
    const distance_bias_rule rule{&table};
    const auto run = [&](index threads) {
      table_type d_table = table_type::Zero(n.query_heads, 31);
      find(c, rule, distance_bias_gradient{&table, &d_table}, on(support::on_threads, threads));
      return d_table;
    };
    const table_type alone = run(1);
    EXPECT_GT(alone.cwiseAbs().maxCoeff(), 0.1);
    for (const index threads : {2, 3, 5}) EXPECT_TRUE(same_bits(alone, run(threads))) << threads;
  };
  check_bits({600, 700, 4, 2, 8, 8}, [](auto& c, const auto& rule, const auto&... more) {
    c.forward(rule, causal);
    c.backward(rule, causal, more...);
  });
  // Without turns, the short sequences would be done before the long one.
  check_bits({504, 604, 1, 1, 8, 8}, [](auto& c, const auto& rule, const auto&... more) {
    const std::vector<index> queries{0, 500, 501, 502, 503, 504}, keys{0, 600, 601, 602, 603, 604};
    c.forward(packed(queries, keys), rule);
    c.backward(packed(queries, keys), rule, more...);
  });
  // Heads are one task where they add to one matrix.
  check_bits({300, 600, 4, 2, 8, 8}, [](auto& c, const auto& rule, const auto&... more) {
    const Eigen::MatrixXd pairs = Eigen::MatrixXd::Constant(300, 600, 0.5);
    Eigen::MatrixXd d_pairs = pairs;
    c.forward(rule, bias(pairs));
    c.backward(rule, bias(pairs), gradient_of_bias(d_pairs), more...);
  });
}

// Other gradients have the same bits whether that of the table is asked for or not.
TEST(distance_bias_gradient, changes_nothing_else_and_an_empty_one_asks_for_nothing) {
  const table_type table = table_type::Random(2, 7);
  const distance_bias_rule rule{&table};
  gradient_case<float> c{{100, 200, 2, 2, 16, 16}};
  c.forward(rule);
  c.backward(rule);
  const gradient_case<float> without = c;
  table_type into;
  for (const index columns : {0, 7}) {
    into = table_type::Zero(columns == 0 ? 0 : 2, columns);
    c.backward(rule, distance_bias_gradient{&table, &into});
    EXPECT_TRUE(same_bits(c.d_q, without.d_q) && same_bits(c.d_k, without.d_k) &&
                same_bits(c.d_v, without.d_v));
  }
  const table_type once = into;
  c.backward(rule, distance_bias_gradient{&table, &into});  // is added to, without accumulate
  EXPECT_LT((into - 2 * once).cwiseAbs().maxCoeff(), 1e-12);
  c.backward(rule, where([](at) { return false; }), distance_bias_gradient{&table, &into});
  EXPECT_LT((into - 2 * once).cwiseAbs().maxCoeff(), 1e-12);
}

TEST(distance_bias_gradient, refuses_another_size_and_the_textbook) {
  const table_type table = table_type::Zero(2, 5);
  table_type into = table_type::Zero(2, 7);
  const distance_bias_rule rule{&table};
  gradient_case<double> c{{3, 4, 2, 2, 4, 4}};
  c.forward(rule);
  EXPECT_EQ(
      support::refusal([&] {
        c.backward(rule, distance_bias_gradient{&table, &into});
      }),
      "heed::attention_backward: the gradient of the bias of distances is 2x7, but the bias is "
      "2x5");
  into.resize(2, 5);
  EXPECT_EQ(
      support::refusal([&] {
        c.textbook(rule, distance_bias_gradient{&table, &into});
      }),
      "heed::reference::attention_backward: the textbook gives no gradient of a bias of "
      "distances; gradient_of_bias of the same numbers for each pair does, summed over the pairs "
      "of a distance");
}

}  // namespace
}  // namespace heed
