// SPDX-License-Identifier: MIT
// Small models of every shape, and batches for them, for tests of learning.
#pragma once

#include "support/gradient_check.hpp"

#include <heed/model/backward/parameters.hpp>

#include <algorithm>
#include <cstring>
#include <vector>

namespace support {

inline const std::vector<heed::index> learning_ids = {1, 4, 2, 0, 3, 3, 1};
inline const std::vector<heed::index> learning_starts = {0, 3, 7};

// Every number about 0.6, and none the same.
template <class Scalar>
void fill_parameters(const heed::parameter_list<Scalar>& list) {
  std::uint64_t seed = 100;
  for (const auto& p : list) {
    heed::matrix<Scalar> numbers(p.rows, p.cols);
    heed::detail::fill_normal(numbers, 0.6, ++seed);
    std::copy(numbers.data(), numbers.data() + p.size(), p.data);
  }
}

// GPT-2's kind where `positions` is above 0, else Llama's; every weight and bias about 1.
template <class Scalar>
heed::decoder<Scalar> small_decoder(heed::index positions, heed::index layers = 2) {
  heed::decoder<Scalar> d({.vocabulary = 5,
                           .positions = positions,
                           .model = 6,
                           .layers = layers,
                           .heads = 3,
                           .kv_heads = positions > 0 ? 3 : 1,
                           .hidden = 8,
                           .seed = 3});
  fill_parameters(heed::parameters_of(d));
  return d;
}

// Whether the derivatives are those of f() by the weights, to 1e-7 of the largest of each.
template <class Function>
void expect_gradients(const heed::parameter_list<double>& weights,
                      const heed::parameter_list<double>& derivatives, const Function& f) {
  ASSERT_EQ(weights.size(), derivatives.size());
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i].name.ends_with("key.bias")) continue;  // softmax does not see it
    Eigen::Map<heed::matrix<double>> w(weights[i].data, weights[i].rows, weights[i].cols);
    const Eigen::Map<heed::matrix<double>> dw(derivatives[i].data, w.rows(), w.cols());
    expect_gradient(weights[i].name.c_str(), w, dw, f);
  }
}

template <class Model>
bool same_parameters(Model& a, Model& b) {
  const auto left = parameters_of(a), right = parameters_of(b);
  for (std::size_t i = 0; i < left.size(); ++i)
    if (left[i].name != right[i].name || left[i].size() != right[i].size() ||
        std::memcmp(left[i].data, right[i].data,
                    static_cast<std::size_t>(left[i].size()) * sizeof(*left[i].data)) != 0)
      return false;
  return left.size() == right.size();
}

}  // namespace support
