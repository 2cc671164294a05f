// SPDX-License-Identifier: MIT
// The gradients of attention over rows that several processes hold have the bits of one process. Run by
// mpiexec.
#include "support/ranks.hpp"

#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using heed::index;
using heed::split;
using ranks::row_matrix;

constexpr heed::heads all_heads{.query = 4, .kv = 2};
constexpr index width = 8, value_width = 12;
constexpr split splits[] = {heed::in_order, heed::zigzag, heed::dealt};

struct sizes {
  index queries;
  index keys;
};
struct how_to_share {
  split how;
  bool adds = false;
  index block_rows = 512;
  unsigned seed = 1;
};

// One process over all rows beside all ranks over theirs.
// `rules` gives the modifiers of both calls, given the rows of a matrix that the call's queries are.
template <class Scalar = float, class Storage = float, class Rules>
void expect_same_bits(sizes n, how_to_share share, const Rules& rules) {
  using sum = heed::accumulator_t<Scalar>;
  using sums = row_matrix<sum>;
  const split how = share.how;
  const unsigned seed = share.seed;
  const auto q = ranks::random<Scalar>(n.queries, 4 * width, seed);
  const auto k = ranks::random<Storage>(n.keys, 2 * width, seed + 1);
  const auto v = ranks::random<Storage>(n.keys, 2 * value_width, seed + 2);
  const auto d_out = ranks::random<Scalar>(n.queries, 4 * value_width, seed + 5);
  row_matrix<Scalar> out(n.queries, 4 * value_width);
  sums lse(n.queries, 4), d_q(n.queries, 4 * width), d_k(n.keys, 2 * width),
      d_v(n.keys, 2 * value_width);
  const auto of_queries = ranks::counts_of(how, n.queries, seed + 3);
  const auto of_keys = ranks::counts_of(how, n.keys, seed + 4);
  const auto own = [&](const auto& m) { return ranks::own_rows(m, how, of_queries); };
  const auto own_keys = [&](const auto& m) { return ranks::own_rows(m, how, of_keys); };
  const bool adds = share.adds;
  const auto whole = [&](const auto&... rule) {
    heed::attention_backward(q, k, v, out, lse, d_out, d_q, d_k, d_v, all_heads, rule...);
  };
  if (ranks::rank() == 0) {
    rules([](const auto& m) { return m; },
          [&](const auto&... rule) {
            heed::attention(q, k, v, out, all_heads, heed::log_sum_exp(lse), rule...);
          });
    d_q.setConstant(3), d_k.setConstant(4), d_v.setConstant(5);
    rules([](const auto& m) { return m; },
          [&](const auto&... rule) { adds ? whole(rule..., heed::accumulate) : whole(rule...); });
  }
  ranks::from_rank_0(out), ranks::from_rank_0(lse);
  ranks::from_rank_0(d_q), ranks::from_rank_0(d_k), ranks::from_rank_0(d_v);
  const row_matrix<Scalar> own_q = own(q), own_out = own(out), own_d_out = own(d_out);
  const row_matrix<Storage> own_k = own_keys(k), own_v = own_keys(v);
  const sums own_lse = own(lse);
  sums to_q = sums::Constant(own_q.rows(), 4 * width, 3);
  sums to_k = sums::Constant(own_k.rows(), 2 * width, 4);
  sums to_v = sums::Constant(own_k.rows(), 2 * value_width, 5);
  const auto part = [&](const auto&... rule) {
    heed::attention_backward(own_q, own_k, own_v, own_out, own_lse, own_d_out, to_q, to_k, to_v,
                             all_heads, rule...,
                             heed::across(MPI_COMM_WORLD, how, {.block_rows = share.block_rows}));
  };
  rules(own, [&](const auto&... rule) { adds ? part(rule..., heed::accumulate) : part(rule...); });
  EXPECT_TRUE(ranks::same_bits(to_q, own(d_q)));
  EXPECT_TRUE(ranks::same_bits(to_k, own_keys(d_k)));
  EXPECT_TRUE(ranks::same_bits(to_v, own_keys(d_v)));
}

TEST(attention_backward_across, without_rules) {
  for (const split how : splits)
    expect_same_bits({300, 1300}, {how, true}, [](auto, const auto& call) { call(); });
}

TEST(attention_backward_across, few_queries_or_keys) {
  for (const sizes n : {sizes{1, 1300}, {5, 700}, {40, 64}, {0, 10}, {10, 0}, {1, 1}})
    expect_same_bits(n, {heed::zigzag}, [](auto, const auto& call) { call(heed::causal); });
  expect_same_bits({3, 1300}, {heed::dealt}, [](auto, const auto& call) { call(heed::causal); });
}

