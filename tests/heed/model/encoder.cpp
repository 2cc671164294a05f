// SPDX-License-Identifier: MIT
// Encoders against the same computed from their parts.
#include "support/refusal.hpp"

#include <heed/heed.hpp>
#include <heed/model/encoder.hpp>

#include <gtest/gtest.h>

namespace {

using heed::index;
using heed::matrix;
using ids = std::vector<index>;

heed::encoder<double> made() {
  return heed::encoder<double>({.vocabulary = 30,
                                .positions = 9,
                                .types = 2,
                                .model = 16,
                                .layers = 2,
                                .heads = 2,
                                .hidden = 24,
                                .seed = 7});
}

TEST(encoder, is_the_formula_of_the_paper) {
  const heed::encoder<double> model = made();
  const ids tokens{3, 20, 3, 29};
  heed::token_sequences sequence(tokens);
  sequence.types = {0, 0, 1, 1};
  matrix<double> x = model.words(tokens) + model.places->weight.topRows(4);
  for (index i = 0; i < 4; ++i) x.row(i) += model.types.weight.row(i / 2);
  heed::normalise(model.embedding_norm, x, x);
  for (const auto& block : model.blocks) {
    const auto& a = block.attention;
    const matrix<double> q = a.query(x), k = a.key(x), v = a.value(x);
    const matrix<double> context = heed::reference::attention(q, k, v, heed::heads{2});
    x += a.output(context);
    heed::normalise(block.attention_norm_of_sum, x, x);
    x += std::get<heed::feed_forward<double>>(block.feed)(x);
    heed::normalise(block.feed_norm_of_sum, x, x);
  }
  EXPECT_LE((model.hidden(sequence) - x).cwiseAbs().maxCoeff(), 1e-12);
}

TEST(encoder, keeps_sequences_apart) {
  const heed::encoder<double> model = made();
  heed::token_sequences both(ids{1, 2, 3});
  both.append({4, 5});
  const matrix<double> all = model.hidden(both);
  EXPECT_EQ(all.topRows(3), model.hidden(ids{1, 2, 3}));
  EXPECT_EQ(all.bottomRows(2), model.hidden(std::vector<int>{4, 5}));
}

TEST(encoder, does_not_count_padding_where_told_so) {
  heed::encoder<double> model = made();
  model.uncounted_id = 1;
  model.first_place = 2;
  model.embedding_norm = {};
  const ids tokens{1, 5, 1, 6};
  matrix<double> expected = model.words(tokens).rowwise() + model.types.weight.row(0);
  const index places[] = {1, 2, 1, 3};
  for (index i = 0; i < 4; ++i) expected.row(i) += model.places->weight.row(places[i]);
  EXPECT_EQ(model.embed(heed::token_sequences(tokens)), expected);
}

TEST(encoder, refuses_what_it_cannot_read) {
  heed::encoder<double> model = made();
  using support::refusal;
  EXPECT_EQ(refusal<std::out_of_range>([&] { (void)model.hidden(ids(10, 1)); }),
            "heed::position_embedding: positions 9 to 10 are outside the table of 9");
  EXPECT_EQ(refusal<heed::shape_error>([&] { (void)model.hidden_of_images(matrix<double>(4, 4)); }),
            "heed::encoder: this encoder reads no images");
  EXPECT_EQ(
      refusal<heed::shape_error>([&] { (void)model.hidden_of_features(matrix<double>(4, 4)); }),
      "heed::encoder: this encoder reads no features");
  heed::token_sequences wrong(ids{1, 2});
  wrong.types = {0};
  EXPECT_EQ(refusal<heed::shape_error>([&] { (void)model.hidden(wrong); }),
            "heed::encoder: there are 2 ids, but 1 types and 0 places");
  model.types = {};
  wrong.types = {0, 1};
  EXPECT_EQ(refusal<std::out_of_range>([&] { (void)model.hidden(wrong); }),
            "heed::encoder: this encoder has no types of tokens; types other than 0 were given");
  EXPECT_EQ(refusal<heed::shape_error>([&] {
              (void)model.head(matrix<double>(2, 16), {0, 2});
            }),
            "heed::output_head: the model has no such head");
}

}  // namespace
