// SPDX-License-Identifier: MIT
// A linear layer: y = x W + b, and a low-rank adapter that is learned beside W.
//
//   heed::linear<float> up({.inputs = 768, .outputs = 3072});
//   heed::matrix<float> y = up(x);  // x: (tokens, 768), y: (tokens, 3072)
#pragma once

#include <heed/core/check.hpp>                   // require, require_given
#include <heed/gemm/gemm.hpp>                    // gemm
#include <heed/layer/initialise.hpp>             // fill_glorot
#include <heed/layer/low_rank.hpp>               // low_rank
#include <heed/layer/observe_weights.hpp>        // is_observer
#include <heed/layer/parameter.hpp>              // parameter
#include <heed/modifiers/arguments.hpp>          // output_is_good
#include <heed/modifiers/options/resources.hpp>  // in, on
#include <heed/modifiers/problem.hpp>            // check_size
#include <heed/modifiers/rule_set.hpp>           // gather_settings
#include <heed/storage/overlap.hpp>              // overlap

namespace heed {
inline namespace HEED_ABI {

template <class Scalar>
struct linear;

namespace detail {

template <class T>
inline constexpr bool is_on = requires {
  typename T::executor_type;
};

// The names of a linear layer and its matrices in error messages.
struct linear_names {
  const char* layer = "heed::linear";
  const char* weight = "weight";
  const char* bias = "bias";
  const char* x = "x";
  const char* y = "y";
};

// One static_assert with a sentence for each possible mistake in the input and the modifiers of a
// layer whose weights are of Scalar; true if there is none.
template <class Scalar, class X, class... Modifiers>
constexpr bool layer_call_is_good() {
  static_assert(
      eigen_object<X>,
      "heed: a layer takes an Eigen matrix x (tokens x features); Eigen::Map makes one of "
      "other memory");
  static_assert(!eigen_object<X> || storage<X>,
                "heed: the x of a layer is an Eigen expression; store it or call .eval()");
  if constexpr (storage<X>) {
    constexpr bool same = std::is_same_v<scalar_of<X>, Scalar>;
    static_assert(same, "heed: the x of a layer and its weights have different scalar types");
    constexpr bool known =
        ((std::is_same_v<Modifiers, in> || is_on<Modifiers> || is_observer<Modifiers>)&&...);
    static_assert(known,
                  "heed: this layer takes no modifiers but heed::in and heed::on, and "
                  "heed::observe_weights, which a layer without attention never calls");
    return same && known;
  } else {
    return false;
  }
}

// The call of a linear layer, alone or as a part of another layer, whose name is then in error
// messages. Types have been checked.
template <class Scalar>
struct linear_call {
  const linear<Scalar>& layer;
  linear_names names = {};

  // x: (tokens, inputs), y: (tokens, outputs).
  template <class X, class Y, class... Modifiers>
  void operator()(const X& x, Y&& y, const Modifiers&... modifiers) const {
    const bool has_bias = layer.bias.size() > 0;
    const stored_matrix& stored = layer.weight.stored;
    const gemm_call<Scalar> call{
        view_of(y), view_of(x),
        stored.given() ? view<const Scalar>{nullptr, stored.cols, stored.rows, 0, 0}
                       : view<const Scalar>(view_of(layer.weight)),
        has_bias ? view<const Scalar>(view_of(layer.bias)) : view<const Scalar>{},
        stored.given() ? &stored : nullptr};
    check_input({call.x.rows, call.x.cols});
    check_size(names.layer, names.y, call.y, {call.x.rows, layer.outputs()});
    require(!overlap(call.y, call.x) && (stored.given() || !overlap(call.y, call.w)) &&
                !overlap(call.y, call.bias),
            names.layer, ": ", names.y, " (", call.y, ") overlaps ", names.x, " (", call.x, "), ",
            names.weight, " (", call.w, ") or ", names.bias, " in memory");
    const auto options = gather_settings<Scalar>(modifiers...);
    scratch& room = options.memory ? *options.memory : default_scratch();
    gemm(call, options.on, room);
    if (layer.adapter.given()) adapt(call.y, call.x, options.on, room);
  }

  // Refuses an x that does not fit.
  void check_input(extent x) const {
    const extent weight{layer.inputs(), layer.outputs()};
    const index biases = layer.bias.size();
    require(x.cols == weight.rows, names.layer, ": ", names.x, " is ", x, ", but ", names.weight,
            " is ", weight, " (inputs x outputs)", transposed{names.x, x, {x.cols, weight.rows}});
    require(biases == 0 || biases == weight.cols, names.layer, ": ", names.bias, " has ", biases,
            " elements, but ", names.weight, " is ", weight, " (inputs x outputs)");
    const low_rank<Scalar>& a = layer.adapter;
    require(!a.given() || (a.down.rows() == weight.rows && a.up.cols() == weight.cols &&
                           a.down.cols() == a.up.rows()),
            names.layer, ": the adapter is ", extent{a.down.rows(), a.down.cols()}, " times ",
            extent{a.up.rows(), a.up.cols()}, ", but ", names.weight, " is ", weight,
            " (inputs x outputs)");
  }

  // y += scale (x down) up
  void adapt(const view<Scalar>& y, const view<const Scalar>& x, const executor& run,
             scratch& room) const {
    const low_rank<Scalar>& a = layer.adapter;
    scratch::frame frame(room);
    auto narrow = frame.take_matrix<Scalar>(x.rows, a.down.cols());
    gemm<Scalar>({view_of(narrow), x, view_of(a.down), {}}, run, room);
    narrow *= static_cast<Scalar>(a.scale);
    gemm_call<Scalar> call{y, view_of(narrow), view_of(a.up), {}};
    call.begin = sums_begin::with_y;
    gemm(call, run, room);
  }
};

}  // namespace detail

// Weights begin as Glorot and Bengio's, the bias as 0. The bits of a row do not depend on the rows
// beside it or on threads; a second call with the same shapes allocates nothing.
template <class Scalar>
struct linear {
  static_assert(std::is_same_v<Scalar, float> || std::is_same_v<Scalar, double>,
                "heed: the scalar of a layer must be float or double");

  struct sizes {
    index inputs;
    index outputs;
    bool bias = true;
    std::uint64_t seed = 0;
  };

  parameter<Scalar> weight;                       // (inputs, outputs)
  Eigen::Matrix<Scalar, 1, Eigen::Dynamic> bias;  // (outputs), or empty
  low_rank<Scalar> adapter;                       // added to x W, if given

  linear() = default;
  explicit linear(const sizes& s) {
    constexpr const char* name = "heed::linear";
    detail::require(s.inputs >= 0 && s.outputs >= 0, name, ": inputs is ", s.inputs,
                    ", outputs is ", s.outputs, "; neither may be negative");
    detail::require_given(name, "inputs", s.inputs, "the columns of x");
    detail::require_given(name, "outputs", s.outputs, "the columns of y");
    weight.resize(s.inputs, s.outputs);
    detail::fill_glorot(weight, s.seed);
    bias.setZero(s.bias ? s.outputs : 0);
  }

  [[nodiscard]] index inputs() const { return weight.inputs(); }
  [[nodiscard]] index outputs() const { return weight.outputs(); }

  // x: (tokens, inputs); y: (tokens, outputs), apart from x in memory, never resized. Modifiers:
  // in, on. Throws shape_error, before anything is written, if sizes do not fit.
  template <class X, class Y, class... Modifiers>
  requires detail::eigen_object<Y>
  void operator()(const X& x, Y&& y, const Modifiers&... modifiers) const {
    if constexpr (detail::layer_call_is_good<Scalar, X, Modifiers...>())
      if constexpr (detail::output_is_good<Y, X>())
        detail::linear_call<Scalar>{*this}(x, y, modifiers...);
  }

  // The same by value.
  template <class X, class... Modifiers>
  [[nodiscard]] matrix<Scalar> operator()(const X& x, const Modifiers&... modifiers) const {
    matrix<Scalar> y;
    if constexpr (detail::layer_call_is_good<Scalar, X, Modifiers...>()) {
      y.resize(x.rows(), outputs());
      detail::linear_call<Scalar>{*this}(x, y, modifiers...);
    }
    return y;
  }
};

}  // namespace HEED_ABI
}  // namespace heed
