// SPDX-License-Identifier: MIT
// Products of some rows with packed floats: sizes around panels and depths, any layout, any part, on threads,
// the same bits as each row alone.
#include "support/guarded.hpp"
#include "support/on_threads.hpp"
#include "support/same_bits.hpp"

#include <heed/gemm/gemm.hpp>
#include <heed/gemm/pack_stored.hpp>

#include <gtest/gtest.h>

namespace {

using heed::index;
using heed::matrix;
using heed::detail::panel_gemm;
using heed::detail::view_of;
using support::guarded;
using support::layout;

constexpr index lanes = panel_gemm::lanes;

struct weights {
  matrix<float> numbers;  // (outputs, inputs)
  heed::stored_matrix stored;

  explicit weights(matrix<float> values)
      : numbers(std::move(values)),
        stored{heed::dtype::f32, numbers.rows(), numbers.cols(),
               reinterpret_cast<const std::byte*>(numbers.data())} {
    heed::detail::pack_stored(stored);
  }

  template <class Y>
  heed::detail::gemm_call<float> call(Y& y, const auto& x) const {
    return {view_of(y), view_of(x), {nullptr, stored.cols, stored.rows, 0, 0}, {}, &stored};
  }
};

// By hand: row o of the weights is o, ..., o; row i of x is i + 1 times 1, 2, 3, ..., whose sum is 2080.
TEST(panel_gemm, by_hand) {
  matrix<float> rows(2 * lanes, 64), x(5, 64), y(5, 2 * lanes);
  for (index o = 0; o < rows.rows(); ++o) rows.row(o).setConstant(float(o));
  for (index i = 0; i < 5; ++i) x.row(i) = float(i + 1) * Eigen::RowVectorXf::LinSpaced(64, 1, 64);
  const weights w(rows);
  ASSERT_TRUE(panel_gemm::fits(w.call(y, x)));
  heed::scratch memory;
  heed::detail::gemm(w.call(y, x), heed::executor{}, memory);
  for (index i = 0; i < 5; ++i)
    for (index o = 0; o < 2 * lanes; ++o) EXPECT_EQ(y(i, o), 2080 * float((i + 1) * o));
}

TEST(panel_gemm, is_for_a_few_rows_of_packed_floats) {
  const index most = panel_gemm::most_rows;
  const weights w(matrix<float>::Zero(lanes, 32));
  matrix<float> y(most + 1, lanes);
  const matrix<float> x = matrix<float>::Zero(most + 1, 32);
  const auto fits = [&](index rows) {
    return panel_gemm::fits(w.call(y, x).part(0, rows, 0, lanes));
  };
  EXPECT_FALSE(fits(1));
  EXPECT_TRUE(fits(2));
  EXPECT_TRUE(fits(most));
  EXPECT_FALSE(fits(most + 1));
  EXPECT_FALSE(panel_gemm::fits(w.call(y, x).part(0, 2, 3, lanes - 3))) << "within a panel";
}

TEST(panel_gemm, has_the_bits_of_each_row_alone) {
  heed::scratch memory;
  const heed::executor three = heed::detail::erase(support::on_threads, 3);
  for (const index outputs : {lanes, 3 * lanes + 5})
    for (const index inputs : {index(16), panel_gemm::most_depth, panel_gemm::most_depth + 16,
                               3 * panel_gemm::most_depth}) {
      const weights w(matrix<float>::Random(outputs, inputs));
      ASSERT_NE(w.stored.panels, nullptr);
      const matrix<float> bias = matrix<float>::Random(1, outputs);
      for (const index rows : {2, 3, 4, 7, 50}) {
        const matrix<float> given = matrix<float>::Random(rows, inputs);
        matrix<float> alone(rows, outputs);
        for (index i = 0; i < rows; ++i) {
          auto row = alone.row(i);
          auto call = w.call(row, given.row(i));
          call.bias = view_of(bias);
          heed::detail::gemm(call, heed::executor{}, memory);
        }
        for (const layout order : {layout::row_major, layout::column_major, layout::strided})
          for (const heed::executor& on : {heed::executor{}, three}) {
            guarded<float> x(rows, inputs, order, 12345), y(rows, outputs, order, 12345);
            x.matrix() = given;
            auto result = y.matrix();
            auto call = w.call(result, x.matrix());
            call.bias = view_of(bias);
            heed::detail::gemm(call, on, memory);
            EXPECT_TRUE(support::same_bits(matrix<float>(y.matrix()), alone))
                << rows << " rows, " << inputs << " x " << outputs;
            EXPECT_TRUE(y.intact()) << "something outside was written";
          }
      }
    }
}

TEST(panel_gemm, begins_at_a_later_panel_and_with_y) {
  heed::scratch memory;
  const weights w(matrix<float>::Random(3 * lanes, 48));
  const matrix<float> x = matrix<float>::Random(6, 48);
  matrix<float> whole(6, 3 * lanes), part = matrix<float>::Zero(6, 3 * lanes);
  heed::detail::gemm(w.call(whole, x), heed::executor{}, memory);
  auto call = w.call(part, x).part(0, 6, lanes, lanes);
  ASSERT_TRUE(panel_gemm::fits(call));
  call.begin = heed::detail::sums_begin::with_y;
  heed::detail::gemm(call, heed::executor{}, memory);
  EXPECT_TRUE(part.leftCols(lanes).isZero(0));
  EXPECT_TRUE(support::same_bits(matrix<float>(part.middleCols(lanes, lanes)),
                                 matrix<float>(whole.middleCols(lanes, lanes))));
  EXPECT_TRUE(part.rightCols(lanes).isZero(0));
}

}  // namespace
