// SPDX-License-Identifier: MIT
// y = x W + b for many rows x, with the same micro-kernel as attention; few rows are skinny_gemm's.
//
// Outputs are lanes, elements of x are broadcast: each y(i, o) is one chain b(o) + Σ x(i, j) W(j,
// o), j rising, so its bits depend on no other row, on no thread and on no blocking. (Eigen's own
// product picks its blocking by size and allocates; it can promise neither.)
//
// Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication", 2008.
#pragma once

#include <heed/core/execute.hpp>           // run_tasks
#include <heed/core/measuring_memory.hpp>  // measuring_memory
#include <heed/core/scratch.hpp>           // scratch
#include <heed/gemm/gemm_call.hpp>         // gemm_call
#include <heed/gemm/micro_kernel.hpp>      // macro_kernel
#include <heed/gemm/panel_gemm.hpp>        // panel_gemm
#include <heed/gemm/skinny_gemm.hpp>       // skinny_gemm
#include <heed/gemm/stored_gemv.hpp>       // stored_gemv
#include <heed/gemm/stored_kernel.hpp>     // find_stored_kernel
#include <heed/storage/copy.hpp>           // copy

#include <algorithm>    // fill, max, min
#include <type_traits>  // is_same_v, type_identity

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// One task: a block of rows and columns of y.
template <class Scalar>
class gemm_task {
 public:
  static constexpr index lanes = packets_per_block * simd<Scalar>::size;
  static constexpr index most_rows = 512;  // rows of x that share a packed block of W
  static constexpr index most_depth = columns_of_all_blocks;  // inputs of a packed block
  static constexpr index most_columns = 16 * lanes;           // outputs of a packed block

  // Rows of a task: as many in each, and fewer where several workers look for work.
  static index rows_per_task(const gemm_call<Scalar>& call, index workers) {
    const index tasks = divide_up(call.y.rows, workers > 1 ? most_rows / 2 : most_rows);
    return tasks == 0 ? 0 : divide_up(divide_up(call.y.rows, tasks), index(8)) * 8;
  }

  gemm_task(const gemm_call<Scalar>& call, index first_row, index rows, index first_column,
            scratch& memory)
      : call_(call.part(first_row, rows, first_column,
                        (std::min)(most_columns, call.y.cols - first_column))),
        frame_(memory),
        room_(room::in(frame_, call)) {}

  // Bytes that a task takes from scratch.
  static index footprint(const gemm_call<Scalar>& call) {
    measuring_memory memory;
    room::in(memory, call);
    return memory.bytes();
  }

  void run() {
    if (call_.x.cols == 0) call_.start();
    for (index depth = 0; depth < call_.x.cols; depth += most_depth) {
      const index count = (std::min)(most_depth, call_.x.cols - depth);
      const view<const Scalar> x = inputs(depth, count);
      for (index column = 0; column < call_.y.cols; column += lanes)
        add(x, depth, count, column, (std::min)(lanes, call_.y.cols - column));
    }
  }

 private:
  struct room {
    Scalar* packed;        // (depth, lanes)
    Scalar* edge;          // (rows, lanes)
    Scalar* x;             // (rows, depth), where neither stride of x is 1
    float* rows;           // (lanes, depth), where W is stored
    std::uint32_t* words;  // of some blocks of a panel, where W is stored

    template <class Memory>
    static room in(Memory& memory, const gemm_call<Scalar>& call) {
      const bool is_direct = call.x.col_stride == 1 || call.x.row_stride == 1;
      return {memory.template take<Scalar>(most_depth * lanes),
              memory.template take<Scalar>(most_rows * lanes),
              is_direct ? nullptr : memory.template take<Scalar>(most_rows * most_depth),
              call.stored == nullptr ? nullptr : memory.template take<float>(lanes * most_depth),
              call.stored == nullptr
                  ? nullptr
                  : memory.template take<std::uint32_t>(stored_kernel::lanes * most_words)};
    }
  };

