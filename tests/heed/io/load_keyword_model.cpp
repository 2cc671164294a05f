// SPDX-License-Identifier: MIT
// (tests/heed/audio/keyword_model.cpp compares the loaded model with golden values.)
#include "support/kwt1.hpp"
#include "support/refusal.hpp"

#include <heed/io/load_keyword_model.hpp>

#include <gtest/gtest.h>

#include <deque>

namespace {

using heed::index;
using heed::matrix;

// Two blocks, in Keras' names.
class keyword_file : public ::testing::Test {
 protected:
  keyword_file()
      : path_(std::filesystem::temp_directory_path() /
              (std::string("heed_keyword_") +
               ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    add("class_emb", {1, 1, 6});
    add("pos_emb", {1, 4, 6});
    dense("kws_transformer/dense", 5, 6, true);
    const std::string blocks[] = {"kws_transformer/transformer_block/",
                                  "kws_transformer/transformer_block_1/"};
    norm(blocks[0] + "layer_normalization");
    norm(blocks[0] + "layer_normalization_1");
    norm(blocks[1] + "layer_normalization_2");
    norm(blocks[1] + "layer_normalization_3");
    const std::string attention[] = {blocks[0] + "multi_head_self_attention/dense_",
                                     blocks[1] + "multi_head_self_attention_1/dense_"};
    for (int i = 0; i < 2; ++i)
      for (int j = 1; j <= 4; ++j) dense(attention[i] + std::to_string(6 * i + j), 6, 6, j == 4);
    dense(blocks[0] + "sequential/dense_5", 6, 7, true);
    dense(blocks[0] + "sequential/dense_6", 7, 6, true);
    dense(blocks[1] + "sequential_1/dense_11", 6, 7, true);
    dense(blocks[1] + "sequential_1/dense_12", 7, 6, true);
    add("sequential_2/dense_13/MatMul", {3, 6});
    add("sequential_2/dense_13/bias", {3});
  }
  ~keyword_file() override { std::filesystem::remove(path_); }

  void add(const std::string& name, const std::vector<index>& shape) {
    index count = 1;
    for (const index n : shape) count *= n;
    auto& numbers = numbers_.emplace_back(static_cast<std::size_t>(count));
    for (float& x : numbers) x = static_cast<float>(++next_);
    tensors_.push_back({name, heed::dtype::f32, shape, std::as_bytes(std::span(numbers))});
  }
  void dense(const std::string& name, index inputs, index outputs, bool bias) {
    add(name + "/Tensordot/MatMul", {outputs, inputs});
    if (bias) add(name + "/bias", {outputs});
  }
  void norm(const std::string& name) {
    add(name + "/gamma", {6});
    add(name + "/beta", {6});
  }
  heed::tensor_view& tensor(std::string_view name) {
    return *std::find_if(tensors_.begin(), tensors_.end(),
                         [&](const heed::tensor_view& t) { return t.name == name; });
  }
  float first(std::string_view name) {
    float number = 0;
    std::memcpy(&number, tensor(name).bytes.data(), sizeof number);
    return number;
  }
  [[nodiscard]] heed::keyword_model load() const {
    heed::write_safetensors(path_, tensors_);
    return heed::load_keyword_model(path_);
  }
  [[nodiscard]] std::string said() const {
    return support::refusal<heed::file_error>([&] { (void)load(); });
  }

  std::filesystem::path path_;
  std::deque<std::vector<float>> numbers_;
  std::vector<heed::tensor_view> tensors_;
  int next_ = 0;
};

TEST_F(keyword_file, is_read_into_the_layers_that_its_names_say) {
  const heed::keyword_model model = load();
  EXPECT_EQ(model.frames(), 3);
  EXPECT_EQ(model.features(), 5);
  EXPECT_EQ(model.labels(), 3);
  ASSERT_EQ(model.blocks.size(), 2u);
  EXPECT_EQ(model.class_token(0), first("class_emb"));
  EXPECT_EQ(model.places(0, 0), first("pos_emb"));
  EXPECT_EQ(model.input.weight(0, 0), first("kws_transformer/dense/Tensordot/MatMul"));
  EXPECT_EQ(model.input.weight(1, 0), first("kws_transformer/dense/Tensordot/MatMul") + 1);
  const auto& block = model.blocks[1];
  const std::string at = "kws_transformer/transformer_block_1/";
  const std::string attention = at + "multi_head_self_attention_1/dense_";
  EXPECT_EQ(block.attention.query.weight(0, 0), first(attention + "7/Tensordot/MatMul"));
  EXPECT_EQ(block.attention.key.weight(0, 0), first(attention + "8/Tensordot/MatMul"));
  EXPECT_EQ(block.attention.value.weight(0, 0), first(attention + "9/Tensordot/MatMul"));
  EXPECT_EQ(block.attention.output.bias(0), first(attention + "10/bias"));
  EXPECT_FALSE(block.attention.rules.causal);
  const auto& norm = std::get<heed::layer_norm<float>>(block.attention_norm_of_sum);
  EXPECT_EQ(norm.weight(0), first(at + "layer_normalization_2/gamma"));
  EXPECT_EQ(norm.bias(0), first(at + "layer_normalization_2/beta"));
  const auto& feed = std::get<heed::feed_forward<float>>(block.feed);
  EXPECT_EQ(feed.up.weight(0, 0), first(at + "sequential_1/dense_11/Tensordot/MatMul"));
  EXPECT_EQ(feed.down.bias(0), first(at + "sequential_1/dense_12/bias"));
  EXPECT_EQ(model.head.bias(0), first("sequential_2/dense_13/bias"));
}

TEST_F(keyword_file, is_refused_where_something_is_missing_or_has_another_shape) {
  tensor("class_emb").shape = {1, 6};
  EXPECT_EQ(said(), path_.string() + ": tensor \"class_emb\" is 1x6, but it must be 1x1x6");
  tensor("class_emb").shape = {1, 1, 6};
  tensor("pos_emb").shape = {4, 6};
  EXPECT_EQ(said(), path_.string() +
                        ": pos_emb is 4x6 and the first layer is 6x5; (1, frames + 1, model) "
                        "and (model, features) were expected");
  tensor("pos_emb").shape = {1, 4, 6};
  tensor("kws_transformer/transformer_block_1/layer_normalization_3/beta").name = "other";
  EXPECT_EQ(said(), path_.string() +
                        ": there is no tensor "
                        "\"kws_transformer/transformer_block_1/layer_normalization_3/beta\" among "
                        "its " +
                        std::to_string(tensors_.size()));
}

}  // namespace
