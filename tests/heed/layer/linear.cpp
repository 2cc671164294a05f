// SPDX-License-Identifier: MIT
// Linear layers against a product in double, and what they refuse.
#include "support/refusal.hpp"

#include <heed/layer/linear.hpp>

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace {

using Eigen::MatrixXd;
using heed::index;
using support::refusal;

template <class Scalar>
void against_double() {
  using columns = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  const double u = double(std::numeric_limits<Scalar>::epsilon()) / 2;
  const index size = heed::detail::gemm_task<Scalar>::lanes;
  for (const index rows : {0, 1, 4, 13, 32, 33, 240, 241})
    for (const index inputs : {1, 3, 255, 256, 257, 520})
      for (const index outputs : {index(1), size - 1, size, size + 1, 3 * size, 17 * size + 5})
        for (const bool bias : {true, false}) {
          heed::linear<Scalar> layer(
              {.inputs = inputs, .outputs = outputs, .bias = bias, .seed = 7});
          layer.bias.setRandom();
          const columns x = columns::Random(rows, inputs);
          columns frame = columns::Constant(rows + 2, outputs + 2, 9);
          layer(x, frame.block(1, 1, rows, outputs));
          MatrixXd want = x.template cast<double>() * layer.weight.template cast<double>();
          if (bias) want.rowwise() += layer.bias.template cast<double>();
          MatrixXd most = x.template cast<double>().cwiseAbs() *
                          layer.weight.template cast<double>().cwiseAbs();
          // a chain of n multiply-adds errs by about sqrt(n) u of the sum of absolute values
          const double bound =
              (most.size() ? most.maxCoeff() + 1 : 0) * u * (8 * std::sqrt(double(inputs)) + 8);
          if (rows > 0) {
            ASSERT_LE((frame.block(1, 1, rows, outputs).template cast<double>() - want)
                          .cwiseAbs()
                          .maxCoeff(),
                      bound)
                << rows << " " << inputs << " " << outputs;
          }
          frame.block(1, 1, rows, outputs).setConstant(9);
          ASSERT_TRUE((frame.array() == 9).all()) << "something outside was written";
        }
}
TEST(linear, float_against_double) { against_double<float>(); }
TEST(linear, double_against_double) { against_double<double>(); }

TEST(linear, threads_do_not_change_bits) {
  const auto threads = [](index n, auto&& work) {
    std::vector<std::thread> team;
    for (index i = 0; i < n; ++i) team.emplace_back([&work, i] { work(i); });
    for (auto& t : team) t.join();
  };
  const heed::linear<float> layer({.inputs = 300, .outputs = 900});
  const heed::matrix<float> x = heed::matrix<float>::Random(500, 300);
  EXPECT_EQ(layer(x), layer(x, heed::on(threads, 3)));
}

TEST(linear, begins_as_glorot_and_bengio_say) {
  const heed::linear<float> layer({.inputs = 200, .outputs = 400, .seed = 1});
  const double bound = std::sqrt(6.0 / 600);
  EXPECT_LE(layer.weight.cwiseAbs().maxCoeff(), bound);
  EXPECT_NEAR(layer.weight.mean(), 0, 5 * bound / std::sqrt(3.0 * 80000));
  EXPECT_NEAR(layer.weight.cwiseAbs2().mean(), bound * bound / 3, 0.01 * bound * bound);
  EXPECT_TRUE(layer.bias.isZero(0));
  EXPECT_EQ(layer.weight, heed::linear<float>({.inputs = 200, .outputs = 400, .seed = 1}).weight);
  EXPECT_NE(layer.weight, heed::linear<float>({.inputs = 200, .outputs = 400, .seed = 2}).weight);
}

TEST(linear, refuses_what_does_not_fit) {
  heed::linear<float> layer({.inputs = 3, .outputs = 4});
  heed::matrix<float> x(2, 3), narrow(2, 2), y(2, 4), square(3, 7);
  x.setZero();
  EXPECT_EQ(refusal([&] { layer(narrow, y); }),
            "heed::linear: x is 2x2, but weight is 3x4 (inputs x outputs)");
  EXPECT_EQ(refusal([&] { layer(x, narrow); }), "heed::linear: y is 2x2, but it must be 2x4");
  EXPECT_EQ(refusal([&] { layer(square.leftCols(3), square.rightCols(4)); }), "accepted");
  EXPECT_NE(
      refusal([&] { layer(square.leftCols(3), square.middleCols(2, 4)); }).find("overlaps x (3x3)"),
      std::string::npos);
  layer.bias.resize(5);
  EXPECT_EQ(refusal([&] { layer(x, y); }),
            "heed::linear: bias has 5 elements, but weight is 3x4 (inputs x outputs)");
  EXPECT_EQ(refusal([] { heed::linear<float>({.inputs = -1, .outputs = 2}); }),
            "heed::linear: inputs is -1, outputs is 2; neither may be negative");
}

}  // namespace
