// SPDX-License-Identifier: MIT
// Attention over rows that several processes hold has the bits of one process. Run by mpiexec.
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
constexpr index width = 16, value_width = 24;

struct sizes {
  index queries;
  index keys;
};

// One process over all rows beside all ranks over theirs. `rules` gives the modifiers of a call, given
// the rows of a matrix that the call's queries are.
template <class Scalar = float, class Storage = float, class Rules>
void expect_same_bits(sizes n, split how, const Rules& rules, unsigned seed = 1,
                      index block_rows = 1024) {
  const auto q = ranks::random<Scalar>(n.queries, 4 * width, seed);
  const auto k = ranks::random<Storage>(n.keys, 2 * width, seed + 1);
  const auto v = ranks::random<Storage>(n.keys, 2 * value_width, seed + 2);
  const auto of_queries = ranks::counts_of(how, n.queries, seed + 3);
  const auto of_keys = ranks::counts_of(how, n.keys, seed + 4);
  using sum = heed::accumulator_t<Scalar>;
  row_matrix<Scalar> whole(n.queries, 4 * value_width);
  row_matrix<sum> whole_lse(n.queries, 4);
  if (ranks::rank() == 0)
    rules([&](const auto& m) { return m; },
          [&](const auto&... rule) {
            heed::attention(q, k, v, whole, all_heads, heed::log_sum_exp(whole_lse), rule...);
          });
  ranks::from_rank_0(whole);
  ranks::from_rank_0(whole_lse);
  const auto own = [&](const auto& m) { return ranks::own_rows(m, how, of_queries); };
  const row_matrix<Scalar> own_q = own(q);
  const row_matrix<Storage> own_k = ranks::own_rows(k, how, of_keys);
  const row_matrix<Storage> own_v = ranks::own_rows(v, how, of_keys);
  row_matrix<Scalar> out = whole.Constant(own_q.rows(), 4 * value_width, Scalar(7));
  row_matrix<sum> lse = whole_lse.Constant(own_q.rows(), 4, 7);
  rules(own, [&](const auto&... rule) {
    heed::attention(own_q, own_k, own_v, out, all_heads, heed::log_sum_exp(lse), rule...,
                    heed::across(MPI_COMM_WORLD, how, {.block_rows = block_rows}));
  });
  EXPECT_TRUE(ranks::same_bits(out, own(whole)));
  EXPECT_TRUE(ranks::same_bits(lse, own(whole_lse)));
}

constexpr split splits[] = {heed::in_order, heed::zigzag, heed::dealt};

TEST(attention_across, without_rules) {
  for (const split how : splits)
    expect_same_bits({300, 1500}, how, [](auto, const auto& call) { call(); });
}

TEST(attention_across, few_queries_or_keys) {
  for (const sizes n : {sizes{1, 1300}, {5, 700}, {40, 64}, {0, 10}, {10, 0}, {1, 1}})
    expect_same_bits(n, heed::zigzag, [](auto, const auto& call) { call(heed::causal); });
  expect_same_bits({3, 1300}, heed::dealt, [](auto, const auto& call) { call(heed::causal); });
}

TEST(attention_across, causal_and_window) {
  const auto mask = (heed::causal && heed::window{.left = 255}) || heed::prefix(16);
  for (const split how : splits)
    expect_same_bits({1400, 1400}, how, [&](auto, const auto& call) { call(mask); });
  for (const index block_rows : {1, 1 << 20})
    expect_same_bits(
        {1400, 1400}, heed::zigzag, [](auto, const auto& call) { call(heed::causal); }, 6,
        block_rows);
}

TEST(attention_across, causal_from_and_scores) {
  const auto far = heed::score([](float s, heed::at i) {
    return s - 0.01F * static_cast<float>(i.query - i.key) + 0.1F * static_cast<float>(i.row % 3);
  });
  for (const split how : splits)
    expect_same_bits({700, 900}, how, [&](auto, const auto& call) {
      call(heed::causal_from(100), far, heed::soft_cap(20), heed::alibi);
    });
}

