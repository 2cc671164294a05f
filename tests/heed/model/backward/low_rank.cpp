// SPDX-License-Identifier: MIT
// Decoders that learn by adapters alone: gradients beside differences, weights of a file that stay, and merging.
#include "support/gradient_check.hpp"
#include "support/learning.hpp"
#include "support/on_threads.hpp"
#include "support/refusal.hpp"
#include "support/same_bits.hpp"

#include <heed/model/backward/low_rank.hpp>
#include <heed/train/loss.hpp>

namespace {

using heed::decoder;
using heed::index;
using heed::matrix;
using support::learning_ids;
using support::learning_starts;
using support::small_decoder;

const heed::token_batch batch{learning_ids, learning_starts, {4, 2, 3, 3, 3, 1, 0}};

// With adapters whose second factors are no longer 0.
template <class Scalar>
decoder<Scalar> adapted(index positions, bool feed) {
  decoder<Scalar> d = small_decoder<Scalar>(positions);
  heed::add_low_rank(d, {.rank = 2, .alpha = 3, .feed = feed, .seed = 5});
  std::uint64_t seed = 50;
  for (const auto& p : heed::parameters_of(d)) {
    matrix<Scalar> numbers(p.rows, p.cols);
    heed::detail::fill_normal(numbers, 0.5, ++seed);
    std::copy(numbers.data(), numbers.data() + p.size(), p.data);
  }
  return d;
}

void check(decoder<double> d, std::size_t parameters) {
  decoder<double> gradient = heed::zeros_like(d);
  heed::saved<decoder<double>> kept, other;
  heed::loss_and_gradient(d, batch, 1.0, kept, gradient);
  const auto f = [&] { return heed::loss_of(d, batch, other).sum; };
  const auto weights = heed::parameters_of(d), derivatives = heed::parameters_of(gradient);
  ASSERT_EQ(weights.size(), parameters);
  ASSERT_EQ(derivatives.size(), parameters);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    Eigen::Map<matrix<double>> w(weights[i].data, weights[i].rows, weights[i].cols);
    const Eigen::Map<matrix<double>> dw(derivatives[i].data, w.rows(), w.cols());
    support::expect_gradient(weights[i].name.c_str(), w, dw, f);
  }
}

// Two blocks of four projections, each with two factors; feed-forward layers have two or, gated, three.
TEST(low_rank, gradients_are_the_differences) {
  check(adapted<double>(4, false), 2 * 4 * 2);
  check(adapted<double>(0, true), 2 * 7 * 2);
}

// The numbers of all weights as bfloat16, as a file has them.
class file_of_decoder {
 public:
  template <class Scalar>
  void take(decoder<Scalar>& d) {
    store(d.words.weight, matrix<Scalar>(d.words.weight));
    for (auto& b : d.blocks)
      for (auto* const layer : layers(b))
        store(layer->weight, matrix<Scalar>(layer->weight.transpose()));
  }

 private:
  template <class Scalar>
  static std::vector<heed::linear<Scalar>*> layers(heed::transformer_block<Scalar>& b) {
    auto all = heed::detail::linear_layers_of(b.attention);
    for (auto* const layer : heed::detail::linear_layers_of(b.feed))
      if (layer->outputs() > 0) all.push_back(layer);
    return all;
  }
  template <class Scalar>
  void store(heed::parameter<Scalar>& weight, const matrix<Scalar>& rows) {
    auto& bytes = bytes_.emplace_back(std::make_shared<std::vector<Eigen::bfloat16>>());
    for (index i = 0; i < rows.size(); ++i)
      bytes->push_back(static_cast<Eigen::bfloat16>(static_cast<float>(rows.data()[i])));
    weight = matrix<Scalar>();
    weight.stored = {heed::dtype::bf16, rows.rows(), rows.cols(),
                     reinterpret_cast<const std::byte*>(bytes->data()), bytes};
  }

