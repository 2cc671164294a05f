// SPDX-License-Identifier: MIT
// What models are made of beside attention, in plain Eigen, and how their weights are read.
#pragma once

#include <heed/heed.hpp>

#include "support/safetensors.hpp"

#include "rounding.hpp"

namespace conformance {

using heed::index;
using heed::matrix;
using support::safetensors;
using support::tensor;

template <class Scalar>
using row_vector = Eigen::Matrix<Scalar, 1, Eigen::Dynamic>;

// weight * (x - mean) / deviation + bias, row by row.
template <class Scalar>
struct layer_norm {
  row_vector<Scalar> weight, bias;

  matrix<Scalar> operator()(const matrix<Scalar>& x) const {
    constexpr Scalar epsilon = Scalar(1e-5);
    matrix<Scalar> y(x.rows(), x.cols());
    for (index row = 0; row < x.rows(); ++row) {
      const auto centred = (x.row(row).array() - x.row(row).mean()).eval();
      const Scalar deviation = std::sqrt(centred.square().mean() + epsilon);
      y.row(row) = centred / deviation * weight.array() + bias.array();
    }
    return y;
  }
};

// weight * x / root mean square, row by row.
template <class Scalar>
struct rms_norm {
  row_vector<Scalar> weight;

  matrix<Scalar> operator()(const matrix<Scalar>& x) const {
    constexpr Scalar epsilon = Scalar(1e-5);
    matrix<Scalar> y(x.rows(), x.cols());
    for (index row = 0; row < x.rows(); ++row)
      y.row(row) = x.row(row).array() * weight.array() /
                   std::sqrt(x.row(row).array().square().mean() + epsilon);
    return y;
  }
};

template <class Scalar>
Scalar gelu_tanh(Scalar x) {
  constexpr double root_two_over_pi = 0.79788456080286535588;
  return x / 2 * (1 + std::tanh(Scalar(root_two_over_pi) * (x + Scalar(0.044715) * x * x * x)));
}
template <class Scalar>
Scalar gelu_erf(Scalar x) {
  constexpr double root_half = 0.70710678118654752440;
  return x / 2 * (1 + std::erf(x * Scalar(root_half)));
}
template <class Scalar>
Scalar silu(Scalar x) {
  return x / (1 + std::exp(-x));
}

// How a file stores the weights of a linear layer; heed's are (inputs, outputs).
enum class stored { inputs_outputs, outputs_inputs };

template <class Scalar>
matrix<Scalar> matrix_from(const tensor& t) {
  return t.rows<float>().template cast<Scalar>();
}
template <class Scalar>
row_vector<Scalar> row_from(const tensor& t) {
  return Eigen::Map<const row_vector<float>>(t.data<float>(), t.size()).template cast<Scalar>();
}
template <class Scalar>
heed::linear<Scalar> linear_from(const safetensors& file, const std::string& name, stored order) {
  heed::linear<Scalar> layer;
  layer.weight = matrix_from<Scalar>(file[name + ".weight"]);
  if (order == stored::outputs_inputs) layer.weight = layer.weight.transpose().eval();
  if (file.contains(name + ".bias")) layer.bias = row_from<Scalar>(file[name + ".bias"]);
  return layer;
}
template <class Scalar>
heed::token_embedding<Scalar> words_from(const tensor& table) {
  heed::token_embedding<Scalar> words({table.extent(0), table.extent(1)});
  words.weight = matrix_from<Scalar>(table);
  return words;
}
template <class Scalar>
heed::position_embedding<Scalar> places_from(const tensor& table) {
  heed::position_embedding<Scalar> places({table.extent(0), table.extent(1)});
  places.weight = matrix_from<Scalar>(table);
  return places;
}

// A batch of sequences of one length, (batch, tokens), stacked by rows.
struct token_batch {
  std::vector<index> ids, starts;

  explicit token_batch(const tensor& tokens)
      : ids(tokens.data<std::int32_t>(), tokens.data<std::int32_t>() + tokens.size()) {
    for (index s = 0; s <= tokens.extent(0); ++s) starts.push_back(s * tokens.extent(1));
  }
  [[nodiscard]] index sequences() const { return static_cast<index>(starts.size()) - 1; }
  [[nodiscard]] index length() const { return starts[1]; }
};

// Token and position vectors of a batch.
template <class Scalar>
matrix<Scalar> embed(const heed::token_embedding<Scalar>& words,
                     const heed::position_embedding<Scalar>& places, const token_batch& batch) {
  matrix<Scalar> x = words(batch.ids);
  for (index s = 0; s < batch.sequences(); ++s)
    places.add(x.middleRows(batch.starts[static_cast<std::size_t>(s)], batch.length()), 0);
  return x;
}

// The error of numbers that were computed in double and then rounded to float, against double: that
// rounding, and as much again for both computations, whose own error is 2^-29 times smaller.
inline double rounded_once(const tensor& golden) {
  const auto all = golden.rows<float>();
  return 2 * unit_roundoff<float> * static_cast<double>(all.cwiseAbs().maxCoeff());
}

}  // namespace conformance