TEST(attention_backward_across, causal_and_window) {
  const auto mask = (heed::causal && heed::window{.left = 255}) || heed::prefix(16);
  for (const split how : splits) {
    expect_same_bits({1100, 1100}, {how}, [&](auto, const auto& call) { call(mask); });
    expect_same_bits({1400, 1400}, {how, true},
                     [&](auto, const auto& call) { call(heed::causal); });
  }
  for (const index block_rows : {1, 1 << 20})
    expect_same_bits({900, 900}, {heed::zigzag, true, block_rows, 6},
                     [](auto, const auto& call) { call(heed::causal); });
}

TEST(attention_backward_across, scores_with_derivatives) {
  const auto far = heed::score([](auto s, heed::at i) {
    return s * (0.01F * static_cast<float>(i.row % 3)) -
           0.01F * static_cast<float>(i.query - i.key);
  });
  for (const split how : splits)
    expect_same_bits({500, 700}, {how}, [&](auto, const auto& call) {
      call(heed::causal_from(100), far, heed::soft_cap(20), heed::alibi);
    });
}

TEST(attention_backward_across, bias_and_keep) {
  auto bias = ranks::random(400, 700, 7);
  for (index i = 0; i < 400; i += 3) bias(i, i) = -std::numeric_limits<float>::infinity();
  row_matrix<bool> keep = (ranks::random(400, 700, 8).array() > -1).matrix();
  keep.row(17).setConstant(false);
  for (const split how : splits)
    expect_same_bits({400, 700}, {how}, [&](const auto& own, const auto& call) {
      const auto b = own(bias);
      const auto k = own(keep);
      call(heed::bias(b), heed::keep(k), heed::soft_cap(20));
    });
}

TEST(attention_backward_across, packed_and_dropped) {
  const std::vector<index> starts{0, 7, 7, 400, 419, 1100};
  const std::vector<index> keys{0, 30, 40, 500, 580, 1400};
  const std::vector<index> lengths{20, 10, 430, 0, 800};
  for (const split how : splits) {
    expect_same_bits({1100, 1100}, {how, true}, [&](auto, const auto& call) {
      call(heed::packed{starts}, heed::causal, heed::dropout{.probability = 0.25, .seed = 3});
    });
    expect_same_bits({1100, 1400}, {how}, [&](auto, const auto& call) {
      call(heed::packed{starts, keys, lengths}, heed::causal);
    });
  }
}

TEST(attention_backward_across, types) {
  const auto causal = [](auto, const auto& call) { call(heed::causal); };
  for (const split how : splits) {
    expect_same_bits<float, Eigen::bfloat16>({600, 600}, {how}, causal);
    expect_same_bits<Eigen::half, Eigen::half>({300, 700}, {how}, causal);
    expect_same_bits<double, double>({300, 700}, {how}, causal);
  }
}

// ---- what has been learned beside

// The gradient of a bias: of every head, or summed over heads; and that of sinks.
void expect_same_learned(split how, bool summed) {
  const index n = 400, m = 600;
  const auto q = ranks::random(n, 4 * width, 1), k = ranks::random(m, 2 * width, 2),
             v = ranks::random(m, 2 * width, 3), d_out = ranks::random(n, 4 * width, 4),
             table = ranks::random(n, m, 5);
  const std::vector<double> logits{0.5, -1, 3, 0};
  row_matrix<float> out(n, 4 * width), lse(n, 4), d_q(n, 4 * width), d_k(m, 2 * width),
      d_v(m, 2 * width), d_table(summed ? n : 4 * n, m);
  std::vector<double> d_sink(4), to_sink(4, 9);
  heed::attention(q, k, v, out, all_heads, heed::causal, heed::bias(table), heed::sink(logits),
                  heed::log_sum_exp(lse));
  heed::attention_backward(q, k, v, out, lse, d_out, d_q, d_k, d_v, all_heads, heed::causal,
                           heed::bias(table), heed::sink(logits), heed::gradient_of_bias(d_table),
                           heed::gradient_of_sink(d_sink));
  const auto queries = ranks::counts_of(how, n, 6), keys = ranks::counts_of(how, m, 7);
  const auto own = [&](const auto& x) { return ranks::own_rows(x, how, queries); };
  const auto own_keys = [&](const auto& x) { return ranks::own_rows(x, how, keys); };
  using matrix = row_matrix<float>;
  const matrix own_q = own(q), own_out = own(out), own_lse = own(lse), own_d_out = own(d_out),
               own_table = own(table), own_k = own_keys(k), own_v = own_keys(v);
  const index rows = own_q.rows();
  matrix to_q(rows, 4 * width), to_k(own_k.rows(), 2 * width), to_v(own_k.rows(), 2 * width),
      to_table = matrix::Constant((summed ? 1 : 4) * rows, m, 9);
  heed::attention_backward(own_q, own_k, own_v, own_out, own_lse, own_d_out, to_q, to_k, to_v,
                           all_heads, heed::causal, heed::bias(own_table), heed::sink(logits),
                           heed::gradient_of_bias(to_table), heed::gradient_of_sink(to_sink),
                           heed::across(MPI_COMM_WORLD, how));
  EXPECT_TRUE(ranks::same_bits(to_q, own(d_q)));
  EXPECT_TRUE(ranks::same_bits(to_k, own_keys(d_k)));
  EXPECT_TRUE(ranks::same_bits(to_v, own_keys(d_v)));
  EXPECT_EQ(to_sink, d_sink);
  for (index h = 0; h < (summed ? 1 : 4); ++h) {
    const matrix all = d_table.middleRows(h * n, n), some = to_table.middleRows(h * rows, rows);
    EXPECT_TRUE(ranks::same_bits(some, own(all))) << h;
  }
}

