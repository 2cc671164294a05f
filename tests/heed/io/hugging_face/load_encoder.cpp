// SPDX-License-Identifier: MIT
// A small BERT that is written and loaded again, and sentences where a folder is not what it should be.
#include "support/bert_folder.hpp"
#include "support/refusal.hpp"

#include <heed/io/hugging_face/load_encoder.hpp>
#include <heed/io/hugging_face/load_encoder_decoder.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

namespace {

using heed::index;
using heed::matrix;

class load_encoder : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("heed_load_encoder_" +
               std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    support::write_bert(folder_, model_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // Puts a field into the config, before the others; a second one of the name must not be there.
  void configure(const std::string& field) const {
    std::ifstream in(folder_ / "config.json");
    std::string text;
    std::getline(in, text);
    std::ofstream(folder_ / "changed.json") << '{' << field << ", " << text.substr(1);
  }
  [[nodiscard]] std::string said(const char* config = "changed.json") const {
    const std::string sentence =
        support::refusal<heed::file_error>([&] { (void)heed::load_encoder(folder_, config); });
    return sentence.substr(sentence.find_last_of('/') + 1);
  }

  const heed::encoder<float> model_{
      {.vocabulary = 40, .positions = 12, .types = 2, .model = 16, .layers = 1, .heads = 2}};
  std::filesystem::path folder_;
};

TEST_F(load_encoder, gives_what_was_written) {
  heed::token_sequences sequence(std::vector<index>{3, 9, 39, 0});
  sequence.types = {0, 1, 1, 0};
  EXPECT_EQ(heed::load_encoder(folder_).hidden(sequence), model_.hidden(sequence));
}

TEST_F(load_encoder, refuses_options_that_change_results) {
  configure(R"("position_embedding_type": "relative_key")");
  EXPECT_EQ(said(),
            "changed.json: position_embedding_type: expected \"absolute\", found "
            "\"relative_key\"");
  configure(R"("is_decoder": true)");
  EXPECT_EQ(said(), "changed.json: is_decoder: expected false, found true");
  configure(R"("hidden_act": "mish")");
  EXPECT_EQ(said(),
            "changed.json: hidden_act: expected relu, relu2, gelu, gelu_new, "
            "gelu_pytorch_tanh, quick_gelu, silu, tanh or linear, found \"mish\"");
}

TEST_F(load_encoder, refuses_options_that_it_does_not_know) {
  configure(R"("embedding_factor": 2)");
  EXPECT_EQ(said(),
            "changed.json: embedding_factor: expected no field that heed does not know, "
            "since it may change results, found 2");
  configure(R"("quantization_config": {"bits": 4})");
  EXPECT_EQ(said(),
            "changed.json: quantization_config: expected none: weights that are quantised "
            "are not read, found an object");
  configure(R"("pooler_type": "first_token_transform", "initializer_range": 0.02)");
  EXPECT_EQ(heed::load_encoder(folder_, "changed.json").blocks.size(), 1u);
}

TEST_F(load_encoder, refuses_families_that_it_does_not_know) {
  std::ofstream(folder_ / "other.json") << R"({"model_type": "deberta"})";
  EXPECT_EQ(said("other.json"),
            "other.json: model_type: expected a family of encoders that heed knows, found "
            "\"deberta\"");
  EXPECT_NE(support::refusal<heed::file_error>([&] { (void)heed::load_encoder_decoder(folder_); })
                .find("model_type: expected a family of encoder-decoders that heed knows, found "
                      "\"bert\""),
            std::string::npos);
}

TEST_F(load_encoder, refuses_tensors_that_do_not_fit) {
  std::ofstream(folder_ / "other.json")
      << R"({"model_type": "bert", "hidden_size": 16, "num_attention_heads": 2, "vocab_size": 41,
             "num_hidden_layers": 1, "max_position_embeddings": 12, "intermediate_size": 64})";
  EXPECT_EQ(said("other.json"),
            "model.safetensors: tensor \"embeddings.word_embeddings.weight\" is 40x16, but it must "
            "be 41x16");
  std::ofstream(folder_ / "heads.json")
      << R"({"model_type": "bert", "hidden_size": 16, "num_attention_heads": 3, "vocab_size": 40,
             "num_hidden_layers": 1, "max_position_embeddings": 12, "intermediate_size": 64})";
  EXPECT_EQ(said("heads.json"),
            "heads.json: num_attention_heads: expected a divisor of 16, found 3");
}

}  // namespace
