// SPDX-License-Identifier: MIT
// Weights that are read rounded and learn as floats: numbers by hand, gradients, checkpoints.
#include "support/bytes.hpp"
#include "support/learning.hpp"
#include "support/on_threads.hpp"
#include "support/refusal.hpp"

#include <heed/train/checkpoint.hpp>
#include <heed/train/loss.hpp>
#include <heed/train/rounded_decoder.hpp>

#include <gtest/gtest.h>

namespace {

using heed::decoder;
using heed::dtype;
using heed::index;
using heed::rounded_decoder;
using support::learning_ids;
using support::learning_starts;
using support::small_decoder;

const heed::token_batch batch{learning_ids, learning_starts, {4, 2, 3, 3, 3, 1, 0}};

// Below 1, two bfloat16 are 1/256 apart: after a step of 1/1024 the nearest is 1 still, after three it is 1 - 1/256.
TEST(rounded_decoder, small_steps_add_up_in_the_floats) {
  decoder<float> d = small_decoder<float>(4);
  d.words.weight(2, 3) = d.blocks[1].attention.key.weight(1, 4) = 1;
  d.final_norm.emplace<heed::layer_norm<float>>(heed::layer_norm<float>({.model = 6}));
  rounded_decoder<float> rounded(d, dtype::bf16);
  const auto& key = rounded.decoder().blocks[1].attention.key.weight;
  EXPECT_EQ(key.stored.rows, 6);  // outputs
  EXPECT_EQ(key.size(), 0);
  const auto read = [](const heed::stored_matrix& m, index row, index col) {
    float some[8];
    m.read(row, 1, some);
    return some[col];
  };
  const auto step = [&] {
    d.words.weight(2, 3) -= 1.0f / 1024;
    d.blocks[1].attention.key.weight(1, 4) -= 1.0f / 1024;
    std::get<heed::layer_norm<float>>(d.final_norm).weight[5] -= 1.0f / 1024;
    d.places->weight(3, 1) = 1 + 1.0f / 1024;
    rounded.round(heed::executor_of(support::on_threads, 3));
  };
  step();
  EXPECT_EQ(read(rounded.decoder().words.weight.stored, 2, 3), 1);
  EXPECT_EQ(read(key.stored, 4, 1), 1);
  step();
  step();
  EXPECT_EQ(read(rounded.decoder().words.weight.stored, 2, 3), 1 - 1.0f / 256);
  EXPECT_EQ(read(key.stored, 4, 1), 1 - 1.0f / 256);
  // vectors and positions are as they are
  EXPECT_EQ(std::get<heed::layer_norm<float>>(rounded.decoder().final_norm).weight[5],
            1 - 3.0f / 1024);
  EXPECT_EQ(rounded.decoder().places->weight(3, 1), 1 + 1.0f / 1024);
}

// The gradient is that of a decoder whose weights are the rounded numbers.
TEST(rounded_decoder, has_the_gradient_of_what_it_reads) {
  for (const index positions : {index(4), index(0)}) {
    decoder<double> d = small_decoder<double>(positions), gradient = heed::zeros_like(d),
                    other = gradient;
    const rounded_decoder<double> rounded(d, dtype::bf16);
    decoder<double> plain = rounded.decoder();
    heed::make_learnable(plain);
    EXPECT_NE(plain.words.weight, d.words.weight);
    heed::saved<decoder<double>> kept;
    const double loss = heed::loss_and_gradient(rounded.decoder(), batch, 1.0, kept, gradient).sum;
    EXPECT_NEAR(loss, heed::loss_and_gradient(plain, batch, 1.0, kept, other).sum, 1e-12);
    const auto a = heed::parameters_of(gradient), b = heed::parameters_of(other);
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i)
      for (index j = 0; j < a[i].size(); ++j)
        ASSERT_NEAR(a[i].data[j], b[i].data[j], 1e-12) << a[i].name;
  }
}

// Learning that is saved and read again after each step has the bits of learning that is not.
TEST(rounded_decoder, goes_on_from_a_checkpoint_with_the_same_bits) {
  struct lesson {
    decoder<float> floats = small_decoder<float>(0), gradient = heed::zeros_like(floats);
    rounded_decoder<float> rounded{floats, dtype::f16};
    heed::adamw<float> optimiser;
    heed::parameter_list<float> weights = heed::parameters_of(floats),
                                derivatives = heed::parameters_of(gradient);
    heed::saved<decoder<float>> kept;

    double learn() {
      heed::set_zero(derivatives);
      const double loss =
          heed::loss_and_gradient(rounded.decoder(), batch, 1.0 / 7, kept, gradient).mean();
      optimiser.step(weights, derivatives, 0.01);
      rounded.round();
      return loss;
    }
  };
  const support::temporary_folder folder;
  lesson whole, parts;
  const double first = whole.learn();
  parts.learn();
  double last = first;
  for (int i = 0; i < 10; ++i) {
    last = whole.learn();
    heed::save_checkpoint(folder / "c", parts.weights, parts.optimiser);
    lesson next;
    (void)heed::load_checkpoint(folder / "c", next.weights, next.optimiser);
    next.rounded.round();
    next.learn();
    heed::save_checkpoint(folder / "c", next.weights, next.optimiser);
    (void)heed::load_checkpoint(folder / "c", parts.weights, parts.optimiser);
  }
  EXPECT_LT(last, 0.9 * first);
  EXPECT_TRUE(support::same_parameters(whole.floats, parts.floats));
  EXPECT_EQ(whole.optimiser.second, parts.optimiser.second);
}

TEST(rounded_decoder, says_what_is_wrong) {
  decoder<float> d = small_decoder<float>(4);
  EXPECT_EQ(support::refusal([&] { rounded_decoder<float>(d, dtype::i16); }),
            "heed::rounded_decoder: nothing is rounded to I16");
  EXPECT_EQ(
      support::refusal([&] { rounded_decoder<float>(d, dtype::q8_0); }),
      "heed::rounded_decoder: rows of 6 numbers are not whole blocks of 32, as Q8_0 has them");
}

}  // namespace
