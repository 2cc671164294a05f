// SPDX-License-Identifier: MIT
// Linear layers against a product in double, and what they refuse.
#include "support/on_threads.hpp"
#include "support/refusal.hpp"
#include "support/same_bits.hpp"

#include <heed/layer/linear.hpp>

#include <gtest/gtest.h>

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
  const heed::linear<float> layer({.inputs = 300, .outputs = 900});
  const heed::matrix<float> x = heed::matrix<float>::Random(500, 300);
  EXPECT_EQ(layer(x), layer(x, heed::on(support::on_threads, 3)));
}

// Random bytes whose halves, floats and doubles are all finite, since no exponent reaches 0x3C.
template <class Scalar>
void stored_of_every_dtype() {
  for (index t = 0; t < heed::detail::dtypes; ++t) {
    const auto type = static_cast<heed::dtype>(t);
    const bool is_k_quant = heed::facts_of(type).block_values == 256;
    const index inputs = is_k_quant ? 512 : 288, outputs = 70;
    std::vector<std::uint8_t> bytes(
        static_cast<std::size_t>(heed::bytes_of(type, inputs * outputs)));
    std::uint32_t random = 1 + static_cast<std::uint32_t>(t);
    for (std::uint8_t& byte : bytes) {
      random = random * 1664525 + 1013904223;
      byte = static_cast<std::uint8_t>((random >> 24) % 0x3C);
    }
    heed::linear<Scalar> stored({.inputs = inputs, .outputs = outputs});
    stored.bias.setRandom();
    heed::linear<Scalar> plain = stored;
    stored.weight.resize(0, 0);
    stored.weight.stored = {type, outputs, inputs,
                            reinterpret_cast<const std::byte*>(bytes.data())};
    std::vector<float> numbers(static_cast<std::size_t>(inputs * outputs));
    stored.weight.stored.read(0, outputs, numbers.data());
    plain.weight = Eigen::Map<const heed::matrix<float>>(numbers.data(), outputs, inputs)
                       .transpose()
                       .template cast<Scalar>();
    ASSERT_TRUE(plain.weight.allFinite()) << heed::name_of(type);
    for (const index rows : {1, 5, 33, 250}) {
      const heed::matrix<Scalar> x = heed::matrix<Scalar>::Random(rows, inputs);
      const heed::matrix<Scalar> want = plain(x);
      ASSERT_TRUE(support::same_bits(stored(x), want)) << heed::name_of(type) << ' ' << rows;
      ASSERT_TRUE(support::same_bits(stored(x, heed::on(support::on_threads, 3)), want))
          << heed::name_of(type) << ' ' << rows;
    }
  }
}
TEST(linear, has_the_bits_of_the_floats_that_are_stored) { stored_of_every_dtype<float>(); }
TEST(linear, of_double_has_the_bits_of_the_floats_that_are_stored) {
  stored_of_every_dtype<double>();
}

TEST(linear, refuses_what_does_not_fit_what_is_stored) {
  const std::byte bytes[2 * 34] = {};
  heed::linear<float> layer;
  layer.weight.stored = {heed::dtype::q8_0, 2, 32, bytes};
  const heed::matrix<float> x(3, 2), fits = heed::matrix<float>::Ones(3, 32);
  EXPECT_EQ(refusal([&] { (void)layer(x); }),
            "heed::linear: x is 3x2, but weight is 32x2 (inputs x outputs)");
  EXPECT_EQ(layer(fits), (heed::matrix<float>::Zero(3, 2)));
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

// An adapter adds s (x a) b to any kind of weight, output and number of rows, and a row has the bits it has alone.
TEST(linear, with_an_adapter) {
  heed::linear<float> layer({.inputs = 70, .outputs = 90});
  const heed::matrix<float> plain = layer.weight;
  layer.adapter = {heed::matrix<float>::Random(70, 3), heed::matrix<float>::Random(3, 90), 0.5};
  const heed::matrix<float> x = heed::matrix<float>::Random(50, 70), y = layer(x);
  const MatrixXd want =
      x.cast<double>() * (plain.cast<double>() + 0.5 * layer.adapter.down.cast<double>() *
                                                     layer.adapter.up.cast<double>());
  EXPECT_LE((y.cast<double>() - want).cwiseAbs().maxCoeff(), 1e-4);
  EXPECT_EQ(layer(heed::matrix<float>(x.row(7))), y.row(7));
  Eigen::MatrixXf columns(50, 90);
  layer(x, columns, heed::on(support::on_threads, 3));
  EXPECT_EQ(columns, y);
  layer.adapter.up.resize(2, 90);
  EXPECT_EQ(refusal([&] { (void)layer(x); }),
            "heed::linear: the adapter is 70x3 times 2x90, but weight is 70x90 (inputs x outputs)");
}

}  // namespace