TEST(attention_backward_across, bias_and_sinks_learn) {
  for (const split how : splits)
    for (const bool summed : {false, true}) expect_same_learned(how, summed);
}

// ---- what travels

template <class... Rules>
heed::traffic traffic_of(index rows, const Rules&... rules) {
  const auto x = ranks::random(rows, width, 1 + static_cast<unsigned>(ranks::rank()));
  row_matrix<float> out(rows, width), lse(rows, 1), d_q(rows, width), d_k(rows, width),
      d_v(rows, width);
  heed::traffic cost;
  heed::attention(x, x, x, out, rules..., heed::log_sum_exp(lse), heed::across(MPI_COMM_WORLD));
  heed::attention_backward(x, x, x, out, lse, x, d_q, d_k, d_v, rules...,
                           heed::across(MPI_COMM_WORLD, {.report = &cost}));
  return cost;
}

TEST(attention_backward_across, excluded_blocks_stay) {
  const heed::traffic alone = traffic_of(512, heed::window{.left = 0, .right = 0});
  EXPECT_EQ(alone.bytes_sent, 0);
  EXPECT_EQ(alone.blocks_left_out, ranks::count() - 1);
  // A rank gets keys, values and their gradients of the ranks before, and the gradients of its own.
  const heed::traffic causal = traffic_of(2048, heed::causal);
  const double block = 2048 * 2 * width * 4.0;
  const bool last = ranks::rank() == ranks::count() - 1;
  EXPECT_EQ(causal.bytes_received, block * (last ? ranks::rank() : 2 * ranks::rank() + 1));
  EXPECT_EQ(causal.blocks_left_out, 4 * (ranks::count() - 1 - ranks::rank()));
}

// ---- ranks that do not fit together

template <class Call>
std::string refusal(const Call& call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

template <class... Rules>
void call(index rows_of_lse, const Rules&... rules) {
  const auto x = ranks::random(600, 16, 1);
  row_matrix<float> out(600, 16), lse(600, 1), d_q(600, 16), d_k(600, 16), d_v(600, 16);
  heed::attention(x, x, x, out, heed::log_sum_exp(lse));
  const row_matrix<float> some = lse.topRows(rows_of_lse);
  heed::attention_backward(x, x, x, out, some, x, d_q, d_k, d_v, rules...,
                           heed::across(MPI_COMM_WORLD));
}

TEST(attention_backward_across, faults_are_said_on_all_ranks) {
  if (ranks::count() < 2) GTEST_SKIP() << "one rank agrees with itself";
  const bool last = ranks::rank() == ranks::count() - 1;
  const std::string last_rank = "rank " + std::to_string(ranks::count() - 1);
  const std::string of_all = last_rank + " of " + std::to_string(ranks::count());
  EXPECT_EQ(refusal([&] { call(last ? 5 : 600, heed::causal); }),
            "heed::attention_backward: log_sum_exp is 5x1, but it must be 600x1 (" + of_all + ")");
  EXPECT_EQ(
      refusal([&] { last ? call(600, heed::causal, heed::accumulate) : call(600, heed::causal); }),
      "heed::attention_backward: sum of 1 (accumulate), 2 (gradient_of_bias) and 4 "
      "(gradient_of_sink) differs between ranks: it is 1 on " +
          last_rank + ", and 0 on rank 0");
  EXPECT_EQ(refusal([&] {
              const auto x = ranks::random(600, 16, 1);
              row_matrix<float> out(600, 16);
              if (last)
                heed::attention(x, x, x, out, heed::causal, heed::across(MPI_COMM_WORLD));
              else
                heed::attention_backward(x, x, x, out, row_matrix<float>(600, 1), x, out, out, out,
                                         heed::causal, heed::across(MPI_COMM_WORLD));
            }),
            "heed::attention_backward: " + last_rank +
                " calls heed::attention, but rank 0 calls heed::attention_backward");
  const auto picky = heed::score([](auto s, heed::at i) {
    if (i.query == 600 * ranks::count() - 1 && i.key == 40)
      throw std::runtime_error("no score for key 40");
    return s;
  });
  EXPECT_EQ(refusal([&] { call(600, heed::causal, picky); }),
            last ? "no score for key 40"
                 : "heed::attention_backward: " + of_all + " failed: no score for key 40");
  EXPECT_EQ(refusal([&] { call(600, heed::causal); }), "");
}

}  // namespace

int main(int arguments, char** argument) { return ranks::run_all(arguments, argument); }
