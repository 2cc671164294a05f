// SPDX-License-Identifier: MIT
// Losses and gradients of tiny decoders beside those of PyTorch's autograd in double.
#include "support/safetensors.hpp"

#include <heed/train/loss.hpp>

#include <gtest/gtest.h>

namespace {

using heed::decoder;
using heed::index;
using heed::matrix;

// As make_decoder_gradients.py has them.
const heed::token_batch batch{
    {3, 1, 4, 1, 5, 9, 2, 6, 5, 3}, {0, 4, 10}, {1, 4, 1, -1, 9, 2, 6, 5, 3, 7}};

template <class Scalar>
void compare(const char* kind, decoder<Scalar> d, double off) {
  const support::safetensors golden(support::golden_root() / "gradients" /
                                    (std::string(kind) + ".safetensors"));
  const auto weights = heed::parameters_of(d);
  for (const auto& p : weights) {
    const auto numbers = golden["weights." + p.name].template rows<double>();
    ASSERT_EQ(numbers.size(), p.size()) << p.name;
    for (index i = 0; i < p.size(); ++i) p.data[i] = static_cast<Scalar>(numbers.data()[i]);
  }
  decoder<Scalar> gradient = heed::zeros_like(d);
  heed::saved<decoder<Scalar>> kept;
  const heed::loss_sum loss = heed::loss_and_gradient(d, batch, 1.0 / 9, kept, gradient);
  EXPECT_NEAR(loss.mean(), golden["loss"].template rows<double>()(0, 0), off);
  for (const auto& p : heed::parameters_of(gradient)) {
    const auto want = golden["gradients." + p.name].template rows<double>();
    double largest = 0, error = 0;
    for (index i = 0; i < p.size(); ++i) {
      largest = (std::max)(largest, std::abs(want.data()[i]));
      error = (std::max)(error, std::abs(want.data()[i] - static_cast<double>(p.data[i])));
    }
    EXPECT_LE(error, off * (std::max)(largest, 0.1)) << p.name;
  }
}

template <class Scalar>
decoder<Scalar> gpt2() {
  return decoder<Scalar>(
      {.vocabulary = 11, .positions = 6, .model = 8, .layers = 2, .heads = 4, .hidden = 12});
}
template <class Scalar>
decoder<Scalar> llama() {
  decoder<Scalar> d(
      {.vocabulary = 11, .model = 8, .layers = 2, .heads = 4, .kv_heads = 2, .hidden = 12});
  d.head = heed::linear<Scalar>({.inputs = 8, .outputs = 11, .bias = false});
  return d;
}

TEST(decoder_gradients, of_gpt2_are_those_of_pytorch) {
  compare("gpt2", gpt2<double>(), 1e-11);
  compare("gpt2", gpt2<float>(), 1e-5);
}

TEST(decoder_gradients, of_llama_are_those_of_pytorch) {
  compare("llama", llama<double>(), 1e-11);
  compare("llama", llama<float>(), 1e-5);
}

}  // namespace
