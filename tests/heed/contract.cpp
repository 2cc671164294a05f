// SPDX-License-Identifier: MIT
// The lines that must compile and mean what they say, as users write them.
#include <heed/heed.hpp>

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace {

using Eigen::MatrixXf;

MatrixXf exactly(const Eigen::MatrixXd& m) { return m.cast<float>(); }

// Both are a few roundings of numbers near 1.
void expect_close(const MatrixXf& got, const MatrixXf& want) {
  ASSERT_EQ(got.rows(), want.rows());
  ASSERT_EQ(got.cols(), want.cols());
  EXPECT_LE((got - want).cwiseAbs().maxCoeff(), 1e-5f);
}

TEST(contract, masks_and_score_rules) {
  const MatrixXf q = MatrixXf::Random(20, 8), k = MatrixXf::Random(20, 8),
                 v = MatrixXf::Random(20, 8);
  MatrixXf out = heed::attention(q, k, v);
  expect_close(out, exactly(heed::reference::attention(q, k, v)));
  heed::attention(q, k, v, out);

  std::vector<bool> padded(20, false);
  padded[3] = padded[19] = true;
  const Eigen::Matrix<bool, Eigen::Dynamic, Eigen::Dynamic> bool_matrix =
      MatrixXf::Random(20, 20).array() > 0;
  std::vector<int> ids(20, 1);
  ids[0] = ids[1] = 0;
  const MatrixXf matrix = MatrixXf::Random(20, 20);
  const std::vector<float> logits{0.5f};
  const auto meets_the_textbook = [&](const auto&... modifiers) {
    heed::attention(q, k, v, out, modifiers...);
    expect_close(out, exactly(heed::reference::attention(q, k, v, modifiers...)));
  };
  meets_the_textbook(heed::causal);
  meets_the_textbook(heed::causal_from(0));
  meets_the_textbook((heed::causal && heed::window{.left = 255}) || heed::prefix(16));
  meets_the_textbook(heed::causal && !heed::where([&](heed::at i) {
                       return padded[static_cast<std::size_t>(i.key)];
                     }));
  meets_the_textbook(heed::keep(bool_matrix));
  meets_the_textbook(heed::key_length(17));
  meets_the_textbook(heed::documents(ids));
  meets_the_textbook(heed::causal, heed::scale(0.1f), heed::soft_cap(30.f));
  meets_the_textbook(heed::heads{.query = 8}, heed::causal, heed::alibi());
  meets_the_textbook(heed::bias(matrix));
  meets_the_textbook(heed::sink(logits));
  meets_the_textbook(heed::causal, heed::score([](float s, heed::at i) {
                       return s - 0.1f * float(i.query - i.key);
                     }));
}

TEST(contract, heads_batches_and_what_else_a_call_gives_or_takes) {
  const MatrixXf qkv = MatrixXf::Random(42, 768);
  MatrixXf out(42, 512), lse(42, 8), w(8 * 42, 42);
  heed::attention(qkv.leftCols(512), qkv.middleCols(512, 128), qkv.rightCols(128), out,
                  heed::heads{.query = 8, .kv = 2}, heed::causal);
  const MatrixXf q = qkv.leftCols(512), k = qkv.middleCols(512, 128), v = qkv.rightCols(128);
  expect_close(out, exactly(heed::reference::attention(q, k, v, heed::heads{8, 2}, heed::causal)));

  std::array<heed::index, 4> starts{0, 7, 19, 42};
  heed::attention(q, k, v, out, heed::heads{8, 2}, heed::packed{starts}, heed::causal);
  expect_close(out, exactly(heed::reference::attention(q, k, v, heed::heads{8, 2},
                                                       heed::packed{starts}, heed::causal)));

  heed::scratch scratch;
  const auto threads = [](heed::index n, auto&& work) {
    for (heed::index i = 0; i < n; ++i) work(i);
  };
  heed::attention(q, k, v, out, heed::heads{8, 2}, heed::causal, heed::log_sum_exp(lse));
  heed::attention(q, k, v, out, heed::heads{8, 2}, heed::causal, heed::weights(w));
  heed::attention(q, k, v, out, heed::heads{8, 2}, heed::causal, heed::in(scratch),
                  heed::on(threads));
  EXPECT_NEAR(w.row(41).sum(), 1, 1e-5);
  EXPECT_NEAR(std::exp(lse(0, 0) - q.row(0).head(64).dot(k.row(0).head(64)) / 8), 1, 1e-4);
}

TEST(contract, decoding) {
  const MatrixXf q = MatrixXf::Random(5, 512), k = MatrixXf::Random(5, 128),
                 v = MatrixXf::Random(5, 128);
  heed::kv_cache<float> cache({.capacity = 4096, .heads = 2, .width = 64});
  for (int token = 0; token < 5; ++token) {
    const MatrixXf q_new = q.row(token), k_new = k.row(token), v_new = v.row(token);
    MatrixXf out(1, 512);
    cache.append(k_new, v_new);
    heed::attention(q_new, cache.keys(), cache.values(), out, heed::heads{8, 2}, heed::causal);
    expect_close(
        out,
        exactly(heed::reference::attention(q, k, v, heed::heads{8, 2}, heed::causal).row(token)));
  }
}

TEST(contract, from_token_ids_to_context_vectors) {
  const std::vector<int> ids{5, 17, 5};
  heed::token_embedding<float> words({.vocabulary = 50, .model = 768});
  heed::position_embedding<float> places({.positions = 1024, .model = 768});
  MatrixXf x = words(ids) + places(0, ids.size());
  heed::qkv_projection<float> project({.model = 768, .heads = 12});
  auto [Q, K, V] = project(x);
  heed::multi_head_attention<float> mha({.model = 768, .heads = 12, .kv_heads = 12});
  MatrixXf y(3, 768);
  mha(x, y, heed::causal);
  EXPECT_EQ(mha.query.weight.rows(), 768);
  Eigen::MatrixXd exact = heed::reference::attention(Q, K, V, heed::heads{12}, heed::causal);
  EXPECT_EQ(exact.cols(), 768);
}

TEST(contract, gradients) {
  const MatrixXf q = MatrixXf::Random(5, 8), k = q, v = q, d_out = q;
  MatrixXf out(5, 8), lse(5, 1), d_q(5, 8), d_k(5, 8), d_v(5, 8);
  heed::attention(q, k, v, out, heed::causal, heed::log_sum_exp(lse));
  heed::attention_backward(q, k, v, out, lse, d_out, d_q, d_k, d_v, heed::causal);
  MatrixXf exact_q = d_q, exact_k = d_k, exact_v = d_v;
  heed::reference::attention_backward(q, k, v, out, lse, d_out, exact_q, exact_k, exact_v,
                                      heed::causal);
  expect_close(d_q, exact_q);
  expect_close(d_k, exact_k);
  expect_close(d_v, exact_v);
}

}  // namespace
