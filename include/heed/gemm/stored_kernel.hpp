// SPDX-License-Identifier: MIT
// How products use numbers of a dtype where they lie: two functions for each dtype.
//
//   if (const stored_kernel* kernel = find_stored_kernel(heed::dtype::q4_1))
//     kernel->add(from, row_bytes, blocks, x, memory, later, sums);
//
// A file that multiplies floats compiles those of float alone: the others are known once
// know_stored_kernels() has been called, as it is where files of weights are read. Until then, stored
// numbers are converted row by row, with the same bits.
#pragma once

#include <heed/gemm/micro_kernel.hpp>         // packets_per_block
#include <heed/storage/dtype.hpp>             // dtype
#include <heed/storage/lanes_of_numbers.hpp>  // f32_lanes
#include <heed/storage/prefetch.hpp>          // prefetch
#include <heed/storage/word_panel.hpp>        // word_panel, most_words

#include <atomic>  // atomic

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

struct stored_kernel {
  static constexpr int packets = 4;
  static constexpr index lanes =
      packets * simd<float>::size;  // rows of stored numbers that add() takes

  index values;  // columns that are read together
  void (*add)(const std::byte* from, index row_bytes, index blocks, const float* x,
              std::uint32_t* memory, const std::byte* later, float* sums);
  void (*unpack)(const std::byte* from, index row_bytes, index blocks, std::uint32_t* memory,
                 float* packed);
};

template <class Lanes>
inline constexpr stored_kernel stored_kernel_of = {Lanes::values,
                                                   add_panel<Lanes, stored_kernel::packets>,
                                                   unpack_panel<Lanes, packets_per_block>};

inline std::atomic<const stored_kernel*> known_stored_kernels[static_cast<std::size_t>(dtypes)] =
    {};

// The kernel of a dtype, or null.
inline const stored_kernel* find_stored_kernel(dtype type) {
  if (type == dtype::f32) return &stored_kernel_of<f32_lanes>;
  return known_stored_kernels[static_cast<std::size_t>(type)].load(std::memory_order_acquire);
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
