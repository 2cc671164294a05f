// SPDX-License-Identifier: MIT
// A mixture of experts: for each token a router chooses a few feed-forward layers, whose results
// are added.
//
//   heed::experts<float> mixture({.model = 512, .hidden = 1024, .experts = 8, .per_token = 2});
//   heed::matrix<float> y = mixture(x);  // (tokens, 512)
//
// Shazeer et al., "Outrageously Large Neural Networks", 2017; Jiang et al., "Mixtral of Experts", 2024.
#pragma once

#include <heed/layer/feed_forward.hpp>  // feed_forward

#include <algorithm>  // partial_sort
#include <cmath>      // exp, isnan
#include <numeric>    // iota
#include <vector>     // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail {

struct experts_gradient;

}  // namespace detail

// y = Σ weight_e expert_e(x) over the per_token experts with the largest router scores x W_r + b_r. Of
// equal scores the first is chosen, and NaN is larger than every number. The sum is formed in the order of
// the experts, so the bits of a row do not depend on the rows beside it or on threads.
template <class Scalar>
struct experts {
  struct sizes {
    index model;
    index hidden;  // of one expert
    index experts;
    index per_token;
    heed::activation activation = heed::activation::silu;
    bool gated = true;
    bool bias = false;
    std::uint64_t seed = 0;
  };

  // How the weights of the chosen experts are computed.
  enum class weighting {
    softmax_of_chosen,  // softmax over the scores of the chosen experts: the weights add up to 1
    softmax_of_all      // softmax over all scores: the weights add up to less
  };

  linear<Scalar> router;                     // (model, experts)
  std::vector<feed_forward<Scalar>> expert;  // each (model, hidden, model)
  index per_token = 1;
  weighting weights = weighting::softmax_of_chosen;

  experts() = default;
  explicit experts(const sizes& s) : per_token(s.per_token) {
    detail::require_given(name, "experts", s.experts, "the number of feed-forward layers");
    detail::require_given(name, "per_token", s.per_token,
                          "the number of experts that a token goes to");
    detail::require(s.per_token > 0 && s.per_token <= s.experts, name, ": ", s.per_token,
                    " experts a token are not among ", s.experts);
    router = linear<Scalar>({s.model, s.experts, s.bias, s.seed});
    for (index e = 0; e < s.experts; ++e)
      expert.emplace_back(
          typename feed_forward<Scalar>::sizes{s.model, s.hidden, s.activation, s.gated, s.bias,
                                               s.seed + 3 * static_cast<std::uint64_t>(e + 1)});
  }

  // x: (tokens, model); y: (tokens, model), apart from x in memory. Modifiers: in, on. Takes memory for
  // (tokens, experts) and twice (tokens, model) from scratch; a second call with the same shapes and the
  // same choices allocates nothing. Throws shape_error, before anything is written, if sizes do not fit.
  template <class X, class Y, class... Modifiers>
  requires detail::eigen_object<Y>
  void operator()(const X& x, Y&& y, const Modifiers&... modifiers) const {
    if constexpr (detail::layer_call_is_good<Scalar, X, Modifiers...>())
      if constexpr (detail::output_is_good<Y, X>()) {
        check(detail::view_of(x), detail::view_of(y));
        const auto options = detail::gather_settings<Scalar>(modifiers...);
        scratch& room = options.memory ? *options.memory : detail::default_scratch();
        const auto on_same = on(options.on);
        const index tokens = x.rows(), all = router.outputs();
        scratch::frame frame(room);
        auto scores = frame.take_matrix<Scalar>(
            tokens, all);  // then weights; 0 where an expert is not chosen
        auto inputs = frame.take_matrix<Scalar>(tokens, x.cols());
        auto outputs = frame.take_matrix<Scalar>(tokens, x.cols());
        auto* const order = frame.take<index>(all);
        detail::linear_call<Scalar>{router, router_names}(x, scores, in(room), on_same);
        for (index t = 0; t < tokens; ++t) choose(scores.row(t).data(), all, order);
        y.setZero();
        for (index e = 0; e < all; ++e) {
          index count = 0;
          for (index t = 0; t < tokens; ++t)
            if (chosen(scores(t, e))) inputs.row(count++) = x.row(t);
          if (count == 0) continue;
          auto some = outputs.topRows(count);
          expert[static_cast<std::size_t>(e)](inputs.topRows(count), some, in(room), on_same);
          count = 0;
          for (index t = 0; t < tokens; ++t)
            if (chosen(scores(t, e))) y.row(t) += scores(t, e) * some.row(count++);
        }
      }
  }

  // The same by value.
  template <class X, class... Modifiers>
  [[nodiscard]] matrix<Scalar> operator()(const X& x, const Modifiers&... modifiers) const {
    matrix<Scalar> y;
    if constexpr (detail::layer_call_is_good<Scalar, X, Modifiers...>()) {
      y.resize(x.rows(), x.cols());
      (*this)(x, y, modifiers...);
    }
    return y;
  }

 private:
  friend detail::experts_gradient;
  static constexpr const char* name = "heed::experts";
  static constexpr detail::linear_names router_names{name, "router.weight", "router.bias"};

  // Refuses sizes that do not fit, before anything is written.
  void check(const detail::view<const Scalar>& x, const detail::view<Scalar>& y) const {
    const auto all = static_cast<index>(expert.size());
    detail::check_size(name, "y", y, {x.rows, x.cols});
    detail::check_apart(name, "y", y, "x", x);
    detail::linear_call<Scalar>{router, router_names}.check_input({x.rows, x.cols});
    detail::require(router.outputs() == all, name, ": router.weight has ", router.outputs(),
                    " outputs, but there are ", all, " experts");
    detail::require(per_token > 0 && per_token <= all, name, ": ", per_token,
                    " experts a token are not among ", all);
    for (const feed_forward<Scalar>& one : expert) {
      one.check_input({x.rows, x.cols});
      detail::require(one.down.outputs() == x.cols, name, ": an expert has ", one.down.outputs(),
                      " outputs, but x is ", x);
    }
  }

  // Whether a token goes to the expert with this weight.
  static bool chosen(Scalar weight) { return !detail::exactly_equal(weight, Scalar(0)); }

  // Turns the router's scores of one token into weights. An expert whose weight rounds to 0 is left
  // out, since it adds nothing. A score that is NaN makes every weight NaN, so that the sum is NaN,
  // too.
  void choose(Scalar* scores, index all, index* order) const {
    std::iota(order, order + all, index(0));
    std::partial_sort(order, order + per_token, order + all, [&](index a, index b) {
      const bool no_number[] = {std::isnan(scores[a]), std::isnan(scores[b])};
      if (no_number[0] != no_number[1]) return no_number[0];
      return scores[a] > scores[b] || (!(scores[a] < scores[b]) && a < b);
    });
    const Scalar largest = scores[order[0]];
    const index summed = weights == weighting::softmax_of_chosen ? per_token : all;
    Scalar sum = 0;
    for (index i = 0; i < summed; ++i) sum += std::exp(scores[order[i]] - largest);
    for (index i = 0; i < all; ++i)
      scores[order[i]] = i < per_token ? std::exp(scores[order[i]] - largest) / sum : Scalar(0);
  }
};

}  // namespace HEED_ABI
}  // namespace heed