  // A run of columns of x, with one of its strides 1.
  view<const Scalar> inputs(index first, index count) const {
    const view<const Scalar> x = call_.x.block(0, first, call_.x.rows, count);
    if (room_.x == nullptr) return x;
    const view<Scalar> copied{room_.x, x.rows, count, count, 1};
    copy(copied, x);
    return copied;
  }

  // y += x W for one panel of columns.
  void add(const view<const Scalar>& x, index depth, index count, index column, index columns) {
    if (depth == 0) call_.part(0, call_.y.rows, column, columns).start();
    const index packets = packets_of<Scalar>(columns);
    const view<Scalar> outside = call_.y.block(0, column, call_.y.rows, columns);
    const view<Scalar> inside{room_.edge, call_.y.rows, columns, lanes, 1};
    const bool whole = columns == packets * simd<Scalar>::size;
    const bool in_place = whole && call_.y.col_stride == 1;
    if (!in_place) copy(inside, outside);
    // Sums of no column begin with numbers too: what memory held before might raise exceptions.
    for (index i = 0; i < inside.rows && !whole; ++i)
      std::fill(room_.edge + i * lanes + columns, room_.edge + (i + 1) * lanes, Scalar(0));
    const lane_operand<Scalar> y = in_place ? lane_operand<Scalar>{outside.data, outside.row_stride}
                                            : lane_operand<Scalar>{room_.edge, lanes};
    macro_kernel(y, a_operand<Scalar>{x.data, x.row_stride, x.col_stride},
                 pack(depth, count, column, columns), x.rows, packets, count,
                 from_memory<Scalar>());
    if (!in_place) copy(outside, view<const Scalar>(inside));
  }

  // A panel of W with its lanes next to each other, zeros beyond the last column.
  packed_lanes<const Scalar> pack(index depth, index count, index column, index columns) const {
    const view<Scalar> packed{room_.packed, count, columns, lanes, 1};
    if (call_.stored != nullptr)
      read_stored(packed, depth, column);
    else
      copy(packed, call_.w.block(depth, column, count, columns));
    for (index j = 0; j < count && columns < lanes; ++j)
      std::fill(room_.packed + j * lanes + columns, room_.packed + (j + 1) * lanes, Scalar(0));
    return {room_.packed};
  }

  // The same from rows of the stored matrix, each of which is a column of W.
  void read_stored(const view<Scalar>& packed, index depth, index column) const {
    if constexpr (std::is_same_v<Scalar, float>)
      if (unpack_stored(packed, depth, column)) return;
    for (index i = 0; i < packed.cols; ++i)
      call_.stored->read_part(call_.first_output + column + i, depth, packed.rows,
                              room_.rows + i * most_depth);
    copy_numbers(packed, view<const float>{room_.rows, packed.rows, packed.cols, 1, most_depth});
  }

  // All lanes at once, where there is a way; false where not.
  bool unpack_stored(const view<float>& packed, index depth, index column) const {
    const stored_matrix& w = *call_.stored;
    const stored_kernel* const kernel = find_stored_kernel(w.type);
    if (kernel == nullptr || packed.cols < lanes || packed.rows % kernel->values != 0) return false;
    const index output = call_.first_output + column, blocks = packed.rows / kernel->values;
    const index row_bytes = w.row_bytes(), block_bytes = bytes_of(w.type, kernel->values);
    if (w.panels != nullptr && output % lanes == 0 &&
        output < w.rows / stored_kernel::lanes * stored_kernel::lanes) {
      const index panel = output / stored_kernel::lanes, within = output % stored_kernel::lanes;
      kernel->unpack(w.panels.get() + panel * kernel->words_of(w.cols / kernel->values) +
                         kernel->words_of(depth / kernel->values) + within,
                     blocks, packed.data);
      return true;
    }
    const std::byte* const from = w.bytes + output * row_bytes + bytes_of(w.type, depth);
    for (index done = 0; done < blocks;) {
      const index some = (std::min)(kernel->blocks_at_hand(), blocks - done);
      kernel->pack(from + done * block_bytes, row_bytes, some, 1, room_.words, from);
      kernel->unpack(room_.words, some, packed.data + done * kernel->values * lanes);
      done += some;
    }
    return true;
  }

