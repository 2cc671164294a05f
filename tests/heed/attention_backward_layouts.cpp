// SPDX-License-Identifier: MIT
// The gradients of attention for sizes around those of tiles, in any layout, for any number of threads.
#include "support/gradients.hpp"
#include "support/guarded.hpp"
#include "support/on_threads.hpp"
#include "support/same_bits.hpp"

#include <heed/attention_backward.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

namespace heed {
namespace {

using support::gradient_case;
using support::gradient_sizes;
using support::same_bits;

constexpr double tolerance = 30;

TEST(attention_backward_layouts, sizes_around_those_of_tiles) {
  for (const index queries : {1, 2, 33, 63, 64, 65, 129})
    for (const index keys : {1, 2, 64, 65, 255, 257}) {
      gradient_case<float> c{{queries, keys, 2, 1, 5, 3}};
      c.run(causal && window{.left = 100});
      EXPECT_LT(c.error(), tolerance) << queries << " x " << keys;
    }
  for (const index width : {1, 7, 16, 33, 48, 64, 80, 128}) {
    gradient_case<float> c{{70, 90, 1, 1, width, 129 - width}};
    c.run(causal);
    EXPECT_LT(c.error(), tolerance) << width;
  }
}

TEST(attention_backward_layouts, of_nothing) {
  for (const gradient_sizes& n : {gradient_sizes{0, 5, 2, 1, 4, 4},
                                  {5, 0, 2, 1, 4, 4},
                                  {0, 0, 2, 1, 4, 4},
                                  {5, 5, 2, 1, 4, 0}}) {
    gradient_case<double> c{n};
    c.d_q.setConstant(9), c.d_k.setConstant(9), c.d_v.setConstant(9);
    c.backward(causal);
    EXPECT_TRUE(c.d_q.isZero(0) && c.d_k.isZero(0) && c.d_v.isZero(0));
  }
}

TEST(attention_backward_layouts, many_queries) {
  gradient_case<float> c{{2100, 300, 1, 1, 8, 8}};
  c.run(causal_from(0));
  EXPECT_LT(c.error(), tolerance);
}

// Every matrix in each layout, and nothing written beside d_q, d_k and d_v.
TEST(attention_backward_layouts, any_storage_order_and_stride) {
  using support::guarded;
  using support::layout;
  gradient_case<float> c{{70, 150, 4, 2, 12, 10}};
  c.run(causal);
  for (const layout order : {layout::row_major, layout::column_major, layout::strided})
    for (const bool adds : {false, true}) {
      const auto in = [&](const auto& m) {
        guarded<float> g(m.rows(), m.cols(), order, 7);
        g.matrix() = m;
        return g;
      };
      auto q = in(c.q), k = in(c.k), v = in(c.v), out = in(c.out), lse = in(c.lse),
           d_out = in(c.d_out);
      auto d_q = in(0 * c.q), d_k = in(0 * c.k), d_v = in(0 * c.v);
      auto to_q = d_q.matrix(), to_k = d_k.matrix(), to_v = d_v.matrix();
      const auto run = [&](const auto&... more) {
        attention_backward(q.matrix(), k.matrix(), v.matrix(), out.matrix(), lse.matrix(),
                           d_out.matrix(), to_q, to_k, to_v, c.heads(), causal, more...);
      };
      adds ? run(accumulate) : run();
      EXPECT_TRUE(same_bits(to_q, c.d_q) && same_bits(to_k, c.d_k) && same_bits(to_v, c.d_v));
      EXPECT_TRUE(d_q.intact() && d_k.intact() && d_v.intact());
    }
}

TEST(attention_backward_layouts, stored_as_half_with_gradients_of_float) {
  using half_matrix = Eigen::Matrix<Eigen::half, Eigen::Dynamic, Eigen::Dynamic>;
  gradient_case<float> c{{70, 90, 2, 2, 16, 16}};
  const half_matrix q = c.q.cast<Eigen::half>(), k = c.k.cast<Eigen::half>(),
                    v = c.v.cast<Eigen::half>(), d_out = c.d_out.cast<Eigen::half>();
  half_matrix out(70, 32);
  attention(q, k, v, out, c.heads(), causal, log_sum_exp(c.lse));
  attention_backward(q, k, v, out, c.lse, d_out, c.d_q, c.d_k, c.d_v, c.heads(), causal);
  const gradient_case<float> stored = c;
  c.q = q.cast<float>(), c.k = k.cast<float>(), c.v = v.cast<float>();
  c.d_out = d_out.cast<float>(), c.out = out.cast<float>();
  c.backward(causal);
  EXPECT_TRUE(same_bits(stored.d_q, c.d_q) && same_bits(stored.d_k, c.d_k) &&
              same_bits(stored.d_v, c.d_v));
}

// One head of one sequence, a batch, and a bias that all heads share.
TEST(attention_backward_layouts, same_bits_for_any_number_of_threads) {
  const auto compare = [](const gradient_sizes& n, const auto& find) {
    gradient_case<float> alone{n};
    find(alone, 1);
    for (const index threads : {2, 3, 5}) {
      gradient_case<float> c = alone;
      c.d_q.setConstant(9), c.d_k.setConstant(9), c.d_v.setConstant(9);
      find(c, threads);
      EXPECT_TRUE(same_bits(alone.d_q, c.d_q) && same_bits(alone.d_k, c.d_k) &&
                  same_bits(alone.d_v, c.d_v))
          << threads << " threads";
    }
  };
  for (const gradient_sizes& n : {gradient_sizes{900, 1100, 1, 1, 16, 16}, {2300, 500, 2, 1, 8, 8}})
    compare(n, [](auto& c, index threads) {
      c.forward(causal);
      c.backward(causal, on(support::on_threads, threads));
    });
  compare({500, 700, 4, 2, 16, 16}, [](auto& c, index threads) {
    const std::vector<index> queries{0, 100, 101, 101, 500}, keys{0, 300, 301, 302, 700};
    c.forward(packed(queries, keys), window{.left = 50});
    c.backward(packed(queries, keys), window{.left = 50}, on(support::on_threads, threads));
  });
  std::vector<Eigen::MatrixXf> tables;
  compare({300, 600, 4, 2, 16, 16}, [&](auto& c, index threads) {
    const Eigen::MatrixXf table = Eigen::MatrixXf::Constant(300, 600, 0.5f);
    Eigen::MatrixXf d_table(300, 600), d_slopes(4, 1);
    c.forward(bias(table), alibi());
    c.backward(bias(table), alibi(), gradient_of_bias(d_table), gradient_of_slopes(d_slopes),
               on(support::on_threads, threads));
    tables.push_back(d_table);
    tables.push_back(d_slopes);
    EXPECT_TRUE(same_bits(tables[0], d_table) && same_bits(tables[1], d_slopes));
  });
}

TEST(attention_backward_layouts, hands_on_what_a_rule_throws) {
  gradient_case<float> c{{900, 1100, 1, 1, 16, 16}};
  c.forward();
  const auto thrower = where([](at i) {
    if (i.key == 300 && i.row == 500) throw std::runtime_error("a rule's own");
    return true;
  });
  EXPECT_THROW(c.backward(thrower, on(support::on_threads, 3)), std::runtime_error);
}

// What is true of the gradients whatever the numbers are.
TEST(attention_backward_layouts, properties) {
  gradient_case<double> c{{60, 80, 3, 3, 8, 8}};
  c.run(causal);
  // Probabilities sum to 1: so do their gradients to 0, and d_v to d_out.
  EXPECT_LT((c.d_v.colwise().sum() - c.d_out.colwise().sum()).cwiseAbs().maxCoeff(), 1e-12);
  gradient_case<double> other = c;
  // A number added to all keys shifts the scores of a row alike.
  for (index j = 0; j < 24; ++j) other.k.col(j).array() += 0.5;
  other.run(causal);
  EXPECT_LT((other.d_v - c.d_v).cwiseAbs().maxCoeff(), 1e-12);
  EXPECT_LT((other.d_q - c.d_q).cwiseAbs().maxCoeff(), 1e-12);
  // Heads that change places take their gradients along.
  other = c;
  for (auto* m : {&other.q, &other.k, &other.v, &other.d_out}) m->leftCols(8).swap(m->rightCols(8));
  other.run(causal);
  EXPECT_TRUE(same_bits(other.d_q.leftCols(8).eval(), c.d_q.rightCols(8).eval()));
  EXPECT_TRUE(same_bits(other.d_k.leftCols(8).eval(), c.d_k.rightCols(8).eval()));
}

}  // namespace
}  // namespace heed