  std::vector<std::shared_ptr<std::vector<Eigen::bfloat16>>> bytes_;
};

TEST(low_rank, gradients_through_weights_of_a_file_are_the_differences) {
  file_of_decoder file;
  decoder<double> d = adapted<double>(0, true);
  d.head = heed::linear<double>({.inputs = 6, .outputs = 5, .bias = false});
  file.take(d);
  check(d, 2 * 7 * 2);
  d.head.weight.stored = d.words.weight.stored;
  d.head.weight.resize(0, 0);
  check(d, 2 * 7 * 2);
  d.head = {};
  check(d, 2 * 7 * 2);
}

TEST(low_rank, begins_as_the_decoder_was_and_asks_for_nothing_else) {
  decoder<float> d = small_decoder<float>(4), before = d;
  heed::add_low_rank(d, {.rank = 3, .alpha = 6});
  const std::vector<index> ids = {1, 4, 2, 0};
  EXPECT_TRUE(support::same_bits(before(ids), d(ids)));
  EXPECT_EQ(d.blocks[1].attention.key.adapter.scale, 2);
  decoder<float> gradient = heed::zeros_like(d);
  heed::saved<decoder<float>> kept;
  heed::loss_and_gradient(d, batch, 1.0, kept, gradient);
  EXPECT_EQ(gradient.words.weight.size() + gradient.places->weight.size() +
                gradient.blocks[0].attention.key.weight.size() +
                gradient.blocks[0].attention.key.bias.size(),
            0);
  // the second factors are 0, so that nothing comes back to the first
  EXPECT_EQ(gradient.blocks[0].attention.key.adapter.down.cwiseAbs().maxCoeff(), 0);
  EXPECT_GT(gradient.blocks[0].attention.value.adapter.up.cwiseAbs().maxCoeff(), 0);
  EXPECT_EQ(gradient.blocks[0].attention.value.adapter.up.rows(), 3);
}

TEST(low_rank, merged_gives_the_same_scores_and_has_no_adapters) {
  file_of_decoder file;
  decoder<float> d = adapted<float>(0, true);
  file.take(d);
  const std::vector<index> ids = {1, 4, 2, 0};
  const matrix<float> want = d(ids);
  decoder<float> merged = d;
  heed::merge_low_rank(merged);
  EXPECT_TRUE(merged.words.weight.stored.given());
  EXPECT_FALSE(heed::detail::has_low_rank(merged));
  EXPECT_LE((merged(ids) - want).cwiseAbs().maxCoeff(), 1e-5f * want.cwiseAbs().maxCoeff());
  heed::make_learnable(merged);
  EXPECT_EQ(heed::parameters_of(merged).size(), 1 + 2 * 9 + 1u);
  EXPECT_TRUE(heed::detail::has_low_rank(d));
}

TEST(low_rank, has_the_same_bits_on_any_number_of_threads) {
  file_of_decoder file;
  decoder<float> d = adapted<float>(0, true);
  file.take(d);
  const auto run = [&](const heed::executor& on) {
    decoder<float> gradient = heed::zeros_like(d);
    heed::saved<decoder<float>> kept;
    heed::loss_and_gradient(d, batch, 1.0, kept, gradient, on);
    return gradient;
  };
  decoder<float> one = run({}), three = run(heed::executor_of(support::on_threads, 3));
  EXPECT_TRUE(support::same_parameters(one, three));
}

TEST(low_rank, says_what_is_wrong) {
  decoder<float> d = small_decoder<float>(4);
  EXPECT_EQ(support::refusal([&] { heed::add_low_rank(d, {.rank = 0}); }),
            "heed::add_low_rank: rank is 0, but it must be 1 at least");
  heed::add_low_rank(d, {});
  EXPECT_EQ(support::refusal([&] { heed::add_low_rank(d, {}); }),
            "heed::add_low_rank: the decoder has adapters; heed::merge_low_rank makes them a part "
            "of it");
}

}  // namespace
