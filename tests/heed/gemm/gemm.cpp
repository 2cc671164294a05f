// SPDX-License-Identifier: MIT
// The matrix product of the layers: sizes around its blocks, any layout, exact on integers.
#include <heed/gemm/gemm.hpp>

#include "support/guarded.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>
#include <vector>

namespace {

using heed::index;
using support::guarded;
using support::layout;

// Small integers, so that every sum is exact in float.
template <class Scalar>
void fill(guarded<Scalar>& m, int step, int modulus) {
  auto map = m.matrix();
  int n = 0;
  for (index r = 0; r < map.rows(); ++r)
    for (index c = 0; c < map.cols(); ++c, n += step) map(r, c) = Scalar(n % modulus - modulus / 2);
}

template <class Scalar>
heed::detail::view<const Scalar> view_of(guarded<Scalar>& m) {
  return heed::detail::view_of(m.matrix());
}

struct layouts {
  layout x, w, y;
};

template <class Scalar>
void multiplies(index rows, index inputs, index outputs, const layouts& orders, bool with_bias,
                const heed::executor& on = {}) {
  SCOPED_TRACE(::testing::Message()
               << rows << " x " << inputs << " x " << outputs << ", layouts " << int(orders.x)
               << int(orders.w) << int(orders.y) << (with_bias ? ", bias" : "") << ", "
               << on.workers << " workers");
  constexpr Scalar guard = 12345;
  guarded<Scalar> x(rows, inputs, orders.x, guard), w(inputs, outputs, orders.w, guard),
      y(rows, outputs, orders.y, guard), bias(1, outputs, orders.y, guard);
  fill(x, 7, 11);
  fill(w, 5, 13);
  fill(bias, 3, 17);
  heed::scratch memory;
  const heed::detail::gemm_call<Scalar> call{
      heed::detail::view_of(y.matrix()), view_of(x), view_of(w),
      with_bias ? view_of(bias) : heed::detail::view<const Scalar>()};
  heed::detail::gemm(call, on, memory);

  using exact = Eigen::Matrix<long, Eigen::Dynamic, Eigen::Dynamic>;
  exact want = x.matrix().template cast<long>() * w.matrix().template cast<long>();
  if (with_bias) want.rowwise() += bias.matrix().template cast<long>().row(0);
  EXPECT_EQ(exact(y.matrix().template cast<long>()), want);
  EXPECT_TRUE(y.intact()) << "something outside was written";
}

template <class Scalar>
void sizes_around_blocks() {
  using task = heed::detail::gemm_task<Scalar>;
  int n = 0;
  using thin = heed::detail::skinny_gemm<Scalar>;
  for (const index rows : {index(0), index(1), index(2), thin::most_rows, thin::most_rows + 1,
                           task::most_rows, task::most_rows + 1})
    for (const index inputs :
         {index(0), index(1), thin::rows_per_run + 3, task::most_depth, task::most_depth + 1})
      for (const index outputs : {index(0), index(1), task::lanes - 1, task::lanes, task::lanes + 1,
                                  task::most_columns, task::most_columns + 1}) {
        const layout order = layout(n % 3);
        multiplies<Scalar>(rows, inputs, outputs, {order, order, order}, n % 2 == 0);
        ++n;
      }
}

TEST(product, is_exact_on_integers_of_float) { sizes_around_blocks<float>(); }
TEST(product, is_exact_on_integers_of_double) { sizes_around_blocks<double>(); }

TEST(product, takes_every_layout) {
  constexpr layout all[] = {layout::row_major, layout::column_major, layout::strided};
  int n = 0;
  for (const layout x : all)
    for (const layout w : all)
      for (const layout y : all)
        for (const index rows : {1, 2, 5, 32, 33})
          for (const index inputs : {20, 257})
            multiplies<float>(rows, inputs, 70, {x, w, y}, n++ % 2 == 0);
}

// Calls work(0) ... work(n - 1), each in a thread.
const auto threads = [](index n, auto&& work) {
  std::vector<std::thread> team;
  for (index i = 0; i < n; ++i) team.emplace_back([&work, i] { work(i); });
  for (auto& t : team) t.join();
};

// Few rows: outputs beyond those of one task, and beyond those that fill panels; as many workers as an
// executor may say that it has.
TEST(product, of_few_rows_is_cut_into_columns) {
  constexpr layout rows_first = layout::row_major;
  for (const index rows : {1, 2, 3, 32})
    for (const index outputs : {31, 32, 4096, 4096 + 33})
      for (const layout y : {layout::row_major, layout::column_major})
        for (const index workers : {0, 1, 3}) {
          heed::executor on;
          if (workers > 1)
            on = heed::detail::erase(threads, workers);
          else
            on.workers = workers;
          multiplies<float>(rows, 20, outputs, {rows_first, rows_first, y}, true, on);
        }
}

// A row's bits do not depend on the other rows, nor on who works.
template <class Scalar>
void same_bits() {
  using matrix = heed::matrix<Scalar>;
  const matrix x = matrix::Random(500, 300), w = matrix::Random(300, 150);
  const Eigen::RowVector<Scalar, Eigen::Dynamic> bias =
      Eigen::RowVector<Scalar, Eigen::Dynamic>::Random(150);
  heed::scratch memory;
  const auto run = [&](const auto& rows, const heed::executor& on) {
    matrix y(rows.rows(), 150);
    heed::detail::gemm<Scalar>({heed::detail::view_of(y), heed::detail::view_of(rows),
                                heed::detail::view_of(w), heed::detail::view_of(bias)},
                               on, memory);
    return y;
  };
  const auto equal = [](const matrix& a, const matrix& b) {
    return std::memcmp(a.data(), b.data(), sizeof(Scalar) * std::size_t(a.size())) == 0;
  };
  const matrix whole = run(x, heed::executor{});
  for (const index first : {0, 1, 239, 240, 468})
    for (const index count : {1, 2, 4, 7, 32})
      EXPECT_TRUE(
          equal(run(x.middleRows(first, count), heed::executor{}), whole.middleRows(first, count)))
          << first << ", " << count;
  EXPECT_TRUE(equal(run(x.middleRows(100, 300), heed::executor{}), whole.middleRows(100, 300)));

  for (const index workers : {2, 3, 8}) {
    const auto on = heed::detail::erase(threads, workers);
    EXPECT_TRUE(equal(run(x, on), whole)) << workers;
    EXPECT_TRUE(equal(run(x.topRows(3), on), whole.topRows(3))) << workers;
  }
}

TEST(product, gives_the_same_bits_to_any_batch_and_number_of_workers) {
  same_bits<float>();
  same_bits<double>();
}

}  // namespace
