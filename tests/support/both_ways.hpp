// SPDX-License-Identifier: MIT
// A small call of attention by hand, through the textbook and through the kernels.
#pragma once

#include <heed/attention.hpp>
#include <heed/reference.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace support {

template <class... Modifiers>
void expect_attention(const Eigen::MatrixXd& q, const Eigen::MatrixXd& k, const Eigen::MatrixXd& v,
                      const Eigen::MatrixXd& want, const Modifiers&... modifiers) {
  const double bound = 1e-14 * (1 + want.cwiseAbs().maxCoeff());
  const Eigen::MatrixXd textbook = heed::reference::attention(q, k, v, modifiers...);
  EXPECT_LE((textbook - want).cwiseAbs().maxCoeff(), bound) << "the textbook gives\n" << textbook;
  const Eigen::MatrixXd kernels = heed::attention(q, k, v, modifiers...);
  EXPECT_LE((kernels - want).cwiseAbs().maxCoeff(), bound) << "the kernels give\n" << kernels;
}

// Whether a mask lets the query at one position see the key at another.
template <class Mask>
bool sees(const Mask& mask, heed::position query, heed::position key) {
  return mask(heed::at{query, key, 0, 0, 0});
}

inline Eigen::MatrixXd column(const std::vector<double>& numbers) {
  return Eigen::Map<const Eigen::VectorXd>(numbers.data(), heed::index(numbers.size()));
}

// Scores are the keys themselves: one query of 1, keys of width 1.
template <class... Modifiers>
void expect_of_scores(const std::vector<double>& scores, const std::vector<double>& values,
                      double want, const Modifiers&... modifiers) {
  expect_attention(column({1}), column(scores), column(values), column({want}), modifiers...);
}

// All scores are 0: each of the results is the mean of the values of the keys that its query sees.
template <class... Modifiers>
void expect_means(const std::vector<double>& values, const std::vector<double>& want,
                  const Modifiers&... modifiers) {
  const Eigen::MatrixXd v = column(values), results = column(want);
  expect_attention(0 * results, 0 * v, v, results, modifiers...);
}

}  // namespace support
