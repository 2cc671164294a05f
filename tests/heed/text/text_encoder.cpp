// SPDX-License-Identifier: MIT
// Vectors of texts: all-MiniLM-L6-v2 against golden values, and the steps that folders may ask for.
#include "support/bert_folder.hpp"
#include "support/golden.hpp"
#include "support/on_threads.hpp"
#include "support/refusal.hpp"

#include <heed/io/json_config.hpp>
#include <heed/io/safetensors_writer.hpp>
#include <heed/text/text_encoder.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

namespace {

using heed::index;
using heed::matrix;
using support::golden;
using support::largest_error;
using support::refusal;

// The weights are no part of the data: the environment says where PyPI's package was unpacked.
const char* minilm_folder() { return std::getenv("HEED_MINILM"); }

struct sentences {
  std::vector<std::string> texts;
  std::vector<std::vector<index>> ids;

  explicit sentences(const std::filesystem::path& folder) {
    const heed::config c = heed::read_json_config(folder / "golden.json");
    for (const auto& one : std::get<heed::config_value::list>(c.value("sentences").is)) {
      const heed::config sentence("golden.json", std::get<heed::config_value::object>(one.is));
      texts.push_back(sentence.text("text"));
      const std::vector<std::int64_t> given = sentence.integers("ids");
      ids.emplace_back(given.begin(), given.end());
    }
  }
};

// All pairs, from the nearest to the farthest.
std::vector<index> order_of(const matrix<float>& cosine) {
  std::vector<index> order(static_cast<std::size_t>(cosine.size()));
  std::iota(order.begin(), order.end(), index(0));
  std::stable_sort(order.begin(), order.end(),
                   [&](index a, index b) { return cosine.data()[a] > cosine.data()[b]; });
  return order;
}

TEST(text_encoder, gives_the_golden_vectors_of_minilm) {
  const auto data = support::data_folder("models/minilm");
  if (!data) GTEST_SKIP() << support::data_is_missing("models/minilm");
  if (minilm_folder() == nullptr)
    GTEST_SKIP() << "NOT RUN: HEED_MINILM does not say where all-MiniLM-L6-v2 lies";
  const golden want(*data);
  const sentences given(*data);
  const heed::text_encoder encode = heed::load_text_encoder(minilm_folder());
  EXPECT_EQ(encode.longest, 256);
  for (std::size_t i = 0; i < given.texts.size(); ++i)
    EXPECT_EQ(encode.ids(given.texts[i]), given.ids[i]) << given.texts[i];

  const matrix<float> vectors = encode(given.texts), golden_vectors = want.rows("embeddings");
  const float error = largest_error(vectors, golden_vectors);
  EXPECT_LE(error, 2e-6f);
  const matrix<float> cosine = vectors * vectors.transpose(), golden_cosine = want.rows("cosine");
  const float cosine_error = largest_error(cosine, golden_cosine);
  EXPECT_LE(cosine_error, 4e-6f);
  // Upper triangle: each pair once.
  matrix<float> above = cosine.triangularView<Eigen::StrictlyUpper>(),
                golden_above = golden_cosine.triangularView<Eigen::StrictlyUpper>();
  EXPECT_EQ(order_of(above), order_of(golden_above));
  const float hidden_error =
      largest_error(encode.hidden(given.ids[6]), want.rows("last_hidden_state_6"));
  EXPECT_LE(hidden_error, 2e-5f);
  std::cout << "largest error: vectors " << error << ", cosine " << cosine_error << ", hidden "
            << hidden_error << std::endl;
}

// A small model in a folder of its own, for files beside it.
class folder_test : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("heed_text_encoder_" +
               std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_ / "1_Pooling");
    support::write_bert(folder_, model_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const char* name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }
  void write_modules(const std::string& more = "") const {
    write("modules.json",
          R"([{"type": "sentence_transformers.models.Transformer", "path": ""},
              {"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"})" +
              more + "]");
  }
  void write_pooling(const std::string& fields) const {
    write("1_Pooling/config.json", "{" + fields + "}");
  }

  const heed::encoder<float> model_{
      {.vocabulary = 90, .positions = 20, .types = 2, .model = 48, .layers = 2, .heads = 4}};
  std::filesystem::path folder_;
  const std::vector<index> ids_ = {3, 9, 27, 80, 5};
};

TEST_F(folder_test, is_the_mean_without_other_files_and_needs_no_tokenizer) {
  const heed::text_encoder encode = heed::load_text_encoder(folder_);
  const matrix<float> hidden = encode.hidden(ids_);
  EXPECT_EQ(encode.pooled(ids_), matrix<float>(hidden.colwise().sum() / 5));
  EXPECT_EQ(hidden, model_.hidden(ids_));
  EXPECT_EQ(refusal<heed::tokenizer_error>([&] { (void)encode({"a"}); }),
            "heed::text_encoder: the folder has no tokenizer; give ids to hidden or pooled");
}

