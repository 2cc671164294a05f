// SPDX-License-Identifier: MIT
// y = x W + b for one row x and weights that are stored: what takes time is reading W, so its numbers
// are read where they lie, converted in registers and used there.
//
// Outputs are lanes, as in gemm.hpp, and each y(o) is the same chain. Rows of the stored matrix are
// outputs, so that words of many rows are transposed on their way in.
#pragma once

#include <heed/core/measuring_memory.hpp>  // measuring_memory, scratch
#include <heed/gemm/gemm_call.hpp>         // gemm_call
#include <heed/storage/copy.hpp>           // copy
#include <heed/storage/prefetch.hpp>       // prefetch
#include <heed/storage/stored_lanes.hpp>   // with_lanes, lane_values

#include <algorithm>  // clamp, max

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// A row of stored numbers of a panel: values of the block at hand, all rows at once.
//
//   packed(column, lane) = value, for `blocks` blocks from `from` on
template <class Lanes, int Packets>
HEED_ONE_COPY void unpack_panel(const std::byte* from, index row_bytes, index blocks,
                                std::uint32_t* memory, float* packed) {
  using panel_type = word_panel<Packets>;
  using s = simd<float>;
  const panel_type panel(memory);
  for (index block = 0; block < blocks; ++block) {
    Lanes::read(panel, from + block * Lanes::bytes, row_bytes);
    Lanes::each(panel, [&](index column, const auto& value_of) HEED_INLINED {
      // A loop, since each copy of a conversion has its price when a program is compiled.
      HEED_LOOP_OF_LANES for (index p = 0; p < Packets; ++p)
          s::store(packed + column * panel_type::lanes + p * s::size, value_of(p));
    });
    packed += Lanes::values * panel_type::lanes;
  }
}

// sums(lane) += x W for a panel of outputs. While it works, it asks for the bytes from `later` on,
// as many as it reads.
template <class Lanes, int Packets>
HEED_ONE_COPY void add_panel(const std::byte* from, index row_bytes, index blocks, const float* x,
                             std::uint32_t* memory, const std::byte* later, float* sums) {
  using panel_type = word_panel<Packets>;
  using s = simd<float>;
  const panel_type panel(memory);
  typename s::packet sum[static_cast<std::size_t>(Packets)];
  unroll<Packets>([&](index p) HEED_INLINED { sum[p] = s::load(sums + p * s::size); });
  constexpr index line = 64, bytes = Lanes::bytes * panel_type::lanes;
  index asked = 0;
  for (index block = 0; block < blocks; ++block) {
    Lanes::read(panel, from + block * Lanes::bytes, row_bytes);
    for (; asked < (block + 1) * bytes; asked += line) prefetch(later + asked);
    Lanes::each(panel, [&](index column, const auto& value_of) HEED_INLINED {
      const auto one = s::broadcast(x[column]);
      unroll<Packets>([&](index p) HEED_INLINED { s::accumulate(sum[p], one, value_of(p)); });
    });
    x += Lanes::values;
  }
  unroll<Packets>([&](index p) HEED_INLINED { s::store(sums + p * s::size, sum[p]); });
}

// One task: some panels of outputs.
class stored_gemv {
 public:
  static constexpr int packets = 4;
  static constexpr index lanes = packets * simd<float>::size;

  static bool fits(const gemm_call<float>& call) {
    if (call.stored == nullptr || call.x.rows != 1) return false;
    const index values = lane_values(call.stored->type);
    return values > 0 && call.x.cols % values == 0;
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
    with_lanes(call_.stored->type, [&](auto format) {
      const index row_bytes = call_.stored->row_bytes(), panel_bytes = lanes * row_bytes;
      const std::byte* from = call_.stored->bytes + call_.first_output * row_bytes;
      for (index column = 0; column < call_.y.cols; column += lanes, from += panel_bytes) {
        const bool last = column + lanes == call_.y.cols;
        const view<float> outside = call_.y.block(0, column, 1, lanes);
        float apart[static_cast<std::size_t>(lanes)];
        float* const sums = outside.col_stride == 1 ? outside.data : apart;
        const view<float> inside{sums, 1, lanes, lanes, 1};
        if (sums == apart) copy(inside, view<const float>(outside));
        add_panel<decltype(format), packets>(from, row_bytes, call_.x.cols / format.values, x,
                                             room_.words, from + (last ? 0 : panel_bytes), sums);
        if (sums == apart) copy(outside, view<const float>(inside));
      }
    });
  }

 private:
  struct room {
    std::uint32_t* words;  // of a block of each row
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
