// SPDX-License-Identifier: MIT
// Mixed-precision training: a decoder that reads rounded weights, bfloat16 for example, while the optimiser changes
// the floats from which they are rounded.
//
//   heed::decoder<float> gpt = ..., gradient = heed::zeros_like(gpt);  // gpt: the floats
//   heed::rounded_decoder<float> rounded(gpt, heed::dtype::bf16);
//   heed::loss_and_gradient(rounded.decoder(), batch, 1.0 / tokens, kept, gradient);
//   optimiser.step(heed::parameters_of(gpt), heed::parameters_of(gradient), rate);
//   rounded.round();                                                   // after each change of the floats
#pragma once

#include <heed/model/backward/parameters.hpp>  // parameters_of, linear_layers_of

#include <memory>  // shared_ptr

namespace heed {
inline namespace HEED_ABI {

// A step far smaller than the distance of two rounded numbers is not lost: the optimiser adds the step to the float,
// and round() rounds the sum to nearest. The matrices of linear layers and of the token embedding are rounded; biases,
// norms and positions remain floats. Gradients ignore the rounding (straight-through). Save the floats in checkpoints:
// rounding them gives the rounded weights again. Micikevicius et al., "Mixed Precision Training", 2018.
template <class Scalar>
class rounded_decoder {
 public:
  // Refers to `floats`, whose sizes must not change. Throws shape_error for a dtype that weights are not rounded to,
  // rows that are not whole blocks of that dtype, weights that are stored in a mapped file, and adapters.
  rounded_decoder(heed::decoder<Scalar>& floats, dtype type) : type_(type), decoder_(floats) {
    detail::require(!detail::has_low_rank(floats), name,
                    ": the decoder has adapters, which are not rounded");
    const auto from = parameters_of(floats), to = parameters_of(decoder_);
    for (std::size_t i = 0; i < from.size(); ++i)
      if (from[i].is_vector || from[i].name == "places.weight")
        plain_.push_back({from[i].data, to[i].data, from[i].size()});
    store(floats.words.weight, decoder_.words.weight, false);
    const auto linear = [&](const heed::linear<Scalar>& of, heed::linear<Scalar>& by) {
      store(of.weight, by.weight, true);
    };
    linear(floats.embedding_projection, decoder_.embedding_projection);
    linear(floats.head_projection, decoder_.head_projection);
    linear(floats.head, decoder_.head);
    for (std::size_t i = 0; i < floats.blocks.size(); ++i)
      for (const auto layers_of : {&attention_of, &feed_of}) {
        const auto of = layers_of(floats.blocks[i]), by = layers_of(decoder_.blocks[i]);
        for (std::size_t k = 0; k < of.size(); ++k) linear(*of[k], *by[k]);
      }
    round();
  }

  // The rounded decoder, for forward and backward. Copies of this decoder share the rounded numbers.
  [[nodiscard]] const heed::decoder<Scalar>& decoder() const { return decoder_; }

  // Rounds the floats again, into the decoder.
  void round(const executor& on = {}) {
    for (const plain_numbers& p : plain_) std::copy(p.from, p.from + p.count, p.to);
    for (const rounded_numbers& r : rounded_)
      detail::in_blocks(on, r.from.rows, detail::rows_of_block,
                        [&](index first, index count) { round_rows(r, first, count); });
  }

 private:
  static constexpr const char* name = "heed::rounded_decoder";

  struct plain_numbers {
    const Scalar* from;
    Scalar* to;
    index count;
  };
  struct rounded_numbers {
    detail::view<const Scalar> from;  // as they are stored: (outputs, inputs) or (words, model)
    std::byte* to;
  };

  static auto attention_of(transformer_block<Scalar>& b) {
    return detail::linear_layers_of(b.attention);
  }
  static auto feed_of(transformer_block<Scalar>& b) { return detail::linear_layers_of(b.feed); }

  // Replaces the floats of `by` by stored numbers, which round() rounds from those of `of`.
  void store(const parameter<Scalar>& of, parameter<Scalar>& by, bool transposed) {
    if (of.size() == 0) return;
    const detail::view<const Scalar> numbers = detail::view_of(of);
    const detail::view<const Scalar> rows = transposed ? numbers.transposed() : numbers;
    const index block = facts_of(type_).block_values;
    detail::require(rows.cols % block == 0, name, ": rows of ", rows.cols,
                    " numbers are not whole blocks of ", block, ", as ", name_of(type_),
                    " has them");
    const auto bytes = std::make_shared<std::vector<std::byte>>(
        static_cast<std::size_t>(rows.rows * bytes_of(type_, rows.cols)));
    rounded_.push_back({rows, bytes->data()});
    by = matrix<Scalar>();
    by.stored = {type_, rows.rows, rows.cols, bytes->data(), bytes};
  }

  void round_rows(const rounded_numbers& r, index first, index count) const {
    const index cols = r.from.cols;
    std::vector<float> numbers(static_cast<std::size_t>(count * cols));
    for (index i = 0; i < cols; ++i)
      for (index row = 0; row < count; ++row)
        numbers[static_cast<std::size_t>(row * cols + i)] =
            static_cast<float>(r.from(first + row, i));
    const bool known = detail::from_float(type_, numbers.data(), count * cols,
                                          r.to + first * bytes_of(type_, cols));
    detail::require(known, name, ": nothing is rounded to ", name_of(type_));
  }

  dtype type_;
  heed::decoder<Scalar> decoder_;
  std::vector<plain_numbers> plain_;
  std::vector<rounded_numbers> rounded_;
};

}  // namespace HEED_ABI
}  // namespace heed
