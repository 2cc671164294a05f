// SPDX-License-Identifier: MIT
// Small decoders of every shape, and batches for them, for tests of learning.
#pragma once

#include <heed/model/backward/parameters.hpp>

#include <algorithm>
#include <cstring>
#include <vector>

namespace support {

inline const std::vector<heed::index> learning_ids = {1, 4, 2, 0, 3, 3, 1};
inline const std::vector<heed::index> learning_starts = {0, 3, 7};

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
  std::uint64_t seed = 100;
  for (const auto& p : heed::parameters_of(d)) {
    heed::matrix<Scalar> numbers(p.rows, p.cols);
    heed::detail::fill_normal(numbers, 0.6, ++seed);
    std::copy(numbers.data(), numbers.data() + p.size(), p.data);
  }
  return d;
}

template <class Scalar>
bool same_parameters(heed::decoder<Scalar>& a, heed::decoder<Scalar>& b) {
  const auto left = heed::parameters_of(a), right = heed::parameters_of(b);
  for (std::size_t i = 0; i < left.size(); ++i)
    if (left[i].name != right[i].name || left[i].size() != right[i].size() ||
        std::memcmp(left[i].data, right[i].data,
                    static_cast<std::size_t>(left[i].size()) * sizeof(Scalar)) != 0)
      return false;
  return left.size() == right.size();
}

}  // namespace support
