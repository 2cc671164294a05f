// SPDX-License-Identifier: MIT
// y = x W + b for many rows x, with the same micro-kernel as attention.
//
// Outputs are lanes, elements of x are broadcast: each y(i, o) is one chain b(o) + Σ x(i, j) W(j,
// o), j rising, so its bits depend on no other row, on no thread and on no blocking. (Eigen's own
// product picks its blocking by size and allocates; it can promise neither.)
//
// Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication", 2008.
#pragma once

#include <heed/core/execute.hpp>         // run_tasks
#include <heed/core/scratch.hpp>         // scratch
#include <heed/core/view.hpp>            // view
#include <heed/kernel/lane_product.hpp>  // lane_product

#include <algorithm>  // min

namespace heed {
inline namespace HEED_ABI {

template <class Scalar>
struct product_call {
  view<Scalar> y;           // (rows, outputs)
  view<const Scalar> x;     // (rows, inputs)
  view<const Scalar> w;     // (inputs, outputs)
  view<const Scalar> bias;  // (1, outputs), or not given
};

// One task: a block of rows and columns of y.
template <class Scalar>
class product_task {
 public:
  static constexpr index lanes = packets_per_block * simd<Scalar>::size;
  static constexpr index most_rows = 240;            // rows of x that share a packed block of W
  static constexpr index most_depth = 256;           // inputs of a packed block
  static constexpr index most_columns = 16 * lanes;  // outputs of a packed block
  static constexpr index few_rows = 4;               // with so few, W is read where it lies

  product_task(const product_call<Scalar>& call, index first_row, index first_column,
               scratch& memory)
      : y_(call.y.block(first_row, first_column, std::min(most_rows, call.y.rows - first_row),
                        std::min(most_columns, call.y.cols - first_column))),
        x_(call.x.block(first_row, 0, y_.rows, call.x.cols)),
        w_(call.w.block(0, first_column, call.w.rows, y_.cols)),
        bias_(call.bias.given() ? call.bias.block(0, first_column, 1, y_.cols) : call.bias),
        frame_(memory),
        packed_(frame_.template take<Scalar>(most_depth * lanes)),
        edge_(frame_.template take<Scalar>(most_rows * lanes)) {}

  // Bytes that a task takes from scratch, roundings included.
  static constexpr index footprint =
      (most_depth + most_rows) * lanes * static_cast<index>(sizeof(Scalar)) + 2 * scratch::granule;

  void run() {
    start();
    for (index depth = 0; depth < x_.cols; depth += most_depth)
      for (index column = 0; column < y_.cols; column += lanes)
        add(depth, std::min(most_depth, x_.cols - depth), column,
            std::min(lanes, y_.cols - column));
  }

 private:
  // y = b
  void start() {
    for (index row = 0; row < y_.rows; ++row)
      for (index column = 0; column < y_.cols; ++column)
        y_(row, column) = bias_.given() ? bias_(0, column) : Scalar(0);
  }

  // y += x W for one panel of columns and one run of inputs
  void add(index first, index depth, index column, index columns) {
    const index packets = (columns + simd<Scalar>::size - 1) / simd<Scalar>::size;
    const bool whole = columns == packets * simd<Scalar>::size && y_.col_stride == 1;
    const lane_side<Scalar> y =
        whole ? lane_side<Scalar>{&y_(0, column), y_.row_stride} : lane_side<Scalar>{edge_, lanes};
    const view<Scalar> outside = y_.block(0, column, y_.rows, columns);
    const view<Scalar> inside{edge_, y_.rows, columns, lanes, 1};
    if (!whole) copy(inside, outside);
    lane_product<Scalar>(y, {&x_(0, first), x_.row_stride, x_.col_stride},
                         panel(first, depth, column, columns, whole), y_.rows, packets, depth,
                         from_memory{});
    if (!whole) copy(outside, inside);
  }

  // A panel of W with its lanes next to each other, zeros beyond the last column.
  lane_side<const Scalar> panel(index first, index depth, index column, index columns, bool whole) {
    if (whole && y_.rows <= few_rows && w_.col_stride == 1)
      return {&w_(first, column), w_.row_stride};
    for (index j = 0; j < depth; ++j)
      for (index lane = 0; lane < lanes; ++lane)
        packed_[j * lanes + lane] = lane < columns ? w_(first + j, column + lane) : Scalar(0);
    return {packed_, lanes};
  }

  static void copy(const view<Scalar>& to, const view<Scalar>& from) {
    for (index row = 0; row < to.rows; ++row)
      for (index column = 0; column < to.cols; ++column) to(row, column) = from(row, column);
  }

  view<Scalar> y_;
  view<const Scalar> x_;
  view<const Scalar> w_;
  view<const Scalar> bias_;
  scratch::frame frame_;
  Scalar* packed_;  // (depth, lanes)
  Scalar* edge_;    // (rows, lanes)
};

// Runs a product whose sizes have been checked.
template <class Scalar>
void product(const product_call<Scalar>& call, const executor& on, scratch& memory) {
  using task_type = product_task<Scalar>;
  const index row_blocks = (call.y.rows + task_type::most_rows - 1) / task_type::most_rows;
  const index column_blocks = (call.y.cols + task_type::most_columns - 1) / task_type::most_columns;
  const index tasks = row_blocks * column_blocks;
  memory.prepare_workers(std::max(index(1), std::min(on.workers, tasks)), task_type::footprint);
  run_tasks(on, tasks, [&](index worker, index task) {
    task_type(call, task / column_blocks * task_type::most_rows,
              task % column_blocks * task_type::most_columns, memory.worker(worker))
        .run();
  });
}

}  // namespace HEED_ABI
}  // namespace heed
