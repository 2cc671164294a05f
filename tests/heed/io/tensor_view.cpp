// SPDX-License-Identifier: MIT
#include <heed/io/tensor_view.hpp>

#include "support/bytes.hpp"
#include "support/refusal.hpp"

#include <gtest/gtest.h>

namespace heed {
namespace {

TEST(TensorView, IsAMatrixOfItsLastAxis) {
  EXPECT_EQ((tensor_view{"x", dtype::f32, {2, 3, 4}, {}}.rows()), 6);
  EXPECT_EQ((tensor_view{"x", dtype::f32, {2, 3, 4}, {}}.cols()), 4);
  EXPECT_EQ((tensor_view{"x", dtype::f32, {5}, {}}.rows()), 1);
  EXPECT_EQ((tensor_view{"x", dtype::f32, {}, {}}.size()), 1);
  EXPECT_EQ((tensor_view{"x", dtype::f32, {3, 0}, {}}.rows()), 0);
}

TEST(TensorView, OfAMatrix) {
  matrix<float> m(2, 3);
  m << 1, 2, 3, 4, 5, 6;
  const tensor_view t = tensor_view_of("m", m);
  EXPECT_EQ(t.shape, (std::vector<index>{2, 3}));
  EXPECT_EQ(t.bytes.size(), 24u);
  matrix<float> back(2, 3);
  detail::to_float(t, back.data());
  EXPECT_EQ(back, m);
  const Eigen::VectorXd v = Eigen::VectorXd::Ones(4);
  EXPECT_EQ(tensor_view_of("v", v).shape, (std::vector<index>{4}));
  EXPECT_EQ(tensor_view_of("v", v).type, dtype::f64);
}

TEST(TensorView, RowsAreDecodedAlone) {
  matrix<float> m(3, 64);
  for (index i = 0; i < m.size(); ++i) m.data()[i] = float(i % 64 - 32);
  m.row(1) *= 2;
  std::vector<std::byte> stored(static_cast<std::size_t>(bytes_of(dtype::q8_0, m.size())));
  detail::from_float(dtype::q8_0, m.data(), m.size(), stored.data());
  const tensor_view t{"m", dtype::q8_0, {3, 64}, stored};
  std::vector<float> all(192), two(128);
  detail::to_float(t, all.data());
  detail::rows(t, 1, 2, two.data());
  EXPECT_EQ(two, std::vector<float>(all.begin() + 64, all.end()));
  EXPECT_NEAR(two[0], -64, 0.5);
  EXPECT_EQ(support::refusal([&] { detail::rows(t, 2, 2, two.data()); }),
            "heed: tensor \"m\" has 3 rows; rows 2 to 4 were requested");
}

TEST(TensorView, WholeNumbers) {
  support::bytes file;
  file.add<std::int32_t>(-7).add<std::int32_t>(50256);
  EXPECT_EQ(detail::to_index({"ids", dtype::i32, {2}, file.view()}),
            (std::vector<index>{-7, 50256}));
  EXPECT_EQ(detail::to_index({"ids", dtype::i64, {1}, file.view()}),
            (std::vector<index>{50256 * (index(1) << 32) + 0xFFFFFFF9}));
  EXPECT_EQ(support::refusal<file_error>([&] {
              (void)detail::to_index({"ids", dtype::f32, {2}, file.view()});
            }),
            "heed: tensor \"ids\" holds F32; whole numbers were expected");
}

std::string refusal(const tensor_view& t) {
  return support::refusal<file_error>([&] { detail::checked_bytes("f", t); });
}

TEST(TensorView, RefusesShapesThatAreNone) {
  EXPECT_EQ(detail::checked_bytes("f", {"x", dtype::q4_k, {3, 512}, {}}), 3 * 2 * 144);
  EXPECT_EQ(detail::checked_bytes("f", {"x", dtype::f32, {0, index(1) << 40}, {}}), 0);
  EXPECT_EQ(refusal({"x", dtype::f32, {-1, 2}, {}}),
            "f: tensor \"x\": no tensor has the shape -1x2");
  EXPECT_EQ(refusal({"x", dtype::q4_k, {3, 100}, {}}),
            "f: tensor \"x\" is 3x100, but rows of Q4_K are multiples of 256");
  EXPECT_EQ(refusal({"x", dtype::q8_0, {}, {}}),
            "f: tensor \"x\" is a single value, but rows of Q8_0 are multiples of 32");
  EXPECT_NE(refusal({"x", dtype::f32, {index(1) << 40, index(1) << 40}, {}}), "accepted");
  EXPECT_NE(refusal({"x", dtype::f32, {0, index(1) << 60, index(1) << 60}, {}}), "accepted");
  EXPECT_EQ(refusal({"x", dtype::f32, std::vector<index>(17, 1), {}}),
            "f: tensor \"x\" has 17 axes; at most 16 are read");
}

}  // namespace
}  // namespace heed
