// SPDX-License-Identifier: MIT
// Published families of encoders against golden values of Hugging Face's transformers: the last hidden state
// of a padded batch, poolers, scores of words and classes, both configs.
#include "support/golden.hpp"

#include <heed/io/hugging_face/load_encoder.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using heed::index;
using heed::matrix;
using support::family_test;
using support::golden;
using support::largest_error;

constexpr float tolerance = 2e-4f;

class text_families : public ::testing::TestWithParam<family_test> {};
class image_families : public ::testing::TestWithParam<family_test> {};
class dual_families : public ::testing::TestWithParam<family_test> {};

heed::padded_batch batch_of(const golden& want) {
  heed::padded_batch batch{want.table("input_ids"), want.table("attention_mask"), {}};
  if (want.contains("token_type_ids")) batch.types = want.table("token_type_ids");
  return batch;
}

// What is said of rows at padding is not to be compared: they are 0 in both.
matrix<float> without_padding(const heed::padded_batch& batch, matrix<float> rows) {
  for (index i = 0; i < rows.rows(); ++i)
    if (batch.mask.reshaped<Eigen::RowMajor>()(i) == 0) rows.row(i).setZero();
  return rows;
}

TEST_P(text_families, give_the_golden_vectors_of_a_padded_batch) {
  const auto found = GetParam().find();
  if (!found) GTEST_SKIP() << GetParam().missing();
  const std::filesystem::path& folder = *found;
  const golden want(folder);
  const heed::encoder<float> model = heed::load_encoder(folder, GetParam().config);
  const heed::padded_batch batch = batch_of(want);
  const heed::token_sequences sequences = batch.sequences();
  const matrix<float> hidden = model.hidden(sequences);
  const matrix<float> padded = batch.padded(hidden);

  float largest = 0;
  const auto expect = [&](const char* name, const matrix<float>& given,
                          const matrix<float>& wanted) {
    const float error = largest_error(given, wanted);
    EXPECT_LE(error, tolerance) << name;
    largest = std::max(largest, error);
  };
  const matrix<float> states = want.rows("hidden_states");
  expect("hidden_states", padded, without_padding(batch, states.bottomRows(padded.rows())));
  if (want.contains("last_hidden_state"))
    expect("last_hidden_state", padded, without_padding(batch, want.rows("last_hidden_state")));
  EXPECT_EQ(want.contains("pooler_output"), model.pooler.given() && !want.contains("logits"));
  if (want.contains("pooler_output"))
    expect("pooler_output", model.pooler(hidden, sequences.starts), want.rows("pooler_output"));
  EXPECT_EQ(want.contains("logits"), model.head.given());
  if (want.contains("logits")) {
    const matrix<float> scores = model.head(hidden, sequences.starts);
    if (model.head.pooled)
      expect("logits", scores, want.rows("logits"));
    else
      expect("logits", batch.padded(scores), without_padding(batch, want.rows("logits")));
  }
  std::cout << "largest error: " << largest << std::endl;
}

// A sequence alone has the bits that it has beside others.
TEST_P(text_families, give_a_sequence_the_same_bits_alone) {
  const auto found = GetParam().find();
  if (!found) GTEST_SKIP() << GetParam().missing();
  const heed::encoder<float> model = heed::load_encoder(*found);
  const std::vector<index> one{7, 3, 50, 12, 9}, other{20, 21, 22};
  heed::token_sequences both(other);
  both.append(one);
  EXPECT_EQ(model.hidden(one), model.hidden(both).bottomRows(5));
}

TEST_P(image_families, give_the_golden_scores) {
  const auto found = GetParam().find();
  if (!found) GTEST_SKIP() << GetParam().missing();
  const std::filesystem::path& folder = *found;
  const golden want(folder);
  const heed::encoder<float> model = heed::load_encoder(folder, GetParam().config);
  const matrix<float> hidden = model.hidden_of_images(want.rows("pixel_values"));
  const float error =
      largest_error(model.head(hidden, model.starts_of_images(2)), want.rows("logits"));
  EXPECT_LE(error, tolerance);
  std::cout << "largest error: " << error << std::endl;
}

TEST_P(dual_families, give_the_golden_vectors_and_scores) {
  const auto found = GetParam().find();
  if (!found) GTEST_SKIP() << GetParam().missing();
  const std::filesystem::path& folder = *found;
  const golden want(folder);
  const heed::dual_encoder<float> model = heed::load_dual_encoder(folder, GetParam().config);
  const matrix<float> texts = model.text_vectors(batch_of(want).sequences());
  const matrix<float> images = model.image_vectors(want.rows("pixel_values"));
  const float errors[] = {
      largest_error(texts, want.rows("text_embeds")),
      largest_error(images, want.rows("image_embeds")),
      largest_error(model.logits(images, texts), want.rows("logits_per_image"))};
  for (const float error : errors) {
    EXPECT_LE(error, tolerance);
    std::cout << "error: " << error << std::endl;
  }
}

INSTANTIATE_TEST_SUITE_P(
    all, text_families,
    ::testing::ValuesIn(support::both_configs({"bert", "bert-mlm", "bert-reranker", "roberta",
                                               "distilbert", "mpnet", "modernbert", "nomic-bert"})),
    [](const auto& tested) { return tested.param.name(); });
INSTANTIATE_TEST_SUITE_P(all, image_families, ::testing::ValuesIn(support::both_configs({"vit"})),
                         [](const auto& tested) { return tested.param.name(); });
INSTANTIATE_TEST_SUITE_P(all, dual_families, ::testing::ValuesIn(support::both_configs({"clip"})),
                         [](const auto& tested) { return tested.param.name(); });

}  // namespace
