// SPDX-License-Identifier: MIT
// y = x W + b for one row x and weights that are stored: what takes time is reading W, so its numbers
// are converted in registers and used there.
//
// Outputs are lanes, as in gemm.hpp, and each y(o) is the same chain. Rows of the stored matrix are
// outputs: where it has no packed panels, words of many rows are transposed on their way in.
#pragma once

#include <heed/core/measuring_memory.hpp>  // measuring_memory, scratch
#include <heed/gemm/gemm_call.hpp>         // gemm_call
#include <heed/gemm/stored_kernel.hpp>     // stored_kernel
#include <heed/storage/copy.hpp>           // copy

#include <algorithm>  // max, min

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// One task: some panels of outputs.
class stored_gemv {
 public:
  static constexpr index lanes = stored_kernel::lanes;

  static bool fits(const gemm_call<float>& call) {
    if (call.stored == nullptr || call.x.rows != 1) return false;
    const stored_kernel* const kernel = find_stored_kernel(call.stored->type);
    return kernel != nullptr && call.x.cols % kernel->values == 0;
  }

  // Columns of all that fill panels.
  static index whole_columns(const gemm_call<float>& call) { return call.y.cols / lanes * lanes; }

  // Columns of a task: few enough that all workers find work.
  static index columns_per_task(const gemm_call<float>& call, index workers) {
    const index panels = call.y.cols / lanes;
    return lanes * (workers > 1 ? (std::max)(index(1), panels / (8 * workers)) : panels);
  }

  stored_gemv(const gemm_call<float>& call, scratch& memory)
      : call_(call), frame_(memory), room_(room::in(frame_, call)) {}

  // Bytes that a task of any number of columns takes from scratch.
  static index footprint(const gemm_call<float>& call, index) {
    measuring_memory memory;
    room::in(memory, call);
    return memory.bytes();
  }

  void run() {
    for (index j = 0; j < call_.x.cols && room_.x != nullptr; ++j) room_.x[j] = call_.x(0, j);
    const float* const x = room_.x != nullptr ? room_.x : call_.x.data;
    call_.start();
    const stored_kernel& kernel = *find_stored_kernel(call_.stored->type);
    for (index column = 0; column < call_.y.cols; column += lanes) {
      const view<float> outside = call_.y.block(0, column, 1, lanes);
      float apart[static_cast<std::size_t>(lanes)];
      float* const sums = outside.col_stride == 1 ? outside.data : apart;
      const view<float> inside{sums, 1, lanes, lanes, 1};
      if (sums == apart) copy(inside, view<const float>(outside));
      add(kernel, call_.first_output + column, column + lanes == call_.y.cols, x, sums);
      if (sums == apart) copy(outside, view<const float>(inside));
    }
  }

 private:
  // sums += x W for the panel from `output` on.
  void add(const stored_kernel& kernel, index output, bool last, const float* x,
           float* sums) const {
    const stored_matrix& w = *call_.stored;
    const index blocks = w.cols / kernel.values;
    if (w.panels != nullptr && output % lanes == 0)
      return kernel.add(w.panels.get() + output / lanes * kernel.words_of(blocks), blocks, x, sums,
                        stored_kernel::words_ahead);
    const index row_bytes = w.row_bytes(), block_bytes = bytes_of(w.type, kernel.values);
    const std::byte* const from = w.bytes + output * row_bytes;
    const std::byte* const later = from + (last ? 0 : lanes * row_bytes);
    for (index done = 0; done < blocks;) {
      const index some = (std::min)(kernel.blocks_at_hand(), blocks - done);
      kernel.pack(from + done * block_bytes, row_bytes, some, stored_kernel::pairs, room_.words,
                  later + done * block_bytes * lanes);
      kernel.add(room_.words, some, x + done * kernel.values, sums, 0);
      done += some;
    }
  }

  struct room {
    std::uint32_t* words;  // of some blocks of each row
    float* x;              // (inputs), where they do not lie next to each other

    template <class Memory>
    static room in(Memory& memory, const gemm_call<float>& call) {
      return {memory.template take<std::uint32_t>(lanes * most_words),
              call.x.col_stride == 1 ? nullptr : memory.template take<float>(call.x.cols)};
    }
  };

  gemm_call<float> call_;
  scratch::frame frame_;
  room room_;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
