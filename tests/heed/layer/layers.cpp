// SPDX-License-Identifier: MIT
// From token ids to context vectors: embeddings, projections, multi-head attention.
#include "support/refusal.hpp"

#include <heed/heed.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using Eigen::MatrixXd;
using Eigen::MatrixXf;
using support::refusal;

TEST(token_embedding, looks_rows_up) {
  const heed::token_embedding<float> words({.vocabulary = 10, .model = 4});
  const std::vector<int> ids{3, 9, 3};
  const MatrixXf x = words(ids);
  EXPECT_EQ(x.row(0), words.weight.row(3));
  EXPECT_EQ(x.row(1), words.weight.row(9));
  EXPECT_EQ(x.row(2), x.row(0));
  const Eigen::VectorXi vector = Eigen::VectorXi::Constant(2, 9);
  EXPECT_EQ(words(vector).row(1), words.weight.row(9));
  EXPECT_NEAR(std::sqrt(heed::token_embedding<double>({.vocabulary = 500, .model = 200})
                            .weight.cwiseAbs2()
                            .mean()),
              0.02, 3e-4);
}

TEST(token_embedding, refuses_ids_outside_the_vocabulary) {
  const heed::token_embedding<float> words({.vocabulary = 10, .model = 4});
  MatrixXf out = MatrixXf::Constant(2, 4, 7);
  EXPECT_EQ(refusal<std::out_of_range>([&] {
              words(std::vector{3, 10}, out);
            }),
            "heed::token_embedding: id 10 at place 1 is outside the vocabulary of 10");
  EXPECT_EQ(refusal<std::out_of_range>([&] {
              words(std::vector{-1, 3}, out);
            }),
            "heed::token_embedding: id -1 at place 0 is outside the vocabulary of 10");
  EXPECT_EQ(out, MatrixXf::Constant(2, 4, 7));
  EXPECT_EQ(refusal<heed::shape_error>([&] {
              words(std::vector{1, 2, 3}, out);
            }),
            "heed::token_embedding: out is 2x4, but it must be 3x4");
}

TEST(position_embedding, adds_rows_from_a_place_on) {
  const heed::position_embedding<float> places({.positions = 8, .model = 4});
  EXPECT_EQ(places(2, 3), places.weight.middleRows(2, 3));
  MatrixXf x = MatrixXf::Ones(3, 4);
  places.add(x, 5);
  EXPECT_EQ(x, MatrixXf(places.weight.middleRows(5, 3).array() + 1));
  EXPECT_EQ(refusal<std::out_of_range>([&] { (void)places(6, 3); }),
            "heed::position_embedding: positions 6 to 9 are outside the table of 8");
  EXPECT_EQ(refusal<std::out_of_range>([&] { places.add(x, -1); }),
            "heed::position_embedding: positions -1 to 2 are outside the table of 8");
}

TEST(qkv_projection, separate_and_fused_weights_agree) {
  const heed::fused_qkv_projection<float> fused(
      {.model = 12, .heads = 6, .kv_heads = 2, .width = 4});
  heed::qkv_projection<float> apart({.model = 12, .heads = 6, .kv_heads = 2, .width = 4});
  apart.assign_fused(fused.all.weight, fused.all.bias);
  const MatrixXf x = MatrixXf::Random(5, 12);
  const auto together = fused(x);
  const auto [q, k, v] = apart(x);
  EXPECT_EQ(q.cols(), 24);
  EXPECT_EQ(k.cols(), 8);
  EXPECT_EQ(q, fused.query(together));
  EXPECT_EQ(k, fused.key(together));
  EXPECT_EQ(v, fused.value(together));
  EXPECT_EQ(
      refusal<heed::shape_error>([&] { apart.assign_fused(MatrixXf(12, 24), Eigen::VectorXf()); }),
      "heed::qkv_projection: the fused weight is 12x24 with a bias of 0, but it must be 12x40");
  EXPECT_EQ(
      refusal<heed::shape_error>([] { heed::qkv_projection<float>({.model = 10, .heads = 3}); }),
      "heed::qkv_projection: model is 10, which 3 heads do not divide; give a width");
  EXPECT_EQ(heed::qkv_projection<float>({.model = 12, .heads = 3, .bias = false}).query.bias.size(),
            0);
}

