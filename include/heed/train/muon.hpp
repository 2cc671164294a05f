// SPDX-License-Identifier: MIT
// Muon: an optimiser whose step of a matrix is the momentum made orthogonal, so that all directions
// have the same rate.
//
//   heed::muon<float> optimiser({.decay = 0.1});
//   optimiser.step(weights, derivatives, 3e-3);
//   heed::save_checkpoint(path, weights, optimiser.state);
#pragma once

#include <heed/layer/backward/linear.hpp>  // add_product
#include <heed/train/optimiser.hpp>        // adamw, parameter_list

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Whether a parameter is the matrix of a linear layer other than the head: no vector, and no embedding table.
template <class Scalar>
bool is_inner_matrix(const named_parameter<Scalar>& p) {
  for (const char* const table :
       {"words.weight", "places.weight", "types.weight", "distances.weight", "head.weight"})
    if (p.name.ends_with(table)) return false;
  return !p.is_vector;
}

// Replaces x = U S Vᵀ by nearly U Vᵀ: x is divided by its Frobenius norm, and then five Newton-Schulz steps
// x = 3.4445 x - 4.775 (x xᵀ) x + 2.0315 (x xᵀ)² x bring every singular value that is not tiny to between 0.7 and
// 1.2. x must not have more rows than columns.
template <class Scalar>
void make_orthogonal(matrix<Scalar>& x, const executor& on) {
  const double norm = std::sqrt(x.template cast<double>().squaredNorm());
  if (!(norm > 0)) return;
  x *= static_cast<Scalar>(1 / norm);
  const auto numbers = [](const matrix<Scalar>& m) { return view<const Scalar>(view_of(m)); };
  for (int i = 0; i < 5; ++i) {
    matrix<Scalar> square = matrix<Scalar>::Zero(x.rows(), x.rows());
    add_product(view_of(square), numbers(x), numbers(x).transposed(), on);
    matrix<Scalar> sum = Scalar(-4.775) * square;
    const matrix<Scalar> scaled = Scalar(2.0315) * square;
    add_product(view_of(sum), numbers(scaled), numbers(square), on);
    matrix<Scalar> next = Scalar(3.4445) * x;
    add_product(view_of(next), numbers(sum), numbers(x), on);
    x.swap(next);
  }
}

}  // namespace detail

// m = momentum m + g; w -= rate (0.2 √(the larger of rows and columns) orthogonal(g + momentum m) + decay w): a step
// is about as large as a step of AdamW, so AdamW's rates and decays can be used. Biases, norms, tables and the head are
// updated by AdamW. Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024; Liu et al., "Muon
// is Scalable for LLM Training", 2025.
template <class Scalar>
struct muon {
  struct settings {
    double momentum = 0.95;
    double beta_1 = 0.9;  // of AdamW
    double beta_2 = 0.999;
    double epsilon = 1e-8;
    double decay = 0.01;  // of the matrices of Muon and of AdamW
  };

  double momentum = 0.95;
  // The state of all weights, which checkpoints contain. state.first is m; Muon does not use state.second.
  adamw<Scalar> state;

  muon() = default;
  template <std::same_as<settings> Given = settings>
  explicit muon(const Given& s)
      : momentum(s.momentum),
        state({.beta_1 = s.beta_1, .beta_2 = s.beta_2, .epsilon = s.epsilon, .decay = s.decay}) {}

  // One step, with the arguments and errors of adamw::step.
  void step(const parameter_list<Scalar>& weights, const parameter_list<Scalar>& gradients,
            double rate, const executor& on = {}) {
    state.step_some(weights, gradients, rate, on,
                    [](const auto& p) { return !detail::is_inner_matrix(p); });
    for (std::size_t i = 0; i < weights.size(); ++i)
      if (detail::is_inner_matrix(weights[i]))
        step_matrix(weights[i], gradients[i], state.first[i].data(), rate, on);
  }

 private:
  void step_matrix(const named_parameter<Scalar>& weight, const named_parameter<Scalar>& gradient,
                   Scalar* m, double rate, const executor& on) const {
    using map = Eigen::Map<matrix<Scalar>>;
    const auto by = static_cast<Scalar>(momentum);
    const map g(gradient.data, weight.rows, weight.cols);
    map w(weight.data, weight.rows, weight.cols), first(m, weight.rows, weight.cols);
    first = by * first + g;
    const bool tall = weight.rows > weight.cols;
    matrix<Scalar> x = g + by * first;
    if (tall) x = x.transpose().eval();
    detail::make_orthogonal(x, on);
    const auto larger = static_cast<double>((std::max)(weight.rows, weight.cols));
    const auto size = static_cast<Scalar>(0.2 * rate * std::sqrt(larger));
    w *= static_cast<Scalar>(1 - rate * state.how.decay);
    if (tall)
      w -= size * x.transpose();
    else
      w -= size * x;
  }
};

}  // namespace HEED_ABI
}  // namespace heed