TEST(attention_across, bias_and_keep) {
  auto bias = ranks::random(600, 1100, 7);
  for (index i = 0; i < 600; i += 3) bias(i, i) = -std::numeric_limits<float>::infinity();
  row_matrix<bool> keep = (ranks::random(600, 1100, 8).array() > -1).matrix();
  keep.row(17).setConstant(false);
  for (const split how : splits)
    expect_same_bits({600, 1100}, how, [&](const auto& own, const auto& call) {
      const auto b = own(bias);
      const auto k = own(keep);
      call(heed::bias(b), heed::keep(k));
    });
}

TEST(attention_across, documents_and_sinks) {
  std::vector<int> ids(1300);
  for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int>(i / 170 % 5);
  const std::vector<double> logits{0.5, -1, 3, 0};
  for (const split how : splits)
    expect_same_bits({1300, 1300}, how, [&](auto, const auto& call) {
      call(heed::causal && heed::documents(ids), heed::sink(logits));
    });
}

TEST(attention_across, packed) {
  const std::vector<index> starts{0, 7, 7, 700, 719, 1900};
  const std::vector<index> keys{0, 30, 40, 1100, 1180, 2600};
  const std::vector<index> lengths{20, 10, 1060, 0, 1300};
  for (const split how : splits) {
    expect_same_bits({1900, 1900}, how, [&](auto, const auto& call) {
      call(heed::packed{starts}, heed::causal, heed::dropout{.probability = 0.25, .seed = 3});
    });
    expect_same_bits({1900, 2600}, how, [&](auto, const auto& call) {
      call(heed::packed{starts, keys, lengths}, heed::causal);
    });
  }
}

TEST(attention_across, types) {
  for (const split how : splits) {
    const auto causal = [](auto, const auto& call) { call(heed::causal); };
    expect_same_bits<float, Eigen::bfloat16>({900, 900}, how, causal);
  }
}

// Sums of weighted values that overflow are mended as in one process.
TEST(attention_across, overflow) {
  const index n = 600;
  const auto q = ranks::random(n, width, 1), k = ranks::random(n, width, 2);
  row_matrix<float> v = ranks::random(n, width, 3), whole(n, width);
  v.col(3).setConstant(3e38F);
  heed::attention(q, k, v, whole);
  EXPECT_TRUE(whole.allFinite());
  const auto counts = ranks::uneven(n, 4);
  const auto own = [&](const auto& m) { return ranks::own_rows(m, heed::in_order, counts); };
  const row_matrix<float> own_q = own(q), own_k = own(k), own_v = own(v);
  row_matrix<float> out(own_q.rows(), width);
  heed::attention(own_q, own_k, own_v, out, heed::across(MPI_COMM_WORLD));
  EXPECT_TRUE(ranks::same_bits(out, own(whole)));
}

// A mask that excludes blocks keeps them from being sent.
TEST(attention_across, excluded_blocks_stay) {
  const index n = 512 * ranks::count();
  const auto x = ranks::random(512, width, 1 + static_cast<unsigned>(ranks::rank()));
  row_matrix<float> out(512, width);
  heed::traffic cost;
  heed::attention(x, x, x, out, heed::window{.left = 0, .right = 0},
                  heed::across(MPI_COMM_WORLD, {.block_rows = 512, .report = &cost}));
  EXPECT_EQ(cost.bytes_sent, 0);
  EXPECT_EQ(cost.blocks_left_out, ranks::count() - 1);
  heed::attention(x, x, x, out, heed::causal,
                  heed::across(MPI_COMM_WORLD, {.block_rows = 512, .report = &cost}));
  EXPECT_EQ(cost.bytes_received, ranks::rank() * 512 * 2 * width * 4.0);
  EXPECT_EQ(cost.blocks_left_out, n / 512 - 1 - ranks::rank());
}

// ---- sums of a cache that several ranks have

