// SPDX-License-Identifier: MIT
// A linear layer: y = x W + b.
//
//   heed::linear<float> up({.inputs = 768, .outputs = 3072});
//   heed::matrix<float> y = up(x);  // x: (tokens, 768), y: (tokens, 3072)
#pragma once

#include <heed/core/overlap.hpp>      // overlap
#include <heed/kernel/product.hpp>    // product
#include <heed/layer/initialise.hpp>  // fill_glorot
#include <heed/rules/arguments.hpp>   // output_is_good
#include <heed/rules/resources.hpp>   // in, on
#include <heed/rules/rules.hpp>       // gather_settings

namespace heed {
inline namespace HEED_ABI {

// Weights begin as Glorot and Bengio's, the bias as 0. The bits of a row do not depend on the rows
// beside it or on threads; a second call with the same shapes allocates nothing.
template <class Scalar>
struct linear {
  static_assert(std::is_same_v<Scalar, float> || std::is_same_v<Scalar, double>,
                "heed::linear: the scalar must be float or double");

  struct sizes {
    index inputs;
    index outputs;
    bool bias = true;
    std::uint64_t seed = 0;
  };

  matrix<Scalar> weight;                          // (inputs, outputs)
  Eigen::Matrix<Scalar, 1, Eigen::Dynamic> bias;  // (outputs), or empty

  linear() = default;
  explicit linear(const sizes& s) {
    require(s.inputs >= 0 && s.outputs >= 0, "heed::linear: inputs is ", s.inputs, ", outputs is ",
            s.outputs, "; neither may be negative");
    weight.resize(s.inputs, s.outputs);
    fill_glorot(weight, s.seed);
    bias.setZero(s.bias ? s.outputs : 0);
  }

  [[nodiscard]] index inputs() const { return weight.rows(); }
  [[nodiscard]] index outputs() const { return weight.cols(); }

  // x: (tokens, inputs); y: (tokens, outputs), apart from x in memory, never resized. Modifiers:
  // in, on. Throws shape_error, before anything is written, if sizes do not fit.
  template <class X, class Y, class... Modifiers>
  requires eigen_object<Y>
  void operator()(const X& x, Y&& y, const Modifiers&... modifiers) const {
    static_assert(storage<X>, "heed::linear: x is an Eigen expression; store it or call .eval()");
    static_assert(std::is_same_v<scalar_of<X>, Scalar>,
                  "heed::linear: x and the weights have different scalar types");
    static_assert(((std::is_same_v<Modifiers, in> || is_on<Modifiers>)&&...),
                  "heed::linear takes no modifiers but heed::in and heed::on");
    if constexpr (storage<X> && output_is_good<Y, X>()) {
      const product_call<Scalar> call{view_of(y), view_of(x), view_of(weight), bias_view()};
      check(call);
      const auto options = gather_settings<Scalar>(modifiers...);
      product(call, options.on, options.memory ? *options.memory : default_scratch());
    }
  }

  // The same by value.
  template <class X, class... Modifiers>
  [[nodiscard]] matrix<Scalar> operator()(const X& x, const Modifiers&... modifiers) const {
    matrix<Scalar> y(x.rows(), outputs());
    (*this)(x, y, modifiers...);
    return y;
  }

 private:
  template <class T>
  static constexpr bool is_on = requires {
    typename T::executor_type;
  };

  view<const Scalar> bias_view() const {
    return bias.size() == 0 ? view<const Scalar>{} : view<const Scalar>(view_of(bias));
  }

  void check(const product_call<Scalar>& call) const {
    require(call.x.cols == inputs(), "heed::linear: x is ", call.x, ", but weight is ", call.w,
            " (inputs x outputs)");
    require(call.y.rows == call.x.rows && call.y.cols == outputs(), "heed::linear: y is ", call.y,
            ", but it must be ", call.x.rows, "x", outputs());
    require(bias.size() == 0 || bias.size() == outputs(), "heed::linear: bias has ", bias.size(),
            " elements, but weight is ", call.w, " (inputs x outputs)");
    require(!overlap(call.y, call.x) && !overlap(call.y, call.w) && !overlap(call.y, call.bias),
            "heed::linear: y (", call.y, ") overlaps x (", call.x, "), the weight (", call.w,
            ") or the bias in memory");
  }
};

}  // namespace HEED_ABI
}  // namespace heed
