// SPDX-License-Identifier: MIT
// The gradients of a decoder beside differences: learned and rotary positions, a projected embedding; what is
// recomputed has the same bits.
#include "support/learning.hpp"
#include "support/on_threads.hpp"
#include "support/same_bits.hpp"

#include <heed/model/backward/decoder.hpp>

namespace {

using heed::decoder;
using heed::index;
using heed::matrix;
using support::learning_ids;
using support::learning_starts;
using support::small_decoder;
using support::some_numbers;

// hidden vectors of each sequence, by the decoder itself
template <class Scalar>
matrix<Scalar> hidden(const decoder<Scalar>& d) {
  matrix<Scalar> all(index(learning_ids.size()), d.model());
  for (std::size_t s = 0; s + 1 < learning_starts.size(); ++s) {
    const index first = learning_starts[s], end = learning_starts[s + 1];
    all.middleRows(first, end - first) =
        d.hidden(std::vector<index>(learning_ids.begin() + first, learning_ids.begin() + end));
  }
  return all;
}

void check(decoder<double> d) {
  decoder<double> gradient = heed::zeros_like(d);
  heed::saved<decoder<double>> kept;
  heed::forward(d, learning_ids, learning_starts, kept);
  EXPECT_TRUE(support::same_bits(kept.hidden, hidden(d)));
  const matrix<double> d_hidden = some_numbers(kept.hidden.rows(), kept.hidden.cols(), 3);
  heed::backward(d, learning_ids, learning_starts, kept, d_hidden, gradient);
  const auto f = [&] { return hidden(d).cwiseProduct(d_hidden).sum(); };
  support::expect_gradients(heed::parameters_of(d), heed::parameters_of(gradient), f);
}

TEST(backward_of_decoder, with_learned_positions) { check(small_decoder<double>(4)); }
TEST(backward_of_decoder, with_rotary_positions) { check(small_decoder<double>(0)); }

TEST(backward_of_decoder, with_an_embedding_that_is_projected_scaled_and_normed) {
  decoder<double> d = small_decoder<double>(5, 1);
  d.first_place = 1;
  d.embedding_scale = 2;
  d.words = heed::token_embedding<double>({.vocabulary = 5, .model = 2});
  d.embedding_projection = heed::linear<double>({.inputs = 2, .outputs = 6});
  d.embedding_norm = heed::layer_norm<double>({.model = 6});
  support::fill_some(d.words.weight, 40);
  check(d);
}

TEST(backward_of_decoder, has_the_same_bits_recomputed_and_on_any_number_of_threads) {
  decoder<float> d = small_decoder<float>(0, 3);
  const auto run = [&](heed::activations policy, const heed::executor& on) {
    decoder<float> gradient = heed::zeros_like(d);
    heed::saved<decoder<float>> kept;
    kept.policy = policy;
    heed::forward(d, learning_ids, learning_starts, kept, on);
    heed::backward(d, learning_ids, learning_starts, kept, kept.hidden, gradient, on);
    return gradient;
  };
  decoder<float> plain = run(heed::activations::kept, {});
  decoder<float> again = run(heed::activations::recomputed, {});
  decoder<float> three = run(heed::activations::kept, heed::executor_of(support::on_threads, 3));
  EXPECT_TRUE(support::same_parameters(plain, again));
  EXPECT_TRUE(support::same_parameters(plain, three));
}

}  // namespace
