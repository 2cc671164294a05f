// SPDX-License-Identifier: MIT
// A bias of buckets of distances that blocks share: by hand, and its gradient beside differences.
#include "support/on_threads.hpp"
#include "support/refusal.hpp"
#include "support/same_bits.hpp"
#include "support/small_translator.hpp"

#include <heed/model/backward/encoder_decoder.hpp>
#include <heed/model/backward/shared_distance_bias.hpp>
#include <heed/train/optimiser.hpp>

namespace {

using heed::distance_buckets;
using heed::encoder_decoder;
using heed::index;
using heed::matrix;
using heed::shared_distance_bias;
using support::some_numbers;
using support::target_ids;
using support::target_starts;
using support::three_sources;

template <class Scalar>
using blocks = std::vector<heed::transformer_block<Scalar>>;

// Two buckets a side: distance 0 or 1 has its own, all others the next. Bucket 2 is that of no distance.
constexpr distance_buckets two_a_side{.count = 4, .reach = 3};

template <class Scalar>
blocks<Scalar> two_blocks(const matrix<double>& table) {
  blocks<Scalar> two(2);
  for (auto& block : two) block.attention.rules.distance_bias = table;
  return two;
}

TEST(shared_distance_bias, gathers_and_spreads_by_hand) {
  matrix<double> table(1, 7);
  table << 2, 2, 2, 1, 4, 4, 4;  // distances -3 ... 3
  blocks<float> two = two_blocks<float>(table), gradient = two_blocks<float>({});
  shared_distance_bias<float> bias("encoder.", two_a_side, two, gradient);
  const auto weight = bias.weight(), derivative = bias.derivative();
  EXPECT_EQ(weight.name, "encoder.distances.weight");
  EXPECT_EQ(weight.rows, 4);
  EXPECT_EQ(weight.cols, 1);
  EXPECT_EQ(std::vector<float>(weight.data, weight.data + 4), (std::vector<float>{1, 2, 0, 4}));
  gradient[0].attention.rules.distance_bias << 1, 2, 3, 4, 5, 6, 7;
  gradient[1].attention.rules.distance_bias << 0, 0, 0, 10, 0, 0, 100;
  bias.gather();
  bias.gather();  // finds nothing more
  const std::vector<float> want{14, 6, 0, 118};
  EXPECT_EQ(std::vector<float>(derivative.data, derivative.data + 4), want);
  for (index i = 0; i < 4; ++i) weight.data[i] -= derivative.data[i];
  bias.spread();
  table << -4, -4, -4, -13, -114, -114, -114;
  EXPECT_EQ(two[0].attention.rules.distance_bias, table);
  EXPECT_EQ(two[1].attention.rules.distance_bias, table);
}

// T5's kind: both sides have a bias, and scores no scale.
template <class Scalar>
struct small_t5 {
  encoder_decoder<Scalar> model = support::small_translator<Scalar>(2);
  encoder_decoder<Scalar> gradient;
  std::optional<shared_distance_bias<Scalar>> around, before;

  small_t5() {
    model.encoder.blocks.push_back(model.encoder.blocks[0]);
    spread(model.encoder.blocks, two_a_side, some_numbers(4, 2, 5));
    spread(model.decoder.blocks, of_decoder, some_numbers(3, 3, 4));
    gradient = heed::zeros_like(model);
    around.emplace("encoder.", two_a_side, model.encoder.blocks, gradient.encoder.blocks);
    before.emplace("decoder.", of_decoder, model.decoder.blocks, gradient.decoder.blocks);
  }
  small_t5(const small_t5&) = delete;

  void find(const matrix<Scalar>& d_hidden, const heed::executor& on = {}) {
    heed::saved<encoder_decoder<Scalar>> kept;
    heed::forward(model, three_sources(), target_ids, target_starts, kept, on);
    heed::backward(model, three_sources(), target_ids, target_starts, kept, d_hidden, gradient, on);
    around->gather();
    before->gather();
  }

 private:
  static constexpr distance_buckets of_decoder{3, 2, distance_buckets::sides::before};

