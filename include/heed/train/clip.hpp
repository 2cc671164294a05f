// SPDX-License-Identifier: MIT
// Gradient clipping by norm, so that one unusual batch does not move the weights far.
//
//   const double norm = heed::clip_by_norm(heed::parameters_of(gradient), 1.0);
//   // norm: that before clipping, 3.2 for example; heed::norm_of(heed::parameters_of(gradient)) is now 1
#pragma once

#include <heed/train/optimiser.hpp>  // in_parts

namespace heed {
inline namespace HEED_ABI {

// The square root of the sum of the squares of all numbers, in double, the same bits on any number of threads.
template <class Scalar>
[[nodiscard]] double norm_of(const parameter_list<Scalar>& list, const executor& on = {}) {
  std::vector<std::size_t> begin = {0};  // of each parameter's parts
  for (const named_parameter<Scalar>& p : list)
    begin.push_back(begin.back() +
                    static_cast<std::size_t>(detail::divide_up(p.size(), detail::numbers_at_once)));
  std::vector<double> sums(begin.back());
  detail::in_parts(on, list, [&](std::size_t i, index first, index count) {
    double sum = 0;
    for (index j = first; j < first + count; ++j) {
      const auto g = static_cast<double>(list[i].data[j]);
      sum += g * g;
    }
    sums[begin[i] + static_cast<std::size_t>(first / detail::numbers_at_once)] = sum;
  });
  double all = 0;
  for (const double sum : sums) all += sum;
  return std::sqrt(all);
}

// If the norm of all gradients together exceeds `most`, multiplies each by most / norm. Returns the
// norm before the multiplication. Pascanu et al., "On the Difficulty of Training Recurrent Neural
// Networks", 2013.
template <class Scalar>
double clip_by_norm(const parameter_list<Scalar>& gradients, double most, const executor& on = {}) {
  const double norm = norm_of(gradients, on);
  if (!(norm > most)) return norm;
  const auto times = static_cast<Scalar>(most / norm);
  detail::in_parts(on, gradients, [&](std::size_t i, index first, index count) {
    for (index j = first; j < first + count; ++j) gradients[i].data[j] *= times;
  });
  return norm;
}

}  // namespace HEED_ABI
}  // namespace heed
