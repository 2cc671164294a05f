// SPDX-License-Identifier: MIT
// Losses and gradients of sixteen families beside those of PyTorch's autograd in double, in models that the loaders
// read.
#include "support/bytes.hpp"
#include "support/golden.hpp"

#include <heed/io/hugging_face/load_decoder.hpp>
#include <heed/io/hugging_face/load_encoder.hpp>
#include <heed/io/hugging_face/load_encoder_decoder.hpp>
#include <heed/io/read_tensor_file.hpp>
#include <heed/io/safetensors_writer.hpp>
#include <heed/model/backward/encoder.hpp>
#include <heed/model/backward/encoder_parameters.hpp>
#include <heed/model/backward/shared_distance_bias.hpp>
#include <heed/train/loss.hpp>
#include <heed/train/pair_loss.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>

namespace {

using heed::index;
using heed::matrix;

// make_family_gradients.py keeps some derivatives of each weight, under the names of the family's file. A folder with
// them in the place of the weights, and NaN elsewhere, is read by the family's own loader: what is then a weight
// of the model is the derivative of that weight.
class golden_gradients {
 public:
  golden_gradients(const std::string& family, const std::filesystem::path& folder)
      : golden_(heed::read_safetensors(support::golden_root() / "gradients" / "families" /
                                       (family + ".safetensors"))) {
    std::filesystem::copy_file(folder / "config.json", as_model_ / "config.json");
    std::deque<std::vector<float>> numbers;
    std::vector<heed::tensor_view> tensors;
    const heed::tensor_file weights = heed::read_tensor_file(folder);
    for (const heed::tensor_view& t : weights.tensors()) {
      index size = 1;
      for (const index n : t.shape) size *= n;
      numbers.emplace_back(static_cast<std::size_t>(size), std::nanf(""));
      if (golden_.contains(t.name)) spread(golden_[t.name], numbers.back());
      tensors.push_back(
          {t.name, heed::dtype::f32, t.shape, std::as_bytes(std::span(numbers.back()))});
    }
    heed::write_safetensors(as_model_ / "model.safetensors", tensors);
  }

  [[nodiscard]] std::filesystem::path folder() const { return as_model_.path(); }
  [[nodiscard]] double loss() const {
    double is = 0;
    std::memcpy(&is, golden_["loss"].bytes.data(), sizeof is);
    return is;
  }

 private:
  static void spread(const heed::tensor_view& some, std::vector<float>& all) {
    std::vector<float> numbers(some.bytes.size() / sizeof(float));
    std::memcpy(numbers.data(), some.bytes.data(), some.bytes.size());
    for (std::size_t i = 0; i < numbers.size(); ++i)
      all[all.size() > numbers.size() ? i * 40503 % all.size() : i] = numbers[i];
  }

  support::temporary_folder as_model_;
  heed::tensor_file golden_;
};

// Norms that the loader reads as 1 + weight have a derivative that is 1 smaller than what it read.
void compare(const heed::parameter_list<float>& found, const heed::parameter_list<float>& golden,
             bool norms_add_one) {
  double largest_error = 0;
  std::size_t compared = 0, names = 0;
  for (const auto& p : found) {
    const auto want = std::find_if(golden.begin(), golden.end(),
                                   [&](const auto& other) { return other.name == p.name; });
    ASSERT_NE(want, golden.end()) << p.name;
    ASSERT_EQ(want->size(), p.size()) << p.name;
    const float added = norms_add_one && p.name.find("norm") != p.name.npos ? 1.0f : 0.0f;
    double largest = 0, error = 0;
    std::size_t here = 0;
    for (index i = 0; i < p.size(); ++i) {
      if (std::isnan(want->data[i])) continue;
      ++here;
      largest = (std::max)(largest, static_cast<double>(std::abs(want->data[i] - added)));
      error = (std::max)(error, static_cast<double>(std::abs(want->data[i] - added - p.data[i])));
    }
    compared += here;
    names += here > 0 ? 1 : 0;
    largest_error = (std::max)(largest_error, error / (std::max)(largest, 0.1));
    EXPECT_LE(error, 3e-5 * (std::max)(largest, 0.1)) << p.name;
  }
  EXPECT_EQ(names, found.size()) << "weights without a golden derivative";
  std::cout << compared << " derivatives of " << found.size() << " weights, largest error "
            << largest_error << std::endl;
}

class decoders : public ::testing::TestWithParam<const char*> {};
class encoders : public ::testing::TestWithParam<const char*> {};
class encoder_decoders : public ::testing::TestWithParam<const char*> {};

// cos(0.1 i) for each number of the hidden vectors, whose sum with them is the loss.
struct along_cosines {
  matrix<float> d_hidden;
  double loss = 0;

