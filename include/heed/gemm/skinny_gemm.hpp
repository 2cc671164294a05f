// SPDX-License-Identifier: MIT
// y = x W + b for a few rows x, such as those of the tokens at hand: what takes time is reading W, so
// it is read where it lies and once, a few of its rows at a time, in the order of memory.
//
// Outputs are lanes, as in product.hpp, and each y(i, o) is the same chain.
#pragma once

#include <heed/core/measuring_memory.hpp>  // measuring_memory, scratch
#include <heed/gemm/gemm_call.hpp>         // gemm_call
#include <heed/gemm/micro_kernel.hpp>      // macro_kernel
#include <heed/storage/copy.hpp>           // copy

#include <algorithm>  // clamp, min

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// One task: some columns of y, as many as fill whole panels of packets.
template <class Scalar>
class skinny_gemm {
 public:
  static constexpr index most_rows = 32;     // of x; with more, it pays to pack W
  static constexpr index most_depth = 128;   // inputs at hand
  static constexpr index rows_per_run = 32;  // of W

  static bool fits(const gemm_call<Scalar>& call) {
    return call.stored == nullptr && call.x.rows > 0 && call.x.rows <= most_rows &&
           call.w.col_stride == 1;
  }

  // Columns of all that fill panels.
  static index whole_columns(const gemm_call<Scalar>& call) {
    const index panel = strip_of(call.x.rows);
    return call.y.cols / panel * panel;
  }

  // Columns of a task: long pieces of the rows of W, few enough that y, which every run goes
  // through, stays in a core's own cache, and that all workers find work.
  static index columns_per_task(const gemm_call<Scalar>& call, index workers) {
    constexpr index most_bytes = 256 * 1024, most = 4096, least = 256;
    const index panel = strip_of(call.x.rows);
    const index row_bytes = call.x.rows * static_cast<index>(sizeof(Scalar));
    const index fair = workers > 1 ? divide_up(call.y.cols, 4 * workers) : most;
    return std::clamp((std::min)(fair, most_bytes / row_bytes), least, most) / panel * panel;
  }

  skinny_gemm(const gemm_call<Scalar>& call, scratch& memory)
      : call_(call),
        outside_(call.y),
        frame_(memory),
        room_(room::in(frame_, call.y, call.y.cols)) {
    if (room_.y != nullptr) call_.y = {room_.y, call.y.rows, call.y.cols, pitch_of(call.y.cols), 1};
  }

  // Bytes that a task of so many columns takes from scratch.
  static index footprint(const gemm_call<Scalar>& call, index columns) {
    measuring_memory memory;
    room::in(memory, call.y, columns);
    return memory.bytes();
  }

  void run() {
    if (room_.y != nullptr && call_.begin == sums_begin::with_y)
      copy(call_.y, view<const Scalar>(outside_));
    call_.start();
    for (index depth = 0; depth < call_.x.cols; depth += most_depth) {
      const index count = (std::min)(most_depth, call_.x.cols - depth);
      copy(view<Scalar>{room_.x, call_.x.rows, count, most_depth, 1},
           call_.x.block(0, depth, call_.x.rows, count));
      for (index j = 0; j < count; j += rows_per_run) {
        const index some = (std::min)(rows_per_run, count - j);
        with_packets(packets_for_rows(call_.x.rows),
                     [&](auto packets) { add<packets>(depth, j, some); });
      }
    }
    if (room_.y != nullptr) copy(outside_, view<const Scalar>(call_.y));
  }

 private:
  static index strip_of(index rows) { return packets_for_rows(rows) * simd<Scalar>::size; }
  struct room {
    Scalar* x;  // (rows, most_depth)
    Scalar* y;  // (rows, columns), where y does not lie by rows

    template <class Memory>
    static room in(Memory& memory, const view<Scalar>& y, index columns) {
      return {
          memory.template take<Scalar>(most_rows * most_depth),
          y.col_stride == 1 ? nullptr : memory.template take<Scalar>(y.rows * pitch_of(columns))};
    }
  };
  // From row to row of a y of its own: never whole pages, whose lines would push each other out.
  static index pitch_of(index columns) {
    constexpr index page = 4096 / static_cast<index>(sizeof(Scalar));
    return columns % page == 0 ? columns + packets_per_block * simd<Scalar>::size : columns;
  }

  // y += x W for some rows of W, from input depth + j on.
  template <int Packets>
  void add(index depth, index j, index count) const {
    macro_kernel<Packets>(lane_operand<Scalar>{call_.y.data, call_.y.row_stride},
                          a_operand<Scalar>{room_.x + j, most_depth},
                          lane_operand<const Scalar>{&call_.w(depth + j, 0), call_.w.row_stride},
                          call_.x.rows, count, from_memory<Scalar>(),
                          call_.y.cols / (Packets * simd<Scalar>::size));
  }

  gemm_call<Scalar> call_;  // with a y by rows
  view<Scalar> outside_;
  scratch::frame frame_;
  room room_;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
