// SPDX-License-Identifier: MIT
// The product of one row with stored weights: sizes around its panels, any layout, any part, the same bits
// as a product of many rows.
#include "support/guarded.hpp"
#include "support/on_threads.hpp"
#include "support/same_bits.hpp"

#include <heed/gemm/all_stored_kernels.hpp>
#include <heed/gemm/gemm.hpp>
#include <heed/storage/convert.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace {

using heed::dtype;
using heed::index;
using heed::matrix;
using heed::detail::stored_gemv;
using heed::detail::view_of;
using support::guarded;
using support::layout;

struct weights {
  std::vector<std::byte> bytes;
  heed::stored_matrix stored;

  weights(dtype type, index outputs, index inputs)
      : bytes(static_cast<std::size_t>(heed::bytes_of(type, outputs * inputs))) {
    const matrix<float> numbers = matrix<float>::Random(outputs, inputs);
    EXPECT_TRUE(heed::detail::from_float(type, numbers.data(), numbers.size(), bytes.data()));
    stored = {type, outputs, inputs, bytes.data()};
  }
};

// Rows are converted one by one until the kernels are known: the same bits.
TEST(stored_gemv, needs_no_kernel) {
  heed::scratch memory;
  const index outputs = 3 * stored_gemv::lanes + 5, inputs = 320;
  const weights w(dtype::q4_1, outputs, inputs);
  const matrix<float> x = matrix<float>::Random(3, inputs);
  matrix<float> without(3, outputs), with(3, outputs);
  const auto multiply = [&](matrix<float>& y) {
    for (index i = 0; i < 3; ++i)
      heed::detail::gemm<float>(
          {view_of(y.row(i)), view_of(x.row(i)), {nullptr, inputs, outputs, 0, 0}, {}, &w.stored},
          {}, memory);
  };
  ASSERT_EQ(heed::detail::find_stored_kernel(dtype::q4_1), nullptr);
  multiply(without);
  heed::detail::know_stored_kernels();
  ASSERT_NE(heed::detail::find_stored_kernel(dtype::q4_1), nullptr);
  multiply(with);
  EXPECT_TRUE(support::same_bits(with, without));
}

TEST(stored_gemv, has_the_bits_of_a_product_of_many_rows) {
  heed::scratch memory;
  const heed::executor three = heed::detail::erase(support::on_threads, 3);
  for (const dtype type : {dtype::q4_1, dtype::q8_0, dtype::bf16, dtype::f32})
    for (const index outputs : {index(1), stored_gemv::lanes - 1, stored_gemv::lanes,
                                stored_gemv::lanes + 1, 5 * stored_gemv::lanes + 7})
      for (const index inputs : {32, 320, 20}) {
        if (inputs % heed::facts_of(type).block_values != 0) continue;
        const weights w(type, outputs, inputs);
        const matrix<float> x = matrix<float>::Random(40, inputs),
                            bias = matrix<float>::Random(1, outputs);
        const auto multiply = [&](const auto& rows, auto&& y, const heed::executor& on) {
          heed::detail::gemm<float>({view_of(y),
                                     view_of(rows),
                                     {nullptr, inputs, outputs, 0, 0},
                                     view_of(bias),
                                     &w.stored},
                                    on, memory);
        };
        matrix<float> whole(40, outputs);
        multiply(x, whole, {});
        for (const index row : {0, 17, 39})
          for (const layout order : {layout::row_major, layout::column_major, layout::strided}) {
            guarded<float> one(1, inputs, order, 12345), y(1, outputs, order, 12345);
            one.matrix() = x.row(row);
            multiply(one.matrix(), y.matrix(), {});
            EXPECT_TRUE(
                support::same_bits(matrix<float>(y.matrix()), matrix<float>(whole.row(row))))
                << heed::name_of(type) << ' ' << inputs << " x " << outputs;
            EXPECT_TRUE(y.intact()) << "something outside was written";
            multiply(one.matrix(), y.matrix(), three);
            EXPECT_TRUE(
                support::same_bits(matrix<float>(y.matrix()), matrix<float>(whole.row(row))));
          }
      }
}

TEST(stored_gemv, starts_at_any_output) {
  const index lanes = stored_gemv::lanes;
  const weights w(dtype::q4_0, 4 * lanes, 64);
  const matrix<float> x = matrix<float>::Random(1, 64);
  heed::scratch memory;
  matrix<float> whole(1, 4 * lanes), part = matrix<float>::Zero(1, 4 * lanes);
  const auto call = [&](matrix<float>& y) {
    return heed::detail::gemm_call<float>{
        view_of(y), view_of(x), {nullptr, 64, 4 * lanes, 0, 0}, {}, &w.stored};
  };
  heed::detail::gemm(call(whole), heed::executor{}, memory);
  heed::detail::gemm(call(part).part(0, 1, 3, 2 * lanes), heed::executor{}, memory);
  EXPECT_TRUE(part.leftCols(3).isZero(0));
  EXPECT_TRUE(support::same_bits(matrix<float>(part.middleCols(3, 2 * lanes)),
                                 matrix<float>(whole.middleCols(3, 2 * lanes))));
  EXPECT_TRUE(part.rightCols(2 * lanes - 3).isZero(0));
}

// By hand: row o of the weights is o, ..., o in 8-bit integers, x is 1, 2, 3, ...
TEST(stored_gemv, by_hand) {
  const index outputs = stored_gemv::lanes, inputs = 64;
  std::vector<std::byte> bytes(static_cast<std::size_t>(outputs * inputs));
  for (index i = 0; i < outputs * inputs; ++i)
    bytes[static_cast<std::size_t>(i)] = static_cast<std::byte>(i / inputs - 5);
  const heed::stored_matrix w{dtype::i8, outputs, inputs, bytes.data()};
  const matrix<float> x = Eigen::RowVectorXf::LinSpaced(inputs, 1, 64);
  matrix<float> y(1, outputs);
  heed::scratch memory;
  const heed::detail::gemm_call<float> call{
      view_of(y), view_of(x), {nullptr, inputs, outputs, 0, 0}, {}, &w};
  ASSERT_TRUE(stored_gemv::fits(call));
  heed::detail::gemm(call, heed::executor{}, memory);
  for (index o = 0; o < outputs; ++o) EXPECT_EQ(y(0, o), 2080 * float(o - 5));
}

}  // namespace