TEST_F(folder_test, pools_side_by_side_as_the_folder_says) {
  write_modules(R"(, {"type": "sentence_transformers.models.Normalize", "path": "2_Normalize"})");
  write_pooling(R"("pooling_mode_cls_token": true, "pooling_mode_max_tokens": true,
                   "pooling_mode_mean_tokens": false)");
  const heed::text_encoder encode = heed::load_text_encoder(folder_);
  const matrix<float> hidden = encode.hidden(ids_), v = encode.pooled(ids_);
  ASSERT_EQ(v.cols(), 96);
  EXPECT_EQ(encode.width(), 96);
  EXPECT_NEAR(v.norm(), 1, 1e-6);
  matrix<float> expected(1, 96);
  expected << hidden.row(0), hidden.colwise().maxCoeff();
  EXPECT_LE(largest_error(v, expected / expected.norm()), 1e-6f);
}

TEST_F(folder_test, reads_the_pooling_of_newer_folders) {
  write_modules();
  write_pooling(R"("embedding_dimension": 48, "pooling_mode": "lasttoken")");
  const heed::text_encoder encode = heed::load_text_encoder(folder_);
  EXPECT_EQ(encode.pooled(ids_), matrix<float>(encode.hidden(ids_).bottomRows(1)));
}

TEST_F(folder_test, applies_a_dense_layer) {
  write_modules(R"(, {"type": "sentence_transformers.models.Dense", "path": "2_Dense"})");
  write_pooling(R"("pooling_mode_cls_token": true)");
  std::filesystem::create_directories(folder_ / "2_Dense");
  write("2_Dense/config.json", R"({"in_features": 48, "out_features": 2, "bias": true,
        "activation_function": "torch.nn.modules.activation.Tanh"})");
  matrix<float> weight = matrix<float>::Zero(2, 48);
  weight(0, 3) = 1;
  weight(1, 7) = -2;
  const Eigen::RowVectorXf bias = Eigen::RowVector2f(0.5f, 0);
  const std::vector<heed::tensor_view> tensors{heed::tensor_view_of("linear.weight", weight),
                                               heed::tensor_view_of("linear.bias", bias)};
  heed::write_safetensors(folder_ / "2_Dense" / "model.safetensors", tensors);
  const heed::text_encoder encode = heed::load_text_encoder(folder_);
  const matrix<float> hidden = encode.hidden(ids_), v = encode.pooled(ids_);
  ASSERT_EQ(v.cols(), 2);
  EXPECT_NEAR(v(0, 0), std::tanh(hidden(0, 3) + 0.5f), 1e-6f);
  EXPECT_NEAR(v(0, 1), std::tanh(-2 * hidden(0, 7)), 1e-6f);
}

TEST_F(folder_test, gives_each_of_many_texts_the_bits_that_it_has_alone_on_any_threads) {
  std::string words = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n";
  for (char c = 'a'; c <= 'z'; ++c) words += std::string(1, c) + '\n';
  write("vocab.txt", words);
  const heed::text_encoder encode = heed::load_text_encoder(folder_);
  std::vector<std::string> texts;
  for (int i = 0; i < 300; ++i) {
    texts.emplace_back();
    for (int j = 0; j < i % 13; ++j) texts.back() += std::string{char('a' + (i * 7 + j) % 26), ' '};
  }
  matrix<float> alone(300, 48);
  for (index i = 0; i < 300; ++i) alone.row(i) = encode({texts[std::size_t(i)]});
  EXPECT_EQ(encode(texts), alone);
  heed::scratch room;
  for (const index workers : {2, 3, 100})
    EXPECT_EQ(encode(texts, heed::on(support::on_threads, workers), heed::in(room)), alone)
        << workers;
  EXPECT_EQ(encode(std::vector<std::string>(), heed::on(support::on_threads, 2)).rows(), 0);
}

TEST_F(folder_test, refuses_what_it_does_not_serve) {
  const auto said = [&] {
    return refusal<heed::file_error>([&] { (void)heed::load_text_encoder(folder_); });
  };
  write_modules(R"(, {"type": "sentence_transformers.models.LSTM", "path": "2_LSTM"})");
  write_pooling(R"("pooling_mode_mean_tokens": true)");
  EXPECT_EQ(said(), (folder_ / "modules.json").string() +
                        ": type: expected a Transformer, then Pooling, then Dense and Normalize, "
                        "found \"sentence_transformers.models.LSTM\"");
  write_modules();
  write_pooling(R"("pooling_mode_attention": true, "pooling_mode_mean_tokens": true)");
  EXPECT_EQ(said(), (folder_ / "1_Pooling" / "config.json").string() +
                        ": pooling_mode_attention: expected false: this pooling is not served, "
                        "found true");
  write("modules.json", "{}");
  EXPECT_EQ(said(),
            (folder_ / "modules.json").string() + ": expected a list of modules, found an object");
}

}  // namespace
