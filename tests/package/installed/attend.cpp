// SPDX-License-Identifier: MIT
// Compiled once for each level of the instruction set.
#include <heed/heed.hpp>

using matrix = Eigen::Ref<const Eigen::MatrixXf>;

template <int Level>
void attend(const matrix& q, const matrix& k, const matrix& v, Eigen::Ref<Eigen::MatrixXf> out);

template <>
void attend<HEED_LEVEL>(const matrix& q, const matrix& k, const matrix& v,
                        Eigen::Ref<Eigen::MatrixXf> out) {
  heed::attention(q, k, v, out, heed::causal);
}
