// SPDX-License-Identifier: MIT
// A trained relative position bias: a number for each bucket of distances and each head, which several blocks share, as
// in T5 and MPNet.
//
//   heed::shared_distance_bias<float> around("encoder.", {.count = 32, .reach = 128}, t5.encoder.blocks,
//                                            gradient.encoder.blocks);
//   weights.push_back(around.weight());            // "encoder.distances.weight", (32, heads)
//   derivatives.push_back(around.derivative());
//   for (...) {
//     heed::set_zero(derivatives);
//     heed::loss_and_gradient(t5, sources, targets, 1.0 / tokens, kept, gradient);
//     around.gather();                             // adds the gradients of all blocks to derivative()
//     optimiser.step(weights, derivatives, rate);
//     around.spread();                             // copies weight() to the tables of all blocks
//   }
//
// Raffel et al., "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer", 2020.
#pragma once

#include <heed/model/backward/parameters.hpp>  // named_parameter
#include <heed/position/distance_buckets.hpp>  // distance_buckets

namespace heed {
inline namespace HEED_ABI {

// The derivative of a bucket's number is the sum over the blocks and over the distances of the bucket, as PyTorch
// computes it for relative_attention_bias. The number of a bucket without a distance is 0 and stays 0.
template <class Scalar>
class shared_distance_bias {
 public:
  using blocks = std::vector<transformer_block<Scalar>>;

  // Refers to both vectors, which must neither move nor change their sizes. Reads the numbers of the buckets from the
  // tables of `learning`, and gives each block of `gradient`, which comes from zeros_like, a table of zeros, so that
  // backward computes its gradient. `in` is put before the name "distances.weight". Throws shape_error if the numbers of
  // blocks differ, if there are none, or if a table is not one of these buckets or differs from that of block 0.
  shared_distance_bias(const std::string& in, const distance_buckets& buckets, blocks& learning,
                       blocks& gradient)
      : name_(in + "distances.weight"),
        buckets_(buckets),
        blocks_(&learning),
        gradients_(&gradient) {
    detail::require(!learning.empty() && learning.size() == gradient.size(), name, ": there are ",
                    learning.size(), " blocks and ", gradient.size(), " of the gradient");
    const matrix<double>& first = table_of(learning[0]);
    detail::require(first.cols() == 2 * buckets.reach + 1, name, ": the bias of block 0 is ",
                    detail::view_of(first), ", but it must have ", 2 * buckets.reach + 1,
                    " columns, 2 * reach + 1");
    weight_ = matrix<Scalar>::Zero(buckets.count, first.rows());
    derivative_ = weight_;
    for (index d = -buckets.reach; d <= buckets.reach; ++d)
      weight_.row(buckets.of(d)) = first.col(buckets.reach + d).transpose().template cast<Scalar>();
    const matrix<Scalar> numbers = buckets.spread(weight_).template cast<Scalar>();
    for (std::size_t i = 0; i < learning.size(); ++i) {
      const matrix<double>& table = table_of(learning[i]);
      detail::require(table.rows() == numbers.rows() && table.cols() == numbers.cols() &&
                          table.template cast<Scalar>() == numbers,
                      name, ": the bias of block ", i, " is not one of ", buckets.count,
                      " buckets that block 0 has too");
      table_of(gradient[i]).setZero(table.rows(), table.cols());
    }
  }
  shared_distance_bias(const shared_distance_bias&) = delete;
  shared_distance_bias& operator=(const shared_distance_bias&) = delete;

  // The numbers, (count, heads), as relative_attention_bias.weight has them, and their derivatives; both refer to
  // this object.
  [[nodiscard]] named_parameter<Scalar> weight() { return named(weight_); }
  [[nodiscard]] named_parameter<Scalar> derivative() { return named(derivative_); }

  // Adds the gradients in the tables of the gradient's blocks to derivative(), and sets these tables to 0.
  void gather() {
    matrix<double> sum = matrix<double>::Zero(weight_.rows(), weight_.cols());
    for (transformer_block<Scalar>& block : *gradients_) {
      sum += buckets_.gather(table_of(block));
      table_of(block).setZero();
    }
    derivative_ += sum.template cast<Scalar>();
  }

  // Copies the numbers of weight() to the table of each block.
  void spread() {
    const matrix<double> table = buckets_.spread(weight_);
    for (transformer_block<Scalar>& block : *blocks_) table_of(block) = table;
  }

 private:
  static constexpr const char* name = "heed::shared_distance_bias";

  template <class Block>
  static auto& table_of(Block& block) {
    return block.attention.rules.distance_bias;
  }
  [[nodiscard]] named_parameter<Scalar> named(matrix<Scalar>& numbers) const {
    return {name_, numbers.data(), numbers.rows(), numbers.cols(), false};
  }

  std::string name_;
  distance_buckets buckets_;
  blocks* blocks_;
  blocks* gradients_;
  matrix<Scalar> weight_, derivative_;  // (count, heads)
};

}  // namespace HEED_ABI
}  // namespace heed