  explicit along_cosines(const matrix<float>& hidden) : d_hidden(hidden.rows(), hidden.cols()) {
    for (index i = 0; i < d_hidden.size(); ++i) {
      const double weight = std::cos(0.1 * static_cast<double>(i));
      d_hidden.data()[i] = static_cast<float>(weight);
      loss += weight * static_cast<double>(hidden.data()[i]);
    }
  }
};

TEST_P(decoders, have_the_gradients_of_pytorch) {
  const std::string family = GetParam();
  const auto folder = support::data_folder("families/" + family);
  if (!folder) GTEST_SKIP() << support::data_is_missing("families/" + family);
  const golden_gradients golden(family, *folder);
  heed::decoder<float> model = heed::load_decoder(*folder),
                       want = heed::load_decoder(golden.folder());
  heed::make_learnable(model);
  heed::make_learnable(want);
  heed::decoder<float> gradient = heed::zeros_like(model);
  heed::token_batch batch;
  batch.append(support::golden(*folder).ids("all_ids"));
  heed::saved<heed::decoder<float>> kept;
  const heed::loss_sum loss = heed::loss_and_gradient(
      model, batch, 1.0 / static_cast<double>(batch.ids.size()), kept, gradient);
  EXPECT_NEAR(loss.mean(), golden.loss(), 1e-5);
  compare(heed::parameters_of(gradient), heed::parameters_of(want), family.starts_with("gemma"));
}

TEST_P(encoders, have_the_gradients_of_pytorch) {
  const std::string family = GetParam();
  const auto folder = support::data_folder("families/" + family);
  if (!folder) GTEST_SKIP() << support::data_is_missing("families/" + family);
  const golden_gradients golden(family, *folder);
  heed::encoder<float> model = heed::load_encoder(*folder),
                       want = heed::load_encoder(golden.folder());
  heed::make_learnable(model);
  heed::make_learnable(want);
  heed::encoder<float> gradient = heed::zeros_like(model);
  const support::golden data(*folder);
  heed::saved<heed::encoder<float>> kept;
  const auto learn = [&](const auto& input) {
    heed::forward(model, input, kept);
    const along_cosines to(kept.hidden);
    EXPECT_NEAR(to.loss, golden.loss(),
                1e-5 * static_cast<double>(to.d_hidden.norm() * kept.hidden.norm()));
    heed::backward(model, input, kept, to.d_hidden, gradient);
  };
  if (family == "vit")
    learn(data.rows("pixel_values"));
  else
    learn(
        heed::padded_batch{data.table("input_ids"), data.table("attention_mask"), {}}.sequences());
  compare(heed::parameters_of(gradient), heed::parameters_of(want), false);
}

// T5's number for each bucket of distances, which all blocks of a side share: 8 buckets up to distance 20.
struct t5_distances {
  heed::shared_distance_bias<float> around, before;

  t5_distances(heed::encoder_decoder<float>& t5, heed::encoder_decoder<float>& gradient)
      : around("encoder.", {8, 20}, t5.encoder.blocks, gradient.encoder.blocks),
        before("decoder.", {8, 20, heed::distance_buckets::sides::before}, t5.decoder.blocks,
               gradient.decoder.blocks) {}
};

// The file has one table for the words, of both sides where the source has words, and the head, whose derivatives are summed.
TEST_P(encoder_decoders, have_the_gradients_of_pytorch) {
  const std::string family = GetParam();
  const auto folder = support::data_folder("families/" + family);
  if (!folder) GTEST_SKIP() << support::data_is_missing("families/" + family);
  const golden_gradients golden(family, *folder);
  heed::encoder_decoder<float> model = heed::load_encoder_decoder(*folder),
                               want = heed::load_encoder_decoder(golden.folder());
  heed::make_learnable(model);
  heed::make_learnable(want);
  heed::encoder_decoder<float> gradient = heed::zeros_like(model);
  const support::golden data(*folder);
  heed::token_batch target;
  target.append(data.ids("decoder_input_ids"));
  std::optional<t5_distances> found, expected;
  heed::encoder_decoder<float> unused = gradient;
  if (family == "t5") {
    found.emplace(model, gradient);
    expected.emplace(want, unused);
  }
  heed::saved<heed::encoder_decoder<float>> kept;
  const auto learn = [&](const auto& source) {
    return heed::loss_and_gradient(model, source, target,
                                   1.0 / static_cast<double>(target.ids.size()), kept, gradient);
  };
  const heed::loss_sum loss = family == "whisper"
                                  ? learn(matrix<float>(data.rows("input_features").transpose()))
                                  : learn(heed::token_sequences(data.ids("input_ids")));
  EXPECT_NEAR(loss.mean(), golden.loss(), 1e-5);
  if (family == "whisper") {  // whose encoder has fixed places for PyTorch
    gradient.encoder.places.reset();
    want.encoder.places.reset();
  }
  matrix<float>& words = gradient.decoder.words.weight;
  if (gradient.encoder.words.weight.size() > 0) words += gradient.encoder.words.weight;
  if (gradient.decoder.head.weight.size() > 0) words += gradient.decoder.head.weight.transpose();
  if (gradient.encoder.words.weight.size() > 0) gradient.encoder.words.weight = words;
  gradient.decoder.head = {};
  want.decoder.head = {};
  heed::parameter_list<float> derivatives = heed::parameters_of(gradient),
                              golden_ones = heed::parameters_of(want);
  if (family == "t5") {
    found->around.gather();
    found->before.gather();
    derivatives.push_back(found->around.derivative());
    derivatives.push_back(found->before.derivative());
    golden_ones.push_back(expected->around.weight());
    golden_ones.push_back(expected->before.weight());
  }
  compare(derivatives, golden_ones, false);
}

std::string name_of(const ::testing::TestParamInfo<const char*>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(family_gradients, decoders,
                         ::testing::Values("gpt2", "llama3", "gemma2", "qwen3", "gpt-neox", "bloom",
                                           "opt", "phi", "cohere", "olmo2"),
                         name_of);
INSTANTIATE_TEST_SUITE_P(family_gradients, encoders, ::testing::Values("bert", "modernbert", "vit"),
                         name_of);
INSTANTIATE_TEST_SUITE_P(family_gradients, encoder_decoders,
                         ::testing::Values("bart", "t5", "whisper"), name_of);

}  // namespace
