// SPDX-License-Identifier: MIT
// The feed-forward layer, with what its backward needs, and its gradients.
//
//   heed::saved<heed::feed_forward<float>> kept;
//   heed::forward(mlp, x, y, kept);
//   heed::backward(mlp, x, kept, d_y, d_x, gradient);
#pragma once

#include <heed/layer/backward/activation.hpp>  // activate_backward_row
#include <heed/layer/backward/linear.hpp>      // backward of linear
#include <heed/layer/feed_forward.hpp>         // feed_forward

#include <vector>  // vector

namespace heed {
inline namespace HEED_ABI {

template <class Scalar>
struct saved<feed_forward<Scalar>> {
  matrix<Scalar> gate, up;  // what the activation is given, (tokens, hidden); gate: gated alone
  matrix<Scalar> hidden;    // what `down` is given, (tokens, hidden)
};

// y = layer(x), with the same bits. x, y: (tokens, model), row-major.
template <class Scalar, class X, class Y>
void forward(const feed_forward<Scalar>& layer, const X& x, Y&& y,
             saved<feed_forward<Scalar>>& kept, const executor& run = {}) {
  layer.check_input({x.rows(), x.cols()});
  for (matrix<Scalar>* const m : {&kept.up, &kept.hidden}) m->resize(x.rows(), layer.up.outputs());
  layer.up(x, kept.up, on(run));
  if (layer.gated()) {
    kept.gate.resize(x.rows(), layer.gate.outputs());
    layer.gate(x, kept.gate, on(run));
  }
  detail::in_blocks(run, x.rows(), detail::rows_of_block, [&](index first, index count) {
    auto hidden = kept.hidden.middleRows(first, count);
    hidden = kept.up.middleRows(first, count);
    if (layer.gated()) {
      matrix<Scalar> gates = kept.gate.middleRows(first, count);
      layer.join(gates, hidden);
    } else {
      activate(layer.activation, hidden);
    }
  });
  layer.down(kept.hidden, y, on(run));
}

namespace detail {

// hidden = a (held(u) + offset) with a = f(s held(g)) / s, as feed_forward::join has it; for some numbers of
// u, which become d_u, with d, which becomes d_g.
template <class Scalar>
void join_backward_row(const feed_forward<Scalar>& layer, const Scalar* g, const Scalar* u,
                       Scalar* d, Scalar* d_u, index count) {
  const auto limit = static_cast<Scalar>(layer.gating.limit);
  const auto sharpness = static_cast<Scalar>(layer.gating.sharpness);
  const auto offset = static_cast<Scalar>(layer.gating.offset);
  std::vector<Scalar> inner(static_cast<std::size_t>(count)), a;
  for (index i = 0; i < count; ++i)
    inner[static_cast<std::size_t>(i)] = sharpness * (limit > 0 ? (std::min)(g[i], limit) : g[i]);
  a = inner;
  activate_row(layer.activation, a.data(), count);
  for (index i = 0; i < count; ++i) {
    const Scalar held = limit > 0 ? (std::clamp)(u[i], -limit, limit) : u[i];
    const bool moves = limit <= 0 || (u[i] > -limit && u[i] < limit);
    d_u[i] = moves ? d[i] * a[static_cast<std::size_t>(i)] / sharpness : Scalar(0);
    d[i] *= held + offset;
  }
  activate_backward_row(layer.activation, inner.data(), d, count);
  for (index i = 0; i < count && limit > 0; ++i)
    if (g[i] >= limit) d[i] = 0;
}

}  // namespace detail

// x, d_y, d_x: (tokens, model).
template <class Scalar, class X, class DY, class DX>
void backward(const feed_forward<Scalar>& layer, const X& x,
              const saved<feed_forward<Scalar>>& kept, const DY& d_y, DX&& d_x,
              feed_forward<Scalar>& gradient, const executor& on = {}) {
  const index hidden = layer.up.outputs();
  scratch::frame frame(detail::default_scratch());
  auto d = frame.take_matrix<Scalar>(x.rows(), hidden);
  d.setZero();
  // y = hidden W_down + b_down
  backward(layer.down, kept.hidden, d_y, d, gradient.down, on);
  if (!layer.gated()) {
    // hidden = f(up)
    detail::in_blocks(on, x.rows(), detail::rows_of_block, [&](index first, index count) {
      detail::activate_backward_row(layer.activation, kept.up.data() + first * hidden,
                                    d.data() + first * hidden, count * hidden);
    });
    // up = x W_up + b_up
    return backward(layer.up, x, d, d_x, gradient.up, on);
  }
  // hidden = f(gate) ⊙ up
  auto d_up = frame.take_matrix<Scalar>(x.rows(), hidden);
  detail::in_blocks(on, x.rows(), detail::rows_of_block, [&](index first, index count) {
    const index at = first * hidden;
    detail::join_backward_row(layer, kept.gate.data() + at, kept.up.data() + at, d.data() + at,
                              d_up.data() + at, count * hidden);
  });
  // gate = x W_gate + b_gate; up = x W_up + b_up
  backward(layer.gate, x, d, d_x, gradient.gate, on);
  backward(layer.up, x, d_up, d_x, gradient.up, on);
}

}  // namespace HEED_ABI
}  // namespace heed
