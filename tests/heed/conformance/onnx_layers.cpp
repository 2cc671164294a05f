// SPDX-License-Identifier: MIT
// The LayerNormalization, RMSNormalization and Gelu cases of ONNX: from `axis` on, the elements of a
// tensor are a row.
#include <heed/layer/activation.hpp>
#include <heed/layer/layer_norm.hpp>
#include <heed/layer/rms_norm.hpp>

#include "onnx_case.hpp"
#include "rounding.hpp"

#include <cmath>
#include <limits>

namespace conformance {
namespace {

// heed's public face expresses every case: stash_type, the type in which mean and variance are formed, is
// float in all of them, and heed forms them in double.
constexpr std::span<const listed_case> listed{};

using heed::matrix;
using row_vector = Eigen::Matrix<float, 1, Eigen::Dynamic>;

constexpr double u = double(std::numeric_limits<float>::epsilon()) / 2;

// A tensor of floats as (rows, elements from an axis on).
Eigen::Map<const matrix<float>> rows_from(const tensor& x, index axis) {
  if (axis < 0) axis += x.rank();
  index width = 1;
  for (index i = axis; i < x.rank(); ++i) width *= x.extent(i);
  return {x.data<float>(), x.size() / width, width};
}

// Both sides round some numbers of at most `largest`.
std::string compare(const onnx_case& c, const matrix<float>& y, const tensor& want,
                    double largest) {
  return difference(c.op(), y,
                    Eigen::Map<const matrix<float>>(want.data<float>(), y.rows(), y.cols()),
                    8 * u * largest);
}

// LayerNormalization also gives the mean and 1 / deviation of each row. heed's layer does not, but what it
// gives without weight and bias is (x - mean) / deviation.
template <class Norm>
std::string check_statistics(const onnx_case& c, Norm norm,
                             const Eigen::Map<const matrix<float>>& x) {
  if (c.find_output(1) == nullptr || c.find_output(2) == nullptr) return "";
  norm.weight.setOnes();
  if constexpr (requires { norm.bias; }) norm.bias.resize(0);
  const matrix<float> normed = norm(x);
  for (index row = 0; row < x.rows(); ++row) {
    const double mean = double(c.output(1).data<float>()[row]);
    const double factor = double(c.output(2).data<float>()[row]);
    for (index i = 0; i < x.cols(); ++i) {
      const double want = (double(x(row, i)) - mean) * factor;
      if (std::abs(want - double(normed(row, i))) > 8 * u * (1 + std::abs(want) + factor))
        return "mean or deviation of row " + std::to_string(row) + " differs";
    }
  }
  return "";
}

template <class Norm>
std::string check_norm(const onnx_case& c) {
  const double stash_type = c.number("stash_type", 1);
  if (!heed::detail::exactly_equal(stash_type, 1.0)) return "stash_type is not float";
  const auto axis = static_cast<index>(c.number("axis", -1));
  const auto x = rows_from(c.input(0), axis);
  Norm norm({.model = x.cols()});
  norm.epsilon = c.number("epsilon", 1e-5);
  norm.weight = Eigen::Map<const row_vector>(c.input(1).data<float>(), c.input(1).size());
  if (norm.weight.size() != x.cols()) return "the scale is not as wide as a row";
  double largest = double(norm.weight.cwiseAbs().maxCoeff()) * std::sqrt(double(x.cols()));
  if constexpr (requires { norm.bias; }) {
    norm.bias.resize(0);
    if (const tensor* bias = c.find_input(2)) {
      norm.bias = Eigen::Map<const row_vector>(bias->data<float>(), bias->size());
      largest += double(norm.bias.cwiseAbs().maxCoeff());
    }
  }
  matrix<float> y(x.rows(), x.cols());
  norm(x, y);
  return compare(c, y, c.output(0), largest) + check_statistics(c, norm, x);
}

std::string check_gelu(const onnx_case& c) {
  const json* const approximate = c.attribute("approximate");
  const bool by_tanh = approximate != nullptr && approximate->text() == "tanh";
  matrix<float> x = Eigen::Map<const matrix<float>>(c.input(0).data<float>(), 1, c.input(0).size());
  const double largest = double(x.cwiseAbs().maxCoeff());
  heed::activate(by_tanh ? heed::activation::gelu_tanh : heed::activation::gelu, x);
  return compare(c, x, c.output(0), largest);
}

TEST(OnnxLayerNormalization, EveryCase) {
  run_every_case("LayerNormalization", listed, check_norm<heed::layer_norm<float>>);
}
TEST(OnnxRMSNormalization, EveryCase) {
  run_every_case("RMSNormalization", listed, check_norm<heed::rms_norm<float>>);
}
TEST(OnnxGelu, EveryCase) { run_every_case("Gelu", listed, check_gelu); }

}  // namespace
}  // namespace conformance
