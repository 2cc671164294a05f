// SPDX-License-Identifier: MIT
// One block of a transformer: attention, then a feed-forward layer, each added to its input
// (residual).
//
//   heed::transformer_block<float> block = ...;
//   block(x, cache);  // x: (tokens, model), in place
#pragma once

#include <heed/layer/attention_layer.hpp>  // attention_layer
#include <heed/layer/experts.hpp>          // experts, feed_forward

#include <variant>  // variant, visit

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Calls a feed-forward layer or, if the first of `context` has one, its member `feed`, with which several
// processes share the layer.
template <class Layer, class X, class Y, class Room, class On>
void call_feed(const Layer& layer, const X& x, Y& y, const Room& room, const On& run) {
  layer(x, y, room, run);
}
template <class Layer, class X, class Y, class Room, class On, class First, class... Others>
void call_feed(const Layer& layer, const X& x, Y& y, const Room& room, const On& run, First& first,
               const Others&...) {
  if constexpr (requires { first.feed(layer, x, y, room, run); })
    first.feed(layer, x, y, room, run);
  else
    layer(x, y, room, run);
}

}  // namespace detail

// Members choose the places of norms and the order of residual sums: a norm is applied before each layer, after
// the layer, after the sum (as in the original transformer), or at several of these places; and the layers are added
// one after the other or in parallel.
template <class Scalar>
struct transformer_block {
  enum class residual {
    sequential,  // x += attention(norm(x)); x += feed(norm(x))
    parallel     // x += attention(norm(x)) + feed(norm(x))
  };

  normalisation<Scalar> attention_norm;  // of attention's input
  attention_layer<Scalar> attention;
  normalisation<Scalar> attention_post_norm;    // of attention's output, before the sum
  normalisation<Scalar> attention_norm_of_sum;  // of the sum; sequential only
  normalisation<Scalar> feed_norm;  // of feed's input; if empty and parallel: attention_norm
  std::variant<feed_forward<Scalar>, experts<Scalar>> feed;  // without weights: there is none
  normalisation<Scalar> feed_post_norm;
  normalisation<Scalar> feed_norm_of_sum;
  residual order = residual::sequential;
  double residual_scale = 1;  // factor of each layer's result before it is added

  // x: (tokens, model), in place. `context` are the arguments of attention_layer after x and y: a cache, the
  // starts of packed sequences, the memory of another sequence, or nothing. Modifiers: in, on. Takes memory
  // for two matrices of (tokens, model) from scratch, in addition to that of the layers; a second call with the
  // same shapes allocates nothing. Throws the exceptions of the layers.
  template <class X, class... Context>
  void operator()(X&& x, Context&&... context) const {
    constexpr bool in_place = !detail::storage<X> || detail::writable<X>;
    static_assert(in_place,
                  "heed: the x of a transformer_block is changed in place, and must be writable");
    if constexpr (detail::layer_call_is_good<Scalar, X>() && in_place) run(x, context...);
  }

  // Whether there is a feed-forward layer.
  [[nodiscard]] bool has_feed() const {
    const auto* plain = std::get_if<feed_forward<Scalar>>(&feed);
    return plain == nullptr || plain->up.outputs() > 0;
  }

 private:
  template <class X, class... Context>
  void run(X& x, Context&... context) const {
    const auto options = detail::gather_settings<Scalar>(context...);
    scratch& room = options.memory ? *options.memory : detail::default_scratch();
    const auto on_same = on(options.on);
    scratch::frame frame(room);
    auto normed = frame.take_matrix<Scalar>(x.rows(), x.cols());
    auto result = frame.take_matrix<Scalar>(x.rows(), x.cols());
    normalise(attention_norm, x, normed);
    attention(normed, result, context...);
    normalise(attention_post_norm, result, result);
    if (order == residual::parallel) {
      if (has_norm(feed_norm)) normalise(feed_norm, x, normed);
      add(x, result);
    } else {
      add(x, result);
      normalise(attention_norm_of_sum, x, x);
      if (!has_feed()) return;
      normalise(feed_norm, x, normed);
    }
    std::visit(
        [&](const auto& layer) {
          detail::call_feed(layer, normed, result, in(room), on_same, context...);
        },
        feed);
    normalise(feed_post_norm, result, result);
    add(x, result);
    normalise(feed_norm_of_sum, x, x);
  }

  template <class X, class Result>
  void add(X& x, const Result& result) const {
    if (detail::exactly_equal(residual_scale, 1.0))
      x += result;
    else
      x += static_cast<Scalar>(residual_scale) * result;
  }
};

}  // namespace HEED_ABI
}  // namespace heed
