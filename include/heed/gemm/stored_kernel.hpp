// SPDX-License-Identifier: MIT
// How products use numbers of a dtype: panels of stored rows, packed so that a word of each row lies next to
// that of the next row, and three functions for each dtype.
//
//   if (const stored_kernel* kernel = find_stored_kernel(heed::dtype::q4_1)) {
//     kernel->pack(from, row_bytes, blocks, stored_kernel::pairs, words, later);
//     kernel->add(words, blocks, x, sums, 0);
//   }
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

// What the kernels of all dtypes share, and the functions of one.
struct stored_kernel {
  static constexpr int pair = packets_per_block;  // packets that a product of many rows takes
  static constexpr int pairs = 2, packets = pair * pairs;
  static constexpr index pair_lanes = pair * simd<float>::size;
  static constexpr index lanes = packets * simd<float>::size;  // rows of a panel

  // How far ahead add() prefetches panels from memory: 8 KiB, enough for a line to arrive before it is used.
  static constexpr index words_ahead = 2048;

  // Words that blocks of a panel take.
  [[nodiscard]] index words_of(index blocks) const { return blocks * words * lanes; }
  // Blocks at a time whose words fit into `most_words * lanes`.
  [[nodiscard]] index blocks_at_hand() const { return most_words / words; }

  index values;      // columns of a block
  index words;       // of a row of a block
  bool keeps_words;  // whether add() and unpack() leave them as they are

  // `some` pairs of packets of rows. Prefetches the bytes from `later` on, as many as it reads.
  void (*pack)(const std::byte* from, index row_bytes, index blocks, index some,
               std::uint32_t* packed, const std::byte* later);
  // sums(lane) += x W for a panel. Prefetches the words that lie `ahead` of those it uses.
  void (*add)(std::uint32_t* packed, index blocks, const float* x, float* sums, index ahead);
  // floats(column, lane) = value for a pair: that at the panel's start or half.
  void (*unpack)(std::uint32_t* packed, index blocks, float* floats);
};

template <class Lanes>
HEED_ONE_COPY void pack_panel(const std::byte* from, index row_bytes, index blocks, index some,
                              std::uint32_t* packed, const std::byte* later) {
  constexpr index line = 64;
  const index bytes = Lanes::bytes * some * stored_kernel::pair_lanes;
  index prefetched = 0;
  for (index block = 0; block < blocks; ++block) {
    for (index i = 0; i < some; ++i)
      Lanes::read(word_panel<stored_kernel::pair, stored_kernel::packets>(
                      packed + i * stored_kernel::pair_lanes),
                  from + block * Lanes::bytes + i * stored_kernel::pair_lanes * row_bytes,
                  row_bytes);
    for (; prefetched < (block + 1) * bytes; prefetched += line) prefetch(later + prefetched);
    packed += Lanes::words * stored_kernel::lanes;
  }
}

template <class Lanes>
HEED_ONE_COPY void add_panel(std::uint32_t* packed, index blocks, const float* x, float* sums,
                             index ahead) {
  using panel_type = word_panel<stored_kernel::packets>;
  using s = simd<float>;
  constexpr int packets = panel_type::packets;
  typename s::packet sum[static_cast<std::size_t>(packets)];
  unroll<packets>([&](index p) HEED_INLINED { sum[p] = s::load(sums + p * s::size); });
  constexpr index line = 64 / sizeof(std::uint32_t), words = Lanes::words * stored_kernel::lanes;
  for (index block = 0; block < blocks; ++block) {
    for (index i = 0; i < words; i += line)
      prefetch(reinterpret_cast<const std::byte*>(packed + ahead + i));
    Lanes::each(panel_type(packed), [&](index column, const auto& value_of) HEED_INLINED {
      const auto one = s::broadcast(x[column]);
      unroll<packets>([&](index p) HEED_INLINED { s::accumulate(sum[p], one, value_of(p)); });
    });
    x += Lanes::values;
    packed += words;
  }
  unroll<packets>([&](index p) HEED_INLINED { s::store(sums + p * s::size, sum[p]); });
}

template <class Lanes>
HEED_ONE_COPY void unpack_panel(std::uint32_t* packed, index blocks, float* floats) {
  using panel_type = word_panel<stored_kernel::pair, stored_kernel::packets>;
  using s = simd<float>;
  for (index block = 0; block < blocks; ++block) {
    Lanes::each(panel_type(packed), [&](index column, const auto& value_of) HEED_INLINED {
      // A loop, since each copy of a conversion has its price when a program is compiled.
      HEED_LOOP_OF_LANES for (index p = 0; p < panel_type::packets; ++p)
          s::store(floats + column * panel_type::lanes + p * s::size, value_of(p));
    });
    packed += Lanes::words * stored_kernel::lanes;
    floats += Lanes::values * panel_type::lanes;
  }
}

template <class Lanes>
constexpr bool keeps_words() {
  if constexpr (requires { Lanes::keeps_words; }) return Lanes::keeps_words;
  return true;
}

template <class Lanes>
inline constexpr stored_kernel stored_kernel_of = {Lanes::values,        Lanes::words,
                                                   keeps_words<Lanes>(), pack_panel<Lanes>,
                                                   add_panel<Lanes>,     unpack_panel<Lanes>};

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