// The formula of the layer, in double, from its public weights.
template <class... Modifiers>
MatrixXd textbook(const heed::multi_head_attention<float>& mha, const MatrixXf& x,
                  const MatrixXf& memory, const Modifiers&... m) {
  const auto apply = [](const heed::linear<float>& l, const MatrixXd& in) {
    MatrixXd y = in * l.weight.cast<double>();
    if (l.bias.size() > 0) y.rowwise() += l.bias.cast<double>();
    return y;
  };
  const MatrixXd q = apply(mha.query, x.cast<double>()), k = apply(mha.key, memory.cast<double>()),
                 v = apply(mha.value, memory.cast<double>());
  return apply(mha.output, heed::reference::attention(q, k, v, mha.heads, m...));
}

TEST(multi_head_attention, is_its_formula) {
  heed::multi_head_attention<float> mha({.model = 24, .heads = 6, .kv_heads = 3, .width = 8});
  mha.query.bias.setRandom();
  mha.output.bias.setRandom();
  const MatrixXf x = MatrixXf::Random(70, 24), memory = MatrixXf::Random(33, 24);
  MatrixXf y(70, 24);
  // three products of at most 48 terms and an average: 1e-5 is some hundred roundings of numbers
  // near 1
  mha(x, y, heed::causal);
  EXPECT_LE((y.cast<double>() - textbook(mha, x, x, heed::causal)).cwiseAbs().maxCoeff(), 1e-5);
  EXPECT_EQ(mha(x, heed::causal), y);
  mha(x, memory, y);
  EXPECT_LE((y.cast<double>() - textbook(mha, x, memory)).cwiseAbs().maxCoeff(), 1e-5);
  const std::vector<heed::index> starts{0, 20, 70};
  mha(x, y, heed::packed{starts}, heed::causal);
  EXPECT_LE((y.cast<double>() - textbook(mha, x, x, heed::packed{starts}, heed::causal))
                .cwiseAbs()
                .maxCoeff(),
            1e-5);
}

TEST(qkv_projection, names_itself_in_refusals) {
  const MatrixXf x = MatrixXf::Random(7, 20);
  const heed::qkv_projection<float> apart({.model = 24, .heads = 6});
  EXPECT_EQ(refusal<heed::shape_error>([&] { (void)apart(x); }),
            "heed::qkv_projection: x is 7x20, but query.weight is 24x24 (inputs x outputs)");
  const heed::fused_qkv_projection<float> fused({.model = 24, .heads = 6});
  EXPECT_EQ(refusal<heed::shape_error>([&] { (void)fused(x); }),
            "heed::fused_qkv_projection: x is 7x20, but all.weight is 24x72 (inputs x outputs)");
}

TEST(multi_head_attention, refuses_what_does_not_fit) {
  const heed::multi_head_attention<float> mha({.model = 24, .heads = 6});
  const MatrixXf x = MatrixXf::Random(7, 20);
  MatrixXf y(7, 24);
  EXPECT_EQ(refusal<heed::shape_error>([&] { mha(x, y); }),
            "heed::multi_head_attention: x is 7x20, but query.weight is 24x24 (inputs x outputs)");
  EXPECT_EQ(refusal<heed::shape_error>([&] { (void)mha(x); }),
            "heed::multi_head_attention: x is 7x20, but query.weight is 24x24 (inputs x outputs)");
  const MatrixXf tokens = MatrixXf::Random(7, 24);
  y.setConstant(3);
  const MatrixXf before = y;
  EXPECT_EQ(
      refusal<heed::shape_error>([&] { mha(tokens, x, y); }),
      "heed::multi_head_attention: memory is 7x20, but key.weight is 24x24 (inputs x outputs)");
  EXPECT_EQ(
      refusal<heed::shape_error>([&] { mha(tokens, y, heed::bias(x)); }),
      "heed::multi_head_attention: bias is 7x20, but it must be 7x7 (queries x keys) or, with a "
      "matrix a head, 42x7 (heads * queries x keys)");
  auto changed = mha;
  changed.value.bias.resize(5);
  EXPECT_EQ(
      refusal<heed::shape_error>([&] { changed(tokens, y); }),
      "heed::multi_head_attention: value.bias has 5 elements, but value.weight is 24x24 (inputs "
      "x outputs)");
  changed = mha;
  changed.output.weight.resize(20, 24);
  EXPECT_EQ(refusal<heed::shape_error>([&] { changed(tokens, y); }),
            "heed::multi_head_attention: what the heads give is 7x24, but output.weight is 20x24 "
            "(inputs x outputs)");
  EXPECT_EQ(y, before);
  MatrixXf turned(24, 7);
  EXPECT_EQ(refusal<heed::shape_error>([&] { mha(tokens, turned); }),
            "heed::multi_head_attention: y is 24x7, but it must be 7x24; y looks transposed");
  EXPECT_EQ(
      refusal<heed::shape_error>([&] { (void)mha(turned); }),
      "heed::multi_head_attention: x is 24x7, but query.weight is 24x24 (inputs x outputs); x "
      "looks transposed");
  EXPECT_EQ(refusal<heed::shape_error>(
                [] { heed::multi_head_attention<float>({.model = 12, .heads = 5}); }),
            "heed::multi_head_attention: model is 12, which 5 heads do not divide; give a width");
}

