// SPDX-License-Identifier: MIT
// A trained GPT that sorts letters: every intermediate of its first layer, through heed's layers.
#include "gpt2_model.hpp"

#include <gtest/gtest.h>

namespace conformance {
namespace {

constexpr double minus_infinity = -std::numeric_limits<double>::infinity();

// (batch, heads, tokens, columns) as a batch of rows with heads as column blocks ...
matrix<float> tokens_of(const tensor& t) {
  const index heads = t.extent(1), tokens = t.extent(2), columns = t.extent(3);
  matrix<float> rows(t.extent(0) * tokens, heads * columns);
  for (index s = 0; s < t.extent(0); ++s)
    for (index h = 0; h < heads; ++h)
      rows.block(s * tokens, h * columns, tokens, columns) =
          t.rows<float>().middleRows((s * heads + h) * tokens, tokens);
  return rows;
}
// ... and with heads under each other, as heed::weights has them.
matrix<float> stacked(const tensor& t) {
  const index sequences = t.extent(0), heads = t.extent(1), tokens = t.extent(2);
  matrix<float> rows(heads * sequences * tokens, t.extent(3));
  for (index s = 0; s < sequences; ++s)
    for (index h = 0; h < heads; ++h)
      rows.middleRows((h * sequences + s) * tokens, tokens) =
          t.rows<float>().middleRows((s * heads + h) * tokens, tokens);
  return rows;
}

// The golden numbers were computed in float, so double is no nearer to them than float is.
constexpr double allowed = 1e-5;

template <class Scalar>
class GptNanoSort : public testing::Test {
 protected:
  void SetUp() override {
    const auto folder = support::data_folders("models/gpt-nano-sort")[0];
    golden_.emplace(folder / "golden_partials.safetensors");
    model_.emplace(safetensors(folder / "model.safetensors"), 3, stored::outputs_inputs);
    batch_.emplace((*golden_)["idx"]);
  }

  template <class Got, class Expected>
  void expect(const std::string& name, const Got& got, const Expected& expected) {
    EXPECT_EQ(difference(name, got, expected, allowed), "");
  }
  template <class Got>
  void expect(const std::string& name, const Got& got) {
    expect(name, got, (*golden_)[name].template rows<float>());
  }

  std::optional<safetensors> golden_;
  std::optional<gpt2<Scalar>> model_;
  std::optional<token_batch> batch_;
};

using scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(GptNanoSort, scalars);

TYPED_TEST(GptNanoSort, EveryStepOfTheFirstLayer) {
  using Scalar = TypeParam;
  const gpt2<Scalar>& model = *this->model_;
  const gpt2_block<Scalar>& block = model.blocks.at(0);
  const token_batch& batch = *this->batch_;
  const auto& golden = *this->golden_;
  const index rows = static_cast<index>(batch.ids.size()), length = batch.length();

  this->expect("tok_emb", model.words(batch.ids));
  this->expect("pos_emb", model.places(0, length));
  const matrix<Scalar> x = embed(model.words, model.places, batch);
  this->expect("x", x);
  const matrix<Scalar> normed = block.before_attention(x);
  this->expect("ln1", normed);

  const matrix<Scalar> qkv = block.project(normed);
  this->expect("qkv", qkv);
  const auto q = block.project.query(qkv), k = block.project.key(qkv), v = block.project.value(qkv);
  this->expect("q", q, tokens_of(golden["q"]));
  this->expect("k", k, tokens_of(golden["k"]));
  this->expect("v", v, tokens_of(golden["v"]));

  // A score rule that changes nothing sees every score; what causal excludes has no weight.
  matrix<Scalar> scores =
      matrix<Scalar>::Constant(model.heads.query * rows, length, Scalar(minus_infinity));
  const auto look = heed::score([&](Scalar s, heed::at i) {
    return scores(i.head * rows + i.sequence * length + i.row, i.key) = s;
  });
  matrix<Scalar> y(rows, x.cols()), weights(scores.rows(), length);
  heed::attention(q, k, v, y, model.heads, heed::packed(batch.starts), heed::causal, look,
                  heed::weights(weights));
  scores = (weights.array() > 0).select(scores, Scalar(minus_infinity));
  this->expect("att", scores, stacked(golden["att"]));
  this->expect("attSm", weights, stacked(golden["attSm"]));
  this->expect("y", y);
  this->expect("yProj", block.output(y));
}

TYPED_TEST(GptNanoSort, TheAttentionLayerInOne) {
  using Scalar = TypeParam;
  const gpt2_block<Scalar>& block = this->model_->blocks.at(0);
  heed::multi_head_attention<Scalar> attend({block.output.outputs(), this->model_->heads.query});
  attend.assign_fused(block.project.all.weight, block.project.all.bias);
  attend.output = block.output;
  const matrix<Scalar> x =
      block.before_attention(embed(this->model_->words, this->model_->places, *this->batch_));
  this->expect("yProj", attend(x, heed::causal, heed::packed(this->batch_->starts)));
}

TYPED_TEST(GptNanoSort, Logits) {
  const double largest = 8.4;  // logit; what is compared above is about 1
  EXPECT_EQ(difference("lm_head", (*this->model_)(*this->batch_),
                       (*this->golden_)["lm_head"].template rows<float>(), largest * allowed),
            "");
}

}  // namespace
}  // namespace conformance