  static void spread(blocks<Scalar>& all, const distance_buckets& buckets,
                     const matrix<double>& numbers) {
    for (auto& block : all) {
      block.attention.rules.scale = 1;
      block.attention.rules.distance_bias =
          buckets.spread(numbers).template cast<Scalar>().template cast<double>();
    }
  }
};

template <class Scalar>
auto numbers_of(const heed::named_parameter<Scalar>& p) {
  return Eigen::Map<matrix<Scalar>>(p.data, p.rows, p.cols);
}

TEST(shared_distance_bias, has_the_gradient_of_differences) {
  small_t5<double> t5;
  const matrix<double> d_hidden = some_numbers(7, 6, 3);
  t5.find(d_hidden);
  const auto f = [&] {
    t5.around->spread();
    t5.before->spread();
    return support::hidden_one_by_one(t5.model).cwiseProduct(d_hidden).sum();
  };
  for (auto* const bias : {&*t5.around, &*t5.before}) {
    auto weight = numbers_of(bias->weight());
    support::expect_gradient("buckets", weight, numbers_of(bias->derivative()), f);
  }
}

TEST(shared_distance_bias, has_the_same_bits_on_any_number_of_threads) {
  const matrix<float> d_hidden = some_numbers(7, 6, 3).cast<float>();
  small_t5<float> one;
  one.find(d_hidden);
  for (const index threads : {2, 3}) {
    small_t5<float> several;
    several.find(d_hidden, heed::executor_of(support::on_threads, threads));
    EXPECT_TRUE(support::same_bits(numbers_of(one.around->derivative()),
                                   numbers_of(several.around->derivative())));
    EXPECT_TRUE(support::same_bits(numbers_of(one.before->derivative()),
                                   numbers_of(several.before->derivative())));
  }
}

// Buckets that alone learn move the hidden vectors along d_hidden.
TEST(shared_distance_bias, learns) {
  small_t5<float> t5;
  const matrix<float> d_hidden = some_numbers(7, 6, 3).cast<float>();
  const auto loss = [&] {
    return support::hidden_one_by_one(t5.model).cwiseProduct(d_hidden).sum();
  };
  const float before = loss();
  const heed::parameter_list<float> weights{t5.around->weight(), t5.before->weight()},
      derivatives{t5.around->derivative(), t5.before->derivative()};
  heed::sgd<float> optimiser;
  for (int step = 0; step < 20; ++step) {
    heed::set_zero(derivatives);
    t5.find(d_hidden);
    optimiser.step(weights, derivatives, 0.5);
    t5.around->spread();
    t5.before->spread();
  }
  EXPECT_LT(loss(), before - 0.1f);
}

TEST(shared_distance_bias, refuses_tables_of_other_buckets) {
  matrix<double> table(1, 7);
  table << 2, 2, 2, 1, 4, 4, 4;
  blocks<float> two = two_blocks<float>(table), gradient = two_blocks<float>({}), one(1);
  const auto said = [&](const distance_buckets& buckets, blocks<float>& of) {
    return support::refusal<heed::shape_error>(
        [&] { shared_distance_bias<float>("", buckets, two, of); });
  };
  EXPECT_EQ(said(two_a_side, one),
            "heed::shared_distance_bias: there are 2 blocks and 1 of the gradient");
  EXPECT_EQ(said({.count = 4, .reach = 4}, gradient),
            "heed::shared_distance_bias: the bias of block 0 is 1x7, but it must have 9 columns, "
            "2 * reach + 1");
  EXPECT_EQ(said({4, 3, distance_buckets::sides::before}, gradient),
            "heed::shared_distance_bias: the bias of block 0 is not one of 4 buckets that block 0 "
            "has too");
  two[1].attention.rules.distance_bias(0, 3) = 9;
  EXPECT_EQ(said(two_a_side, gradient),
            "heed::shared_distance_bias: the bias of block 1 is not one of 4 buckets that block 0 "
            "has too");
}

}  // namespace