template <class Storage = float, class Rules>
void expect_same_bits_over_keys(sizes n, split how, const Rules& rules, unsigned seed = 1) {
  const auto q = ranks::random(n.queries, 4 * width, seed);
  const auto k = ranks::random<Storage>(n.keys, 2 * width, seed + 1);
  const auto v = ranks::random<Storage>(n.keys, 2 * value_width, seed + 2);
  const auto counts = ranks::counts_of(how, n.keys, seed + 4);
  row_matrix<float> whole(n.queries, 4 * value_width), whole_lse(n.queries, 4);
  row_matrix<float> out = whole.Constant(n.queries, 4 * value_width, 7);
  row_matrix<float> lse = out.Constant(n.queries, 4, 7);
  rules([&](const auto&... rule) {
    heed::attention(q, k, v, whole, all_heads, heed::log_sum_exp(whole_lse), rule...);
  });
  const row_matrix<Storage> own_k = ranks::own_rows(k, how, counts);
  const row_matrix<Storage> own_v = ranks::own_rows(v, how, counts);
  rules([&](const auto&... rule) {
    heed::attention(q, own_k, own_v, out, all_heads, heed::log_sum_exp(lse), rule...,
                    heed::across_keys(MPI_COMM_WORLD, how));
  });
  EXPECT_TRUE(ranks::same_bits(out, whole));
  EXPECT_TRUE(ranks::same_bits(lse, whole_lse));
}

TEST(attention_across_keys, has_the_same_bits) {
  const std::vector<double> logits{0.5, -1, 3, 0};
  const auto causal = [](const auto& call) { call(heed::causal); };
  for (const split how : splits) {
    for (const sizes n : {sizes{1, 3000}, {1, 100}, {3, 2100}, {40, 1500}, {2, 0}, {0, 5}})
      expect_same_bits_over_keys(n, how, causal);
    expect_same_bits_over_keys({2, 2600}, how, [&](const auto& call) {
      call(heed::causal, heed::window{.left = 700}, heed::sink(logits));
    });
    expect_same_bits_over_keys<Eigen::bfloat16>({1, 2600}, how, causal);
  }
}

TEST(attention_across_keys, over_caches) {
  const auto q = ranks::random(1, 4 * width, 1);
  const auto k = ranks::random(2600, 2 * width, 2), v = ranks::random(2600, 2 * width, 3);
  row_matrix<float> whole(1, 4 * width), out(1, 4 * width);
  heed::kv_cache<float> cache({.capacity = 2600, .heads = 2, .width = width});
  for (index n = 1; n <= 2600; ++n) {
    if ((n - 1) / 512 % ranks::count() == ranks::rank()) cache.append(k.row(n - 1), v.row(n - 1));
    if (n % 515 != 1) continue;
    heed::attention(q, k.topRows(n), v.topRows(n), whole, all_heads, heed::causal);
    heed::attention(q, cache.keys(), cache.values(), out, all_heads, heed::causal,
                    heed::across_keys(MPI_COMM_WORLD, heed::dealt));
    EXPECT_TRUE(ranks::same_bits(out, whole)) << n;
  }
}

TEST(attention_across_keys, overflow) {
  const auto q = ranks::random(1, width, 1), k = ranks::random(1200, width, 2);
  row_matrix<float> v = ranks::random(1200, width, 3), whole(1, width), out(1, width);
  v.col(3).setConstant(3e38F);
  heed::attention(q, k, v, whole);
  EXPECT_TRUE(whole.allFinite());
  const auto counts = ranks::uneven(1200, 4);
  const row_matrix<float> own_k = ranks::own_rows(k, heed::in_order, counts),
                          own_v = ranks::own_rows(v, heed::in_order, counts);
  heed::attention(q, own_k, own_v, out, heed::across_keys(MPI_COMM_WORLD));
  EXPECT_TRUE(ranks::same_bits(out, whole));
}

// ---- ranks that do not fit together

