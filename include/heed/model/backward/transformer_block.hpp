// SPDX-License-Identifier: MIT
// Forward and backward of one transformer block for training.
//
//   heed::saved<heed::transformer_block<float>> kept;
//   heed::forward(block, x, starts, kept);                // x: (tokens, model), in place
//   heed::backward(block, starts, kept, d, gradient);     // d: the gradient of the output; becomes that of the input
//   heed::forward(block, x, memory, starts, memory_starts, kept);  // with cross-attention
#pragma once

#include <heed/layer/backward/attention_layer.hpp>  // backward of attention_layer
#include <heed/layer/backward/experts.hpp>          // backward of experts and of feed_forward
#include <heed/model/transformer_block.hpp>         // transformer_block

namespace heed {
inline namespace HEED_ABI {

// The activations that backward needs, (tokens, model); the inputs of norms that the block does not have are empty.
template <class Scalar>
struct saved<transformer_block<Scalar>> {
  matrix<Scalar> x;                // input of the block
  matrix<Scalar> attention_input;  // attention_norm(x)
  saved<attention_layer<Scalar>> attention;
  matrix<Scalar> attention_result;  // before attention_post_norm
  matrix<Scalar> attention_sum;     // x + attention, before attention_norm_of_sum
  matrix<Scalar> middle;            // input of feed_norm
  matrix<Scalar> feed_input;        // feed_norm(middle)
  std::variant<saved<feed_forward<Scalar>>, saved<experts<Scalar>>> feed;  // as the block's
  matrix<Scalar> feed_result;                                              // before feed_post_norm
  matrix<Scalar> feed_sum;  // before feed_norm_of_sum
};

namespace detail {

// to += factor from, number by number.
template <class Scalar, class To, class From>
void add_times(const executor& on, double factor, To& to, const From& from) {
  const auto by = static_cast<Scalar>(factor);
  in_blocks(on, to.rows(), rows_of_block, [&](index first, index count) {
    Scalar* const a = to.data() + first * to.cols();
    const Scalar* const b = from.data() + first * to.cols();
    if (exactly_equal(factor, 1.0)) {
      for (index i = 0; i < count * to.cols(); ++i) a[i] += b[i];
    } else {
      for (index i = 0; i < count * to.cols(); ++i) a[i] += by * b[i];
    }
  });
}

// The gradients of y = norm(x): d, the gradient of y, is replaced by that of x; unchanged without a norm.
template <class Scalar, class D>
void backward_in_place(const normalisation<Scalar>& norm, const matrix<Scalar>& x, D& d,
                       normalisation<Scalar>& gradient, const executor& on) {
  if (!has_norm(norm)) return;
  scratch::frame frame(default_scratch());
  auto d_y = frame.take_matrix<Scalar>(d.rows(), d.cols());
  d_y = d;
  d.setZero();
  backward(norm, x, d_y, d, gradient, on);
}

// kept = x, x = norm(x), if there is a norm.
template <class Scalar>
void forward_in_place(const executor& on, const normalisation<Scalar>& norm, matrix<Scalar>& x,
                      matrix<Scalar>& kept) {
  if (!has_norm(norm)) return;
  kept = x;
  normalise_on(on, norm, kept, x);
}

// attend(from, to) is the forward of the block's attention.
template <class Scalar, class Attend>
void forward_block(const transformer_block<Scalar>& block, matrix<Scalar>& x,
                   saved<transformer_block<Scalar>>& kept, const executor& on,
                   const Attend& attend) {
  const bool has_feed = block.has_feed();
  const double scale = block.residual_scale;
  matrix<Scalar> result(x.rows(), x.cols());
  kept.x = x;
  kept.attention_input.resizeLike(x);
  kept.feed_input.resizeLike(x);
  normalise_on(on, block.attention_norm, x, kept.attention_input);
  attend(kept.attention_input, result);
  forward_in_place(on, block.attention_post_norm, result, kept.attention_result);
  const bool parallel = block.order == transformer_block<Scalar>::residual::parallel;
  if (parallel && has_norm(block.feed_norm))
    normalise_on(on, block.feed_norm, x, kept.feed_input);
  else if (parallel)
    kept.feed_input = kept.attention_input;
  add_times<Scalar>(on, scale, x, result);
  if (!parallel) {
    forward_in_place(on, block.attention_norm_of_sum, x, kept.attention_sum);
    kept.middle = x;
    if (has_feed) normalise_on(on, block.feed_norm, x, kept.feed_input);
  }
  if (!has_feed) return;
  std::visit(
      [&]<class Layer>(const Layer& feed) {
        if (!std::holds_alternative<saved<Layer>>(kept.feed))
          kept.feed.template emplace<saved<Layer>>();
        forward(feed, kept.feed_input, result, std::get<saved<Layer>>(kept.feed), on);
      },
      block.feed);
  forward_in_place(on, block.feed_post_norm, result, kept.feed_result);
  add_times<Scalar>(on, scale, x, result);
  forward_in_place(on, block.feed_norm_of_sum, x, kept.feed_sum);
}

// attend_back(d_to, d_from) is the backward of the block's attention.
template <class Scalar, class AttendBack>
void backward_block(const transformer_block<Scalar>& block,
                    const saved<transformer_block<Scalar>>& kept, matrix<Scalar>& d,
                    transformer_block<Scalar>& gradient, const executor& on,
                    const AttendBack& attend_back) {
  const bool has_feed = block.has_feed();
  const double scale = block.residual_scale;
  const bool parallel = block.order == transformer_block<Scalar>::residual::parallel;
  matrix<Scalar> d_result(d.rows(), d.cols()), d_input = matrix<Scalar>::Zero(d.rows(), d.cols());
  if (has_feed) {
    // x = norm_of_sum(middle + scale post_norm(feed(feed_input)))
    backward_in_place(block.feed_norm_of_sum, kept.feed_sum, d, gradient.feed_norm_of_sum, on);
    d_result.setZero();
    add_times<Scalar>(on, scale, d_result, d);
    backward_in_place(block.feed_post_norm, kept.feed_result, d_result, gradient.feed_post_norm,
                      on);
    std::visit(
        [&]<class Layer>(const Layer& feed) {
          backward(feed, kept.feed_input, std::get<saved<Layer>>(kept.feed), d_result, d_input,
                   std::get<Layer>(gradient.feed), on);
        },
        block.feed);
    if (!parallel) {
      // feed_input = feed_norm(middle)
      backward(block.feed_norm, kept.middle, d_input, d, gradient.feed_norm, on);
      d_input.setZero();
    }
  }
  if (!parallel)
    backward_in_place(block.attention_norm_of_sum, kept.attention_sum, d,
                      gradient.attention_norm_of_sum, on);
  // sum = x + scale post_norm(attention(attention_input))
  d_result.setZero();
  add_times<Scalar>(on, scale, d_result, d);
  if (parallel && has_norm(block.feed_norm)) {
    // feed_input = feed_norm(x); without feed_norm, feed_input is attention_input, whose gradient d_input then is
    backward(block.feed_norm, kept.x, d_input, d, gradient.feed_norm, on);
    d_input.setZero();
  }
  backward_in_place(block.attention_post_norm, kept.attention_result, d_result,
                    gradient.attention_post_norm, on);
  attend_back(d_result, d_input);
  // attention_input = attention_norm(x)
  backward(block.attention_norm, kept.x, d_input, d, gradient.attention_norm, on);
}

}  // namespace detail

// x = block(x, starts), with the same bits. x: (tokens, model); sequence i is the rows starts[i] ... starts[i + 1] - 1.
template <class Scalar>
void forward(const transformer_block<Scalar>& block, matrix<Scalar>& x,
             const std::vector<index>& starts, saved<transformer_block<Scalar>>& kept,
             const executor& on = {}) {
  detail::forward_block(block, x, kept, on, [&](const matrix<Scalar>& from, matrix<Scalar>& to) {
    forward(block.attention, from, to, starts, kept.attention, on);
  });
}

// d: (tokens, model), the gradient of the block's output, is replaced by that of its input; the gradients of the weights
// are added to `gradient`.
template <class Scalar>
void backward(const transformer_block<Scalar>& block, const std::vector<index>& starts,
              const saved<transformer_block<Scalar>>& kept, matrix<Scalar>& d,
              transformer_block<Scalar>& gradient, const executor& on = {}) {
  detail::backward_block(block, kept, d, gradient, on,
                         [&](const matrix<Scalar>& d_to, matrix<Scalar>& d_from) {
                           backward(block.attention, kept.attention_input, starts, kept.attention,
                                    d_to, d_from, gradient.attention, on);
                         });
}

// The same with cross-attention: sequence i of x attends to the rows memory_starts[i] ... memory_starts[i + 1] - 1 of
// memory, (rows, model), as block(x, memory) does for one sequence.
template <class Scalar>
void forward(const transformer_block<Scalar>& block, matrix<Scalar>& x,
             const matrix<Scalar>& memory, const std::vector<index>& starts,
             const std::vector<index>& memory_starts, saved<transformer_block<Scalar>>& kept,
             const executor& on = {}) {
  detail::forward_block(block, x, kept, on, [&](const matrix<Scalar>& from, matrix<Scalar>& to) {
    forward(block.attention, from, memory, to, starts, memory_starts, kept.attention, on);
  });
}

// The same with cross-attention; the gradient of memory is added to d_memory, (rows, model).
template <class Scalar>
void backward(const transformer_block<Scalar>& block, const matrix<Scalar>& memory,
              const std::vector<index>& starts, const std::vector<index>& memory_starts,
              const saved<transformer_block<Scalar>>& kept, matrix<Scalar>& d,
              matrix<Scalar>& d_memory, transformer_block<Scalar>& gradient,
              const executor& on = {}) {
  detail::backward_block(
      block, kept, d, gradient, on, [&](const matrix<Scalar>& d_to, matrix<Scalar>& d_from) {
        backward(block.attention, kept.attention_input, memory, starts, memory_starts,
                 kept.attention, d_to, d_from, d_memory, gradient.attention, on);
      });
}

}  // namespace HEED_ABI
}  // namespace heed
