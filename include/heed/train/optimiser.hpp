// SPDX-License-Identifier: MIT
// Optimisers: AdamW, and stochastic gradient descent with momentum.
//
//   auto weights = heed::parameters_of(gpt), derivatives = heed::parameters_of(gradient);
//   heed::adamw<float> optimiser({.decay = 0.1});
//   optimiser.step(weights, derivatives, 3e-4);  // changes the weights of gpt, with a learning rate of 3e-4
#pragma once

#include <heed/core/check.hpp>                 // require
#include <heed/layer/backward/saved.hpp>       // in_blocks
#include <heed/model/backward/parameters.hpp>  // parameter_list

#include <cmath>     // pow, sqrt
#include <concepts>  // same_as

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Numbers of a parameter that one task processes.
inline constexpr index numbers_at_once = 1 << 14;

// Calls work(i, first, count) for parts of every parameter i.
template <class Scalar, class Work>
void in_parts(const executor& on, const parameter_list<Scalar>& list, const Work& work) {
  struct run_of_numbers {
    std::size_t of;
    index first;
  };
  std::vector<run_of_numbers> parts;
  for (std::size_t i = 0; i < list.size(); ++i)
    for (index first = 0; first < list[i].size(); first += numbers_at_once)
      parts.push_back({i, first});
  run_tasks(on, static_cast<index>(parts.size()), [&](index, index task) {
    const run_of_numbers& p = parts[static_cast<std::size_t>(task)];
    work(p.of, p.first, (std::min)(numbers_at_once, list[p.of].size() - p.first));
  });
}

// Refuses lists whose names or sizes differ.
template <class Scalar>
void check_alike(const char* name, const parameter_list<Scalar>& weights,
                 const parameter_list<Scalar>& gradients) {
  require(weights.size() == gradients.size(), name, ": there are ", weights.size(),
          " weights, but ", gradients.size(), " gradients");
  for (std::size_t i = 0; i < weights.size(); ++i)
    require(weights[i].name == gradients[i].name && weights[i].size() == gradients[i].size(), name,
            ": weight ", i, " is ", weights[i].name.c_str(), " of ", weights[i].size(),
            " numbers, but its gradient is ", gradients[i].name.c_str(), " of ",
            gradients[i].size(), " numbers");
}

// In the first step, makes `state`: a 0 for every number of every parameter. In later steps, throws
// shape_error if the sizes of the parameters are not those of the first.
template <class Scalar>
void make_state(const char* name, std::vector<std::vector<Scalar>>& state,
                const parameter_list<Scalar>& weights) {
  if (state.empty())
    for (const named_parameter<Scalar>& p : weights)
      state.emplace_back(static_cast<std::size_t>(p.size()), Scalar(0));
  bool fits = state.size() == weights.size();
  for (std::size_t i = 0; i < weights.size() && fits; ++i)
    fits = state[i].size() == static_cast<std::size_t>(weights[i].size());
  require(fits, name, ": the weights are others than in the step before");
}

}  // namespace detail

// Sets every number to 0.
template <class Scalar>
void set_zero(const parameter_list<Scalar>& list, const executor& on = {}) {
  detail::in_parts(on, list, [&](std::size_t i, index first, index count) {
    std::fill_n(list[i].data + first, count, Scalar(0));
  });
}

// m = b₁ m + (1 - b₁) g, v = b₂ v + (1 - b₂) g², and in step t
// w -= rate (m / (1 - b₁ᵗ) / (√(v / (1 - b₂ᵗ)) + epsilon) + decay w); vectors are not decayed.
// Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019.
template <class Scalar>
struct adamw {
  struct settings {
    double beta_1 = 0.9;
    double beta_2 = 0.999;
    double epsilon = 1e-8;
    double decay = 0.01;
  };

  settings how;
  index steps = 0;                          // steps so far
  std::vector<std::vector<Scalar>> first;   // m, a vector for each parameter
  std::vector<std::vector<Scalar>> second;  // v