// What a call throws on this rank; empty: nothing.
template <class Call>
std::string refusal(const Call& call) {
  try {
    call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

// The last rank's call is another one than that of the rest; `differ` is given whether this is the last rank.
class attention_faults : public testing::Test {
 protected:
  void SetUp() override {
    if (ranks::count() < 2) GTEST_SKIP() << "one rank agrees with itself";
  }
  // After a refusal all ranks can call again.
  void TearDown() override {
    if (ranks::count() < 2) return;
    EXPECT_EQ(refusal([&] { call(8, heed::heads{2}, heed::causal); }), "");
  }

  static bool last() { return ranks::rank() == ranks::count() - 1; }
  static std::string last_rank() { return "rank " + std::to_string(ranks::count() - 1); }

  template <class Storage = float, class... Rules>
  static void call(index columns, const Rules&... rules) {
    const auto q = ranks::random(600, columns, 1);
    const auto k = ranks::random<Storage>(600, columns, 2);
    row_matrix<float> out(600, columns);
    heed::attention(q, k, k, out, rules..., heed::across(MPI_COMM_WORLD));
  }
};

TEST_F(attention_faults, widths) {
  EXPECT_EQ(refusal([&] { call(last() ? 32 : 16, heed::causal); }),
            "heed::attention: head width differs between ranks: it is 32 on " + last_rank() +
                ", and 16 on rank 0");
}

TEST_F(attention_faults, types) {
  EXPECT_EQ(
      refusal([&] { last() ? call<Eigen::bfloat16>(16, heed::causal) : call(16, heed::causal); }),
      "heed::attention: dtype of k and v differs between ranks: it is BF16 on " + last_rank() +
          ", and F32 on rank 0");
}

TEST_F(attention_faults, heads_and_rules) {
  EXPECT_EQ(refusal([&] { call(16, heed::heads{last() ? 4 : 2}, heed::causal); }),
            "heed::attention: number of query heads differs between ranks: it is 4 on " +
                last_rank() + ", and 2 on rank 0");
  EXPECT_EQ(refusal([&] {
              call(16, (heed::causal && heed::window{.left = last() ? 9 : 8}) || heed::prefix(16));
            }),
            "heed::attention: rules differ between ranks: they are ((causal and window of 9 and "
            "2147483647) or prefix 16) on " +
                last_rank() +
                ", and ((causal and window of 8 and 2147483647) or prefix 16) on rank 0");
  EXPECT_EQ(refusal([&] { last() ? call(16) : call(16, heed::causal); }),
            "heed::attention: rules differ between ranks: they are no rule on " + last_rank() +
                ", and causal on rank 0");
  EXPECT_EQ(refusal([&] { call(16, heed::soft_cap(last() ? 20.000001 : 20)); }),
            "heed::attention: rules differ between ranks: they are soft_cap 20.000001 on " +
                last_rank() + ", and soft_cap 20 on rank 0");
}

// What is wrong on one rank alone is said on all.
TEST_F(attention_faults, one_rank_alone) {
  const std::string rank = " (" + last_rank() + " of " + std::to_string(ranks::count()) + ")";
  const auto x = ranks::random(100, 16, 1), y = ranks::random(last() ? 99 : 100, 16, 1);
  row_matrix<float> out(100, 16), lse(last() ? 5 : 100, 1);
  EXPECT_EQ(
      refusal([&] { heed::attention(x, x, y, out, heed::causal, heed::across(MPI_COMM_WORLD)); }),
      "heed::attention: k and v differ in rows: k is 100x16, v is 99x16" + rank);
  EXPECT_EQ(refusal([&] {
              heed::attention(x, x, x, out, heed::causal, heed::log_sum_exp(lse),
                              heed::across(MPI_COMM_WORLD));
            }),
            "heed::attention: log_sum_exp is 5x1, but it must be 100x1" + rank);
}

TEST_F(attention_faults, other_verbs) {
  const auto x = ranks::random(100, 16, 1);
  row_matrix<float> out(100, 16);
  EXPECT_EQ(refusal([&] {
              if (last())
                heed::attention(x, x, x, out, heed::causal, heed::across_keys(MPI_COMM_WORLD));
              else
                heed::attention(x, x, x, out, heed::causal, heed::across(MPI_COMM_WORLD));
            }),
            "heed::attention: " + last_rank() + " calls with across_keys, but rank 0 with across");
}

TEST_F(attention_faults, rule_that_throws) {
  const auto picky = heed::score([](float s, heed::at i) {
    if (i.query == 600 * ranks::count() - 1 && i.key == 40)
      throw std::runtime_error("no score for key 40");
    return s;
  });
  const std::string own = "no score for key 40";
  EXPECT_EQ(refusal([&] { call(16, heed::causal, picky); }),
            last() ? own
                   : "heed::attention: " + last_rank() + " of " + std::to_string(ranks::count()) +
                         " failed: " + own);
}

}  // namespace

int main(int arguments, char** argument) { return ranks::run_all(arguments, argument); }