TEST(layers, say_which_size_was_left_out) {
  using heed::shape_error;
  heed::head_sizes only_model{}, only_heads{};
  only_model.model = 12;
  only_heads.heads = 3;
  EXPECT_EQ(refusal<shape_error>([&] { heed::multi_head_attention<float> layer(only_model); }),
            "heed::multi_head_attention: heads was not given, or is 0; it is the number of query "
            "heads");
  EXPECT_EQ(refusal<shape_error>([&] { heed::qkv_projection<float> layer(only_heads); }),
            "heed::qkv_projection: model was not given, or is 0; it is the columns of x");
  EXPECT_EQ(refusal<shape_error>([&] { heed::fused_qkv_projection<float> layer(only_heads); }),
            "heed::fused_qkv_projection: model was not given, or is 0; it is the columns of x");
  EXPECT_EQ(refusal<shape_error>([] { heed::linear<float>({.inputs = 3, .outputs = 0}); }),
            "heed::linear: outputs was not given, or is 0; it is the columns of y");
  EXPECT_EQ(refusal<shape_error>([] { heed::linear<float>({.inputs = 0, .outputs = 3}); }),
            "heed::linear: inputs was not given, or is 0; it is the columns of x");
  EXPECT_EQ(
      refusal<shape_error>([] { heed::token_embedding<float>({.vocabulary = 10, .model = 0}); }),
      "heed::token_embedding: model was not given, or is 0; it is the columns of a token's "
      "vector");
  EXPECT_EQ(
      refusal<shape_error>([] { heed::token_embedding<float>({.vocabulary = 0, .model = 4}); }),
      "heed::token_embedding: vocabulary was not given, or is 0; it is the number of ids");
  EXPECT_EQ(
      refusal<shape_error>([] { heed::position_embedding<float>({.positions = 10, .model = 0}); }),
      "heed::position_embedding: model was not given, or is 0; it is the columns of a place's "
      "vector");
  EXPECT_EQ(
      refusal<shape_error>([] { heed::position_embedding<float>({.positions = 0, .model = 4}); }),
      "heed::position_embedding: positions was not given, or is 0; it is the number of places");
}

// A layer over a cache, a few tokens at a time, has the bits of all tokens at once; positions count on.
TEST(multi_head_attention, remembers_in_a_cache) {
  heed::multi_head_attention<float> mha({.model = 24, .heads = 4, .kv_heads = 2});
  const MatrixXf x = MatrixXf::Random(9, 24);
  for (const bool rotated : {false, true}) {
    if (rotated) mha.rotary.emplace(heed::rotary_embedding<float>::sizes{.width = 6});
    const MatrixXf all = mha(x, heed::causal);
    heed::kv_cache<float> cache({.capacity = 9, .heads = 2, .width = 6});
    heed::rolling_cache<float> rolling({.window = 9, .heads = 2, .width = 6});
    MatrixXf y(9, 24), z(9, 24);
    for (const auto& [first, count] : {std::pair{0, 4}, std::pair{4, 1}, std::pair{5, 4}}) {
      mha(x.middleRows(first, count).eval(), y.middleRows(first, count), cache, heed::causal);
      mha(x.middleRows(first, count).eval(), z.middleRows(first, count), rolling, heed::causal);
    }
    EXPECT_EQ(y, all);
    EXPECT_EQ(z, all);
    EXPECT_EQ(cache.size(), 9);
    EXPECT_THROW(mha(x, y, cache, heed::causal), std::length_error);
    EXPECT_EQ(cache.size(), 9);
  }
  // Rotary positions matter, and only as differences.
  const MatrixXf late = mha(x, heed::causal);
  mha.rotary.reset();
  EXPECT_NE(late, mha(x, heed::causal));
}

}  // namespace
