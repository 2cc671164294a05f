// SPDX-License-Identifier: MIT
// y = x W + b for up to some hundred rows x and floats in packed panels: they are read where they lie, once, in
// the order of memory, and what follows is prefetched. One row is stored_gemv's; with more rows, panels that
// gemm.hpp copies into the first cache pay.
//
// Outputs are lanes, as in gemm.hpp, and each y(i, o) is the same chain.
#pragma once

#include <heed/core/measuring_memory.hpp>  // measuring_memory, scratch
#include <heed/gemm/gemm_call.hpp>         // gemm_call
#include <heed/gemm/micro_kernel.hpp>      // macro_kernel
#include <heed/gemm/stored_kernel.hpp>     // stored_kernel
#include <heed/storage/copy.hpp>           // copy

#include <algorithm>  // max, min

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// One task: some panels of outputs.
class panel_gemm {
 public:
  static constexpr index lanes = stored_kernel::lanes;
  static constexpr index most_rows = 240;   // of x
  static constexpr index most_depth = 128;  // inputs at hand: 32 KiB of a panel

  static bool fits(const gemm_call<float>& call) {
    return call.stored != nullptr && call.stored->type == dtype::f32 &&
           call.stored->panels != nullptr && call.x.rows > 1 && call.x.rows <= most_rows &&
           call.first_output % lanes == 0;
  }

  // Columns of all that fill panels.
  static index whole_columns(const gemm_call<float>& call) { return call.y.cols / lanes * lanes; }

  // Columns of a task: few enough that all workers find work.
  static index columns_per_task(const gemm_call<float>& call, index workers) {
    const index panels = call.y.cols / lanes;
    return lanes * (workers > 1 ? (std::max)(index(1), panels / (4 * workers)) : panels);
  }

  panel_gemm(const gemm_call<float>& call, scratch& memory)
      : call_(call), frame_(memory), room_(room::in(frame_, call)) {}

  // Bytes that a task of any number of columns takes from scratch.
  static index footprint(const gemm_call<float>& call, index) {
    measuring_memory memory;
    room::in(memory, call);
    return memory.bytes();
  }

  void run() {
    if (room_.x != nullptr) {
      const view<float> x{room_.x, call_.x.rows, call_.x.cols, call_.x.cols, 1};
      copy(x, call_.x);
      call_.x = x;
    }
    call_.start();
    for (index column = 0; column < call_.y.cols; column += lanes) {
      const view<float> outside = call_.y.block(0, column, call_.y.rows, lanes);
      const view<float> inside{room_.y, call_.y.rows, lanes, lanes, 1};
      if (room_.y != nullptr) copy(inside, view<const float>(outside));
      add(room_.y != nullptr ? inside : outside,
          reinterpret_cast<const float*>(call_.stored->panels.get()) +
              (call_.first_output + column) * call_.x.cols);
      if (room_.y != nullptr) copy(outside, view<const float>(inside));
    }
  }

 private:
  struct room {
    float* x;  // (rows, inputs), where neither stride of x is 1
    float* y;  // (rows, lanes), where y does not lie by rows

    template <class Memory>
    static room in(Memory& memory, const gemm_call<float>& call) {
      const bool is_direct = call.x.col_stride == 1 || call.x.row_stride == 1;
      return {is_direct ? nullptr : memory.template take<float>(call.x.rows * call.x.cols),
              call.y.col_stride == 1 ? nullptr : memory.template take<float>(call.x.rows * lanes)};
    }
  };

  // y += x W for a panel.
  void add(const view<float>& y, const float* panel) const {
    for (index depth = 0; depth < call_.x.cols; depth += most_depth) {
      const index count = (std::min)(most_depth, call_.x.cols - depth);
      const float* const at = panel + depth * lanes;
      // Beyond the last panel lies what prefetching may go to.
      fetch_ahead fetch(view<const float>{at + most_depth * lanes, 1, count * lanes, 0, 1}, 0, 1);
      if (call_.x.rows == 2)
        multiply<stored_kernel::packets>(y, at, depth, count, fetch);
      else
        multiply<stored_kernel::pair>(y, at, depth, count, fetch);
    }
  }
  template <int Packets>
  void multiply(const view<float>& y, const float* at, index depth, index count,
                fetch_ahead& fetch) const {
    const view<const float> x = call_.x.block(0, depth, call_.x.rows, count);
    macro_kernel<Packets>(lane_operand<float>{y.data, y.row_stride},
                          a_operand<float>{x.data, x.row_stride, x.col_stride},
                          lane_operand<const float>{at, lanes}, x.rows, count, from_memory<float>(),
                          lanes / (Packets * simd<float>::size), fetch);
  }

  gemm_call<float> call_;
  scratch::frame frame_;
  room room_;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
