// SPDX-License-Identifier: MIT
// The attention layer of a model, with what its backward needs, and its gradients.
//
//   heed::saved<heed::attention_layer<float>> kept;
//   heed::forward(layer, x, y, starts, kept);    // sequence i is the rows starts[i] ... starts[i + 1] - 1
//   heed::backward(layer, x, starts, kept, d_y, d_x, gradient);
//   heed::forward(layer, x, memory, y, starts, memory_starts, kept);  // cross-attention
#pragma once

#include <heed/attention_backward.hpp>            // attention_backward
#include <heed/layer/attention_layer.hpp>         // attention_layer
#include <heed/layer/backward/linear.hpp>         // backward of linear
#include <heed/layer/backward/normalisation.hpp>  // backward of normalisation
#include <heed/modifiers/options/outputs.hpp>     // log_sum_exp

namespace heed {
inline namespace HEED_ABI {

template <class Scalar>
struct saved<attention_layer<Scalar>> {
  // Before norms and rotation; of a layer that has a norm or a clip.
  matrix<Scalar> plain_query, plain_key, plain_value;
  matrix<Scalar> query, key, value;  // what attention was given
  matrix<Scalar> context;            // what attention gave, (tokens, heads * value width)
  matrix<Scalar> log_sum_exp;        // (tokens, heads)
};

namespace detail {

// Those private steps of the layer that its gradients need.
struct attention_layer_gradient {
  static constexpr const char* forward_name = "heed::forward of attention_layer";

  // q, k or v from what the projection gave.
  template <class Scalar>
  static void normed_and_turned(const attention_layer<Scalar>& layer,
                                const normalisation<Scalar>& norm, matrix<Scalar>& rows,
                                matrix<Scalar>& plain, const std::vector<index>& starts,
                                const executor& on) {
    layer.hold(rows);
    if (layer.clip > 0 || has_norm(norm)) plain = rows;
    if (has_norm(norm)) normalise_on(on, norm, rows, rows);
    layer.rotate(rows, attention_layer<Scalar>::at_start, &starts, default_scratch());
  }

  // d of what the projection gave, from d of q or k, which is changed; `norm` may be that of no norm.
  template <class Scalar, class D>
  static void back(const attention_layer<Scalar>& layer, const normalisation<Scalar>& norm,
                   normalisation<Scalar>& gradient, const matrix<Scalar>& plain,
                   const std::vector<index>& starts, D& d, const executor& on) {
    // rotated = rotary(normed)
    for (std::size_t s = 0; s + 1 < starts.size() && layer.rotary; ++s)
      layer.rotary->backward(d.middleRows(starts[s], starts[s + 1] - starts[s]), 0,
                             starts[s + 1] - starts[s], default_scratch());
    // normed = norm(plain)
    if (has_norm(norm)) {
      const matrix<Scalar> d_normed = d;
      d.setZero();
      backward(norm, plain, d_normed, d, gradient, on);
    }
    release(layer, plain, d);
  }

  // held = min(max(plain, -clip), clip)
  template <class Scalar, class D>
  static void release(const attention_layer<Scalar>& layer, const matrix<Scalar>& plain, D& d) {
    const auto clip = static_cast<Scalar>(layer.clip);
    for (index i = 0; i < d.size() && clip > 0; ++i)
      if (plain.data()[i] <= -clip || plain.data()[i] >= clip) d.data()[i] = 0;
  }

  template <class Scalar, class Use>
  static void with_rules(const attention_layer<Scalar>& layer, const std::vector<index>& starts,
                         const std::vector<index>& key_starts, const Use& use) {
    layer_settings<Scalar> settings{layer.name, layer.rules.scale, &layer.rules.sinks, &starts};
    settings.key_starts = &key_starts;
    layer.with_rules(settings, use);
  }
};

// Of both kinds of attention: where x attends to itself, memory is x.
template <class Scalar, class X, class Memory, class Y>
void forward_between(const attention_layer<Scalar>& layer, const X& x, const Memory& memory, Y&& y,
                     const std::vector<index>& starts, const std::vector<index>& memory_starts,
                     saved<attention_layer<Scalar>>& kept, const executor& run) {
  using steps = attention_layer_gradient;
  constexpr const char* name = steps::forward_name;
  check_starts(name, "starts", "x", number_span<index>(starts), x.rows());
  check_starts(name, "memory_starts", "memory", number_span<index>(memory_starts), memory.rows());
  require(starts.size() == memory_starts.size(), name, ": x has ", starts.size() - 1,
          " sequences, but memory has ", memory_starts.size() - 1);
  const auto project = [&](const linear<Scalar>& by, const auto& from, matrix<Scalar>& to) {
    to.resize(from.rows(), by.outputs());
    by(from, to, on(run));
  };
  project(layer.query, x, kept.query);
  project(layer.key, memory, kept.key);
  project(layer.value, memory, kept.value);
  steps::normed_and_turned(layer, layer.query_norm, kept.query, kept.plain_query, starts, run);
  steps::normed_and_turned(layer, layer.key_norm, kept.key, kept.plain_key, memory_starts, run);
  if (layer.clip > 0) {
    kept.value = kept.value.cwiseMax(Scalar(-layer.clip)).cwiseMin(Scalar(layer.clip));
    kept.plain_value = kept.value;
  }
  kept.context.resize(x.rows(), layer.value_width() * layer.heads.query);
  kept.log_sum_exp.resize(x.rows(), layer.heads.query);
  steps::with_rules(layer, starts, memory_starts, [&](const auto&... rules) {
    attention(kept.query, kept.key, kept.value, kept.context, rules...,
              log_sum_exp(kept.log_sum_exp), on(run));
  });
  layer.output(kept.context, y, on(run));
}

}  // namespace detail

// y = layer(x, starts), with the same bits. x, y: (tokens, model).
template <class Scalar, class X, class Y>
void forward(const attention_layer<Scalar>& layer, const X& x, Y&& y,
             const std::vector<index>& starts, saved<attention_layer<Scalar>>& kept,
             const executor& run = {}) {
  detail::forward_between(layer, x, x, y, starts, starts, kept, run);
}

// y = layer(x, layer.remember(memory)), with the same bits, for several pairs of sequences: sequence i of x, which is
// (tokens, model), attends to the rows memory_starts[i] ... memory_starts[i + 1] - 1 of memory, (rows, model).
// y: (tokens, model). Throws shape_error if sizes do not fit, and for a layer with rotary positions.
template <class Scalar, class X, class Memory, class Y>
void forward(const attention_layer<Scalar>& layer, const X& x, const Memory& memory, Y&& y,
             const std::vector<index>& starts, const std::vector<index>& memory_starts,
             saved<attention_layer<Scalar>>& kept, const executor& run = {}) {
  detail::require(!layer.rotary.has_value(), detail::attention_layer_gradient::forward_name,
                  ": the layer has rotary positions, but keys of another sequence have none");
  detail::forward_between(layer, x, memory, y, starts, memory_starts, kept, run);
}

// x, d_y, d_x: (tokens, model); memory, d_memory: (rows, model). d_x and d_memory are added to. Of the rules,
// distance_bias alone has a gradient: (heads, 2 * reach + 1), or left out where gradient.rules.distance_bias is empty.
template <class Scalar, class X, class Memory, class DY, class DX, class DMemory>
void backward(const attention_layer<Scalar>& layer, const X& x, const Memory& memory,
              const std::vector<index>& starts, const std::vector<index>& memory_starts,
              const saved<attention_layer<Scalar>>& kept, const DY& d_y, DX&& d_x,
              DMemory&& d_memory, attention_layer<Scalar>& gradient, const executor& run = {}) {
  using steps = detail::attention_layer_gradient;
  scratch::frame frame(detail::default_scratch());
  const auto like = [&](const matrix<Scalar>& m) {
    return frame.template take_matrix<Scalar>(m.rows(), m.cols());
  };
  auto d_context = like(kept.context), d_query = like(kept.query), d_key = like(kept.key),
       d_value = like(kept.value);
  d_context.setZero();
  // y = context W_output + b_output
  backward(layer.output, kept.context, d_y, d_context, gradient.output, run);
  // context = attention(query, key, value)
  steps::with_rules(layer, starts, memory_starts, [&]<class... Rules>(const Rules&... rules) {
    const auto back = [&](const auto&... learned) {
      attention_backward(kept.query, kept.key, kept.value, kept.context, kept.log_sum_exp,
                         d_context, d_query, d_key, d_value, rules..., learned..., on(run));
    };
    if constexpr ((detail::has_distance_bias<Rules> || ...))
      back(detail::distance_bias_gradient{&layer.rules.distance_bias,
                                          &gradient.rules.distance_bias});
    else
      back();
  });
  steps::back(layer, layer.query_norm, gradient.query_norm, kept.plain_query, starts, d_query, run);
  steps::back(layer, layer.key_norm, gradient.key_norm, kept.plain_key, memory_starts, d_key, run);
  steps::release(layer, kept.plain_value, d_value);
  // query = x W_query + b_query; key = memory W_key + b_key, and so value
  backward(layer.query, x, d_query, d_x, gradient.query, run);
  backward(layer.key, memory, d_key, d_memory, gradient.key, run);
  backward(layer.value, memory, d_value, d_memory, gradient.value, run);
}

// Of attention to itself. x, d_y, d_x: (tokens, model).
template <class Scalar, class X, class DY, class DX>
void backward(const attention_layer<Scalar>& layer, const X& x, const std::vector<index>& starts,
              const saved<attention_layer<Scalar>>& kept, const DY& d_y, DX&& d_x,
              attention_layer<Scalar>& gradient, const executor& run = {}) {
  backward(layer, x, x, starts, starts, kept, d_y, d_x, d_x, gradient, run);
}

}  // namespace HEED_ABI
}  // namespace heed