  adamw() = default;
  // A template, so that adamw({}) is not ambiguous: a constructor that is not a template is preferred, and adamw({})
  // moves from a default adamw.
  template <std::same_as<settings> Given = settings>
  explicit adamw(const Given& given) : how(given) {}

  // One step with the learning rate `rate`. Both lists must have the same names and sizes, and the sizes of the step
  // before; throws shape_error otherwise.
  void step(const parameter_list<Scalar>& weights, const parameter_list<Scalar>& gradients,
            double rate, const executor& on = {}) {
    step_some(weights, gradients, rate, on, [](const auto&) { return true; });
  }

  // One step of the weights for which chosen(const named_parameter<Scalar>&) is true.
  template <class Chosen>
  void step_some(const parameter_list<Scalar>& weights, const parameter_list<Scalar>& gradients,
                 double rate, const executor& on, const Chosen& chosen) {
    constexpr const char* name = "heed::adamw";
    detail::check_alike(name, weights, gradients);
    detail::make_state(name, first, weights);
    detail::make_state(name, second, weights);
    ++steps;
    const auto t = static_cast<double>(steps);
    const auto b_1 = static_cast<Scalar>(how.beta_1), b_2 = static_cast<Scalar>(how.beta_2),
               rest_1 = static_cast<Scalar>(1 - how.beta_1),
               rest_2 = static_cast<Scalar>(1 - how.beta_2),
               size = static_cast<Scalar>(rate / (1 - std::pow(how.beta_1, t))),
               root = static_cast<Scalar>(1 / std::sqrt(1 - std::pow(how.beta_2, t))),
               epsilon = static_cast<Scalar>(how.epsilon);
    detail::in_parts(on, weights, [&](std::size_t i, index from, index count) {
      if (!chosen(weights[i])) return;
      const auto keep = static_cast<Scalar>(weights[i].is_vector ? 1 : 1 - rate * how.decay);
      Scalar* const w = weights[i].data + from;
      const Scalar* const g = gradients[i].data + from;
      Scalar *const m = first[i].data() + from, *const v = second[i].data() + from;
      for (index j = 0; j < count; ++j) {
        m[j] = b_1 * m[j] + rest_1 * g[j];
        v[j] = b_2 * v[j] + rest_2 * g[j] * g[j];
        w[j] = keep * w[j] - size * m[j] / (root * std::sqrt(v[j]) + epsilon);
      }
    });
  }
};

// m = momentum m + g + decay w; w -= rate m; vectors are not decayed. Sutskever et al., "On the Importance of
// Initialization and Momentum in Deep Learning", 2013.
template <class Scalar>
struct sgd {
  struct settings {
    double momentum = 0;
    double decay = 0;
  };

  settings how;
  std::vector<std::vector<Scalar>> first;  // m, a vector for each parameter

  sgd() = default;
  // A template for the reason of that of adamw.
  template <std::same_as<settings> Given = settings>
  explicit sgd(const Given& given) : how(given) {}

  // One step, with the arguments and errors of adamw::step.
  void step(const parameter_list<Scalar>& weights, const parameter_list<Scalar>& gradients,
            double rate, const executor& on = {}) {
    constexpr const char* name = "heed::sgd";
    detail::check_alike(name, weights, gradients);
    detail::make_state(name, first, weights);
    const auto size = static_cast<Scalar>(rate), momentum = static_cast<Scalar>(how.momentum);
    detail::in_parts(on, weights, [&](std::size_t i, index from, index count) {
      const auto decay = static_cast<Scalar>(weights[i].is_vector ? 0 : how.decay);
      Scalar* const w = weights[i].data + from;
      const Scalar* const g = gradients[i].data + from;
      Scalar* const m = first[i].data() + from;
      for (index j = 0; j < count; ++j) {
        m[j] = momentum * m[j] + (g[j] + decay * w[j]);
        w[j] -= size * m[j];
      }
    });
  }
};

}  // namespace HEED_ABI
}  // namespace heed
