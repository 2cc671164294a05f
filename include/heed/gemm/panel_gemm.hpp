// SPDX-License-Identifier: MIT
// y = x W + b for a few rows x and floats in packed panels: they are read where they lie, once, in the order of
// memory. One row is stored_gemv's, and many rows share panels that gemm.hpp packs for the first cache.
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
  static constexpr index most_rows = 32;   // of x; with more, it pays to copy panels
  static constexpr index most_depth = 96;  // inputs at hand: 24 KiB of a panel

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
    copy(view<float>{room_.x, call_.x.rows, call_.x.cols, call_.x.cols, 1}, call_.x);
    call_.start();
    for (index column = 0; column < call_.y.cols; column += lanes) {
      const view<float> outside = call_.y.block(0, column, call_.y.rows, lanes);
      const view<float> inside{room_.y, call_.y.rows, lanes, lanes, 1};
      copy(inside, view<const float>(outside));
      add(reinterpret_cast<const float*>(call_.stored->panels.get()) +
          (call_.first_output + column) * call_.x.cols);
      copy(outside, view<const float>(inside));
    }
  }

 private:
  struct room {
    float* x;  // (rows, inputs)
    float* y;  // (rows, lanes)

    template <class Memory>
    static room in(Memory& memory, const gemm_call<float>& call) {
      return {memory.template take<float>(call.x.rows * call.x.cols),
              memory.template take<float>(call.x.rows * lanes)};
    }
  };

  // y += x W for a panel.
  void add(const float* panel) const {
    for (index depth = 0; depth < call_.x.cols; depth += most_depth) {
      const index count = (std::min)(most_depth, call_.x.cols - depth);
      const float* const at = panel + depth * lanes;
      // Beyond the last panel lies what prefetching may go to.
      fetch_ahead fetch(view<const float>{at + most_depth * lanes, 1, count * lanes, 0, 1}, 0, 1);
      if (call_.x.rows == 2)
        multiply<stored_kernel::packets>(at, depth, count, fetch);
      else
        multiply<stored_kernel::pair>(at, depth, count, fetch);
    }
  }
  template <int Packets>
  void multiply(const float* at, index depth, index count, fetch_ahead& fetch) const {
    constexpr index width = Packets * simd<float>::size;
    macro_kernel<Packets>(lane_operand<float>{room_.y, lanes},
                          a_operand<float>{room_.x + depth, call_.x.cols},
                          lane_operand<const float>{at, lanes}, call_.x.rows, count,
                          from_memory<float>(), lanes / width, fetch);
  }

  gemm_call<float> call_;
  scratch::frame frame_;
  room room_;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