  gemm_call<Scalar> call_;
  scratch::frame frame_;
  room room_;
};

// Whether W is the transpose of floats that lie in one piece, as the vectors of tokens that are also the
// head: rows of a stored matrix.
template <class Scalar>
bool is_transpose(const gemm_call<Scalar>& call) {
  return std::is_same_v<Scalar, float> && call.stored == nullptr && call.w.row_stride == 1 &&
         call.w.col_stride == call.w.rows && call.w.rows > 1;
}

// Weights that a product of a few rows reads alone: a worker that sleeps takes tens of microseconds to
// wake, in which one core reads a megabyte.
inline constexpr index shared_bytes = index(1) << 20;

// Runs a product whose sizes have been checked.
template <class Scalar>
void gemm(const gemm_call<Scalar>& call, const executor& on, scratch& memory) {
  if (is_transpose(call)) {
    const stored_matrix rows{dtype::f32, call.w.cols, call.w.rows,
                             reinterpret_cast<const std::byte*>(call.w.data)};
    gemm_call<Scalar> same = call;
    same.stored = &rows;
    same.first_output = 0;  // W begins where the rows do
    return gemm(same, on, memory);
  }
  const auto run = [&](index tasks, index bytes, const auto& task) {
    if (tasks == 0) return;
    memory.prepare_workers((std::max)(index(1), (std::min)(on.workers, tasks)), bytes);
    run_tasks(on, tasks, [&](index worker, index i) { task(i, memory.worker(worker)); });
  };
  // Products of a few rows have ways of their own, for as many columns as fill their panels.
  index done = 0;
  const auto thin = [&]<class Task>(std::type_identity<Task>) {
    const index whole = Task::fits(call) ? Task::whole_columns(call) : 0;
    if (whole == 0) return;
    const index bytes = whole * (call.stored != nullptr ? call.stored->row_bytes()
                                                        : call.x.cols * index(sizeof(Scalar)));
    const index columns = Task::columns_per_task(call, bytes < shared_bytes ? 1 : on.workers);
    run(divide_up(whole, columns), Task::footprint(call, columns), [&](index i, scratch& own) {
      const index first = i * columns;
      Task(call.part(0, call.y.rows, first, (std::min)(columns, whole - first)), own).run();
    });
    done = whole;
  };
  thin(std::type_identity<skinny_gemm<Scalar>>());
  if constexpr (std::is_same_v<Scalar, float>) {
    thin(std::type_identity<stored_gemv>());
    thin(std::type_identity<panel_gemm>());
  }
  const gemm_call<Scalar> rest = call.part(0, call.y.rows, done, call.y.cols - done);
  using task_type = gemm_task<Scalar>;
  const index rows = task_type::rows_per_task(rest, on.workers);
  const index row_blocks = rows == 0 ? 0 : divide_up(rest.y.rows, rows);
  const index column_blocks = divide_up(rest.y.cols, task_type::most_columns);
  run(row_blocks * column_blocks, task_type::footprint(rest), [&](index i, scratch& own) {
    const index first = i / column_blocks * rows;
    task_type(rest, first, (std::min)(rows, rest.y.rows - first),
              i % column_blocks * task_type::most_columns, own)
        .run();
  });
}

// Those that another file of the program compiles: see instances.hpp.
#if HEED_LEVEL == 1
#ifdef HEED_KERNELS_FLOAT
HEED_PRODUCTS(extern, float)
#endif
#ifdef HEED_KERNELS_DOUBLE
HEED_PRODUCTS(extern, double)
#endif
#endif

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
