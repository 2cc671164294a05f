// SPDX-License-Identifier: MIT
// The feed-forward layer (MLP) of a transformer: linear, activation, linear; or gated (GLU).
//
//   heed::feed_forward<float> mlp({.model = 768, .hidden = 3072});
//   heed::matrix<float> y = mlp(x);  // (tokens, 768)
//
// Vaswani et al., "Attention Is All You Need", 2017, section 3.3; gated: Shazeer, "GLU Variants Improve
// Transformer", 2020.
#pragma once

#include <heed/layer/activation.hpp>  // activation, activate
#include <heed/layer/linear.hpp>      // linear, linear_call

namespace heed {
inline namespace HEED_ABI {

// How the two halves g = x W_gate + b_gate and u = x W_up + b_up of a gated layer are joined: f(s g) / s ⊙ (u +
// offset), where g is at most `limit` and u within ± limit.
struct gating {
  double limit = 0;      // 0: none
  double sharpness = 1;  // s; with silu, g sigmoid(s g)
  double offset = 0;
};

// y = f(x W_up + b_up) W_down + b_down; gated, y = (f(x W_gate + b_gate) ⊙ (x W_up + b_up)) W_down + b_down.
template <class Scalar>
struct feed_forward {
  struct sizes {
    index model;
    index hidden;
    heed::activation activation = heed::activation::gelu;
    bool gated = false;
    bool bias = true;
    std::uint64_t seed = 0;
  };

  linear<Scalar> up;    // (model, hidden)
  linear<Scalar> gate;  // (model, hidden), or empty
  linear<Scalar> down;  // (hidden, model)
  heed::activation activation = heed::activation::gelu;
  heed::gating gating;

  feed_forward() = default;
  explicit feed_forward(const sizes& s) : activation(s.activation) {
    detail::require_given(name, "model", s.model, "the columns of x");
    detail::require_given(name, "hidden", s.hidden, "the columns between the two layers");
    up = linear<Scalar>({s.model, s.hidden, s.bias, s.seed});
    if (s.gated) gate = linear<Scalar>({s.model, s.hidden, s.bias, s.seed + 1});
    down = linear<Scalar>({s.hidden, s.model, s.bias, s.seed + 2});
  }

  [[nodiscard]] bool gated() const { return gate.outputs() > 0; }

  // x: (tokens, model); y: (tokens, model), which may be x itself. Modifiers: in, on. Takes memory for
  // (tokens, hidden) from scratch, twice where gated; a second call with the same shapes allocates
  // nothing. Throws shape_error, before anything is written, if sizes do not fit.
  template <class X, class Y, class... Modifiers>
  requires detail::eigen_object<Y>
  void operator()(const X& x, Y&& y, const Modifiers&... modifiers) const {
    if constexpr (detail::layer_call_is_good<Scalar, X, Modifiers...>())
      if constexpr (detail::output_is_good<Y, X>()) {
        check_input({x.rows(), x.cols()});
        detail::check_size(name, "y", detail::view<const Scalar>(detail::view_of(y)),
                           {x.rows(), down.outputs()});
        const auto options = detail::gather_settings<Scalar>(modifiers...);
        scratch& room = options.memory ? *options.memory : detail::default_scratch();
        const auto on_same = on(options.on);
        scratch::frame frame(room);
        auto hidden = frame.take_matrix<Scalar>(x.rows(), up.outputs());
        if (gated()) {
          auto gates = frame.take_matrix<Scalar>(x.rows(), gate.outputs());
          detail::linear_call<Scalar>{gate, gate_names}(x, gates, in(room), on_same);
          detail::linear_call<Scalar>{up, up_names}(x, hidden, in(room), on_same);
          join(gates, hidden);
        } else {
          detail::linear_call<Scalar>{up, up_names}(x, hidden, in(room), on_same);
          activate(activation, hidden);
        }
        detail::linear_call<Scalar>{down, down_names}(hidden, y, in(room), on_same);
      }
  }

  // The same by value.
  template <class X, class... Modifiers>
  [[nodiscard]] matrix<Scalar> operator()(const X& x, const Modifiers&... modifiers) const {
    matrix<Scalar> y;
    if constexpr (detail::layer_call_is_good<Scalar, X, Modifiers...>()) {
      y.resize(x.rows(), down.outputs());
      (*this)(x, y, modifiers...);
    }
    return y;
  }

  // Refuses an x that does not fit, and matrices of the layer that do not fit each other.
  void check_input(const detail::extent& x) const {
    detail::linear_call<Scalar>{up, up_names}.check_input(x);
    detail::linear_call<Scalar>{down, down_names}.check_input({x.rows, up.outputs()});
    if (!gated()) return;
    detail::linear_call<Scalar>{gate, gate_names}.check_input(x);
    detail::require(gate.outputs() == up.outputs(), name, ": gate.weight has ", gate.outputs(),
                    " outputs, but up.weight has ", up.outputs());
  }

  // ups = f(gates) ⊙ ups, by the formula of `gating`.
  template <class Gates, class Ups>
  void join(Gates& gates, Ups& ups) const {
    if (gating.limit > 0) {
      const auto limit = static_cast<Scalar>(gating.limit);
      gates = gates.cwiseMin(limit);
      ups = ups.cwiseMax(-limit).cwiseMin(limit);
    }
    const auto sharpness = static_cast<Scalar>(gating.sharpness);
    const bool sharper = !detail::exactly_equal(gating.sharpness, 1.0);
    if (sharper) gates *= sharpness;
    activate(activation, gates);
    if (sharper) gates /= sharpness;
    if (!detail::exactly_equal(gating.offset, 0.0))
      ups.array() += static_cast<Scalar>(gating.offset);
    ups.array() *= gates.array();
  }

 private:
  static constexpr const char* name = "heed::feed_forward";
  static constexpr detail::linear_names up_names{name, "up.weight", "up.bias"};
  static constexpr detail::linear_names gate_names{name, "gate.weight", "gate.bias"};
  static constexpr detail::linear_names down_names{name, "down.weight", "down.bias", "hidden"};
};

}  // namespace HEED_ABI
}  // namespace heed
