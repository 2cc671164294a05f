// SPDX-License-Identifier: MIT
// Feed-forward layers by hand, against their formula in double, and what they refuse.
#include "support/guarded.hpp"
#include "support/on_threads.hpp"
#include "support/refusal.hpp"
#include "support/same_bits.hpp"

#include <heed/layer/feed_forward.hpp>

#include <gtest/gtest.h>

#include <cmath>

namespace {

using Eigen::MatrixXd;
using heed::activation;
using heed::feed_forward;
using heed::index;
using heed::matrix;
using support::refusal;

feed_forward<float> by_hand(bool gated) {
  feed_forward<float> layer(
      {.model = 2, .hidden = 2, .activation = activation::relu, .gated = gated});
  layer.up.weight << 1, -1, 2, 1;
  layer.up.bias << 0, -2;
  layer.down.weight << 1, 2, 3, 4;
  layer.down.bias << 1, 1;
  if (gated) {
    layer.gate.weight << 1, 0, 0, -1;
    layer.gate.bias << 0, 3;
  }
  return layer;
}

// (1, 2): up gives (1 + 4, -1 + 2 - 2) = (5, -1).
TEST(feed_forward, by_hand) {
  matrix<float> x(1, 2), want(1, 2);
  x << 1, 2;
  want << 5 * 1 + 1, 5 * 2 + 1;  // relu leaves (5, 0)
  EXPECT_EQ(by_hand(false)(x), want);
  want << 5 - 3 + 1, 10 - 4 + 1;  // the gate gives (1, -2 + 3) = (1, 1), so (5, -1) goes on
  EXPECT_EQ(by_hand(true)(x), want);
  auto layer = by_hand(true);
  layer.gate.bias << -3, 3;  // and now (-2, 1), of which relu makes (0, 1)
  want << -3 + 1, -4 + 1;
  EXPECT_EQ(layer(x), want);
}

// y and how far it may be off: a chain of n multiply-adds errs by some √n u of the sum of absolute values.
struct product {
  MatrixXd y, off;
};
template <class Scalar>
product linear(const heed::linear<Scalar>& l, const product& x) {
  const double u = double(std::numeric_limits<Scalar>::epsilon()) / 2;
  const MatrixXd w = l.weight.template cast<double>();
  product p{x.y * w, x.off * w.cwiseAbs()};
  MatrixXd sizes = x.y.cwiseAbs() * w.cwiseAbs();
  if (l.bias.size() > 0) {
    p.y.rowwise() += l.bias.template cast<double>();
    sizes.rowwise() += l.bias.template cast<double>().cwiseAbs();
  }
  p.off += (8 * std::sqrt(double(w.rows())) + 8) * u * sizes;
  return p;
}
// silu is nowhere steeper than 1.1.
template <class Scalar>
product silu(const product& x) {
  const double u = double(std::numeric_limits<Scalar>::epsilon()) / 2;
  const MatrixXd y = x.y.array() / (1 + (-x.y.array()).exp());
  return {y, 1.1 * x.off + (x.y.cwiseAbs().array() + 8).matrix().cwiseProduct(y.cwiseAbs()) * u};
}
template <class Scalar>
product textbook(const feed_forward<Scalar>& layer, const matrix<Scalar>& x) {
  const MatrixXd numbers = x.template cast<double>();
  const product in{numbers, MatrixXd::Zero(x.rows(), x.cols())};
  const product up = linear(layer.up, in);
  if (!layer.gated()) return linear(layer.down, silu<Scalar>(up));
  const product gate = silu<Scalar>(linear(layer.gate, in));
  const double u = double(std::numeric_limits<Scalar>::epsilon()) / 2;
  const MatrixXd y = up.y.cwiseProduct(gate.y);
  return linear(layer.down, {y, up.off.cwiseProduct(gate.y.cwiseAbs()) +
                                    gate.off.cwiseProduct(up.y.cwiseAbs()) + 2 * u * y.cwiseAbs()});
}

template <class Scalar>
void against_double() {
  for (const bool gated : {false, true})
    for (const bool bias : {false, true}) {
      feed_forward<Scalar> layer({.model = 24,
                                  .hidden = 70,
                                  .activation = activation::silu,
                                  .gated = gated,
                                  .bias = bias});
      if (bias) {
        for (auto* l : {&layer.up, &layer.down}) l->bias.setRandom();
        if (gated) layer.gate.bias.setRandom();
      }
      for (const index rows : {0, 1, 5, 33, 250})
        for (const auto order : {support::layout::row_major, support::layout::column_major,
                                 support::layout::strided}) {
          const matrix<Scalar> x = matrix<Scalar>::Random(rows, 24);
          support::guarded<Scalar> memory(rows, 24, order, 7);
          auto y = memory.matrix();
          layer(x, y);
          ASSERT_TRUE(memory.intact());
          const product want = textbook(layer, x);
          ASSERT_TRUE(
              ((y.template cast<double>() - want.y).array().abs() <= want.off.array()).all())
              << rows << ' ' << gated;
          y = x;
          layer(y, y);
          ASSERT_TRUE(support::same_bits(y, layer(x))) << "in place";
        }
    }
}
TEST(feed_forward, float_against_double) { against_double<float>(); }
TEST(feed_forward, double_against_double) { against_double<double>(); }

TEST(feed_forward, neither_rows_nor_threads_change_bits) {
  for (const auto function : {activation::gelu, activation::gelu_tanh, activation::silu}) {
    const feed_forward<float> layer(
        {.model = 40, .hidden = 300, .activation = function, .gated = true});
    const matrix<float> x = matrix<float>::Random(60, 40);
    const matrix<float> y = layer(x);
    EXPECT_TRUE(support::same_bits(y, layer(x, heed::on(support::on_threads, 3))));
    for (const index row : {0, 31, 59}) {
      const matrix<float> alone = x.row(row);
      EXPECT_TRUE(support::same_bits(layer(alone), y.row(row))) << row;
    }
  }
}

TEST(feed_forward, refuses_what_does_not_fit) {
  auto layer = by_hand(true);
  const matrix<float> x = matrix<float>::Zero(5, 2), wide = matrix<float>::Zero(5, 4);
  matrix<float> y = matrix<float>::Constant(5, 2, 9), narrow(5, 1);
  EXPECT_EQ(refusal([&] { layer(wide, y); }),
            "heed::feed_forward: x is 5x4, but up.weight is 2x2 (inputs x outputs)");
  EXPECT_EQ(refusal([&] { layer(x, narrow); }), "heed::feed_forward: y is 5x1, but it must be 5x2");
  auto changed = layer;
  changed.gate = heed::linear<float>({.inputs = 2, .outputs = 3});
  EXPECT_EQ(refusal([&] { changed(x, y); }),
            "heed::feed_forward: gate.weight has 3 outputs, but up.weight has 2");
  changed = layer;
  changed.gate = heed::linear<float>({.inputs = 3, .outputs = 2});
  EXPECT_EQ(refusal([&] { changed(x, y); }),
            "heed::feed_forward: x is 5x2, but gate.weight is 3x2 (inputs x outputs)");
  changed = layer;
  changed.down = heed::linear<float>({.inputs = 3, .outputs = 2});
  EXPECT_EQ(refusal([&] { changed(x, y); }),
            "heed::feed_forward: hidden is 5x2, but down.weight is 3x2 (inputs x outputs)");
  EXPECT_EQ(y, (matrix<float>::Constant(5, 2, 9)));
  EXPECT_EQ(refusal([] { feed_forward<float>({.model = 2, .hidden = 0}); }),
            "heed::feed_forward: hidden was not given, or is 0; it is the columns between the two "
            "layers");
}

TEST(feed_forward, joins_its_halves_as_gating_says) {
  feed_forward<double> feed(
      {.model = 1, .hidden = 1, .activation = activation::identity, .gated = true, .bias = false});
  for (auto* const part : {&feed.gate, &feed.up, &feed.down}) part->weight(0, 0) = 1;
  matrix<double> x(2, 1), want(2, 1);
  x << 5, -5;
  feed.gating = {.limit = 3, .sharpness = 2, .offset = 1};
  want << 3 * (3 + 1), -5 * (-3 + 1);  // a gate has no lower limit
  EXPECT_EQ(feed(x), want);

  feed.activation = activation::silu;
  feed.gating = {.sharpness = 2};
  const double g = std::log(3.0) / 2;  // sigmoid(2 g) = 3 / 4
  x << g, -g;
  want << g * g * 3 / 4, g * g / 4;
  EXPECT_LE((feed(x) - want).cwiseAbs().maxCoeff(), 1e-15);
}

}  // namespace
