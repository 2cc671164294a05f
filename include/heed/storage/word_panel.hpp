// SPDX-License-Identifier: MIT
// Words of 32 bits of stored rows, transposed: lanes are rows of the matrix, so that packed numbers
// of many rows are unpacked at once.
//
//   heed::detail::word_panel<4> words(memory);     // of 4 packets of rows
//   words.read(0, block, row_bytes);               // words 0 to 3: the first 16 bytes of every row
//   heed::detail::word_panel<2, 4> first(memory);  // the first 2 of these packets
//   words.field<4, 8>(2, packet);               // bits 8 to 11 of word 2, of each row of a packet
#pragma once

#include <heed/simd/opaque.hpp>  // opaque
#include <heed/simd/simd.hpp>    // simd
#include <heed/simd/unroll.hpp>  // unroll, unroll_constants

#include <cstddef>  // byte
#include <cstdint>  // uint32_t

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The most words of a row that a block of any dtype takes.
inline constexpr index most_words = 64;

// Memory of words of Pitch packets of rows, word after word; this panel uses the first Packets of
// the packets.
template <int Packets, int Pitch = Packets>
class word_panel {
 public:
  using s = simd<float>;
  using words = typename s::words;
  using packet = typename s::packet;
  static constexpr int packets = Packets;
  static constexpr index lanes = Packets * s::size;
  // An array with one register for each packet of rows.
  using packet_of_each = packet[static_cast<std::size_t>(Packets)];
  using words_of_each = words[static_cast<std::size_t>(Packets)];

  // `memory` holds Pitch * s::size words for each word of a row.
  explicit word_panel(std::uint32_t* memory) : memory_(memory) {}

  // Reads words first ... first + 3, from 16 bytes of each row: bytes at `from` and every row_bytes
  // later.
  EIGEN_ALWAYS_INLINE void read(index first, const std::byte* from, index row_bytes) const {
    read(first, from, row_bytes, [](const words& a) HEED_INLINED { return a; });
  }
  // The same; change(word) is stored in place of each word.
  template <class Change>
  EIGEN_ALWAYS_INLINE void read(index first, const std::byte* from, index row_bytes,
                                const Change& change) const {
    HEED_LOOP_OF_LANES for (index p = 0; p < Packets; ++p) {
      read_packet(p, first, from, row_bytes, change);
      from = opaque(from + s::size * row_bytes);
    }
  }
  // Reads `count` words, a multiple of 4: all words of a packet of rows before those of the next
  // packet, since the cache lines of one packet may evict those of another.
  EIGEN_ALWAYS_INLINE void read(index first, index count, const std::byte* from,
                                index row_bytes) const {
    HEED_LOOP_OF_LANES for (index p = 0; p < Packets; ++p) {
      for (index k = 0; k < count; k += 4)
        read_packet(p, first + k, from + 4 * k, row_bytes,
                    [](const words& a) HEED_INLINED { return a; });
      from = opaque(from + s::size * row_bytes);
    }
  }

  EIGEN_ALWAYS_INLINE words get(index word, index p) const {
    return s::load_words(memory_ + (word * Pitch + p) * s::size);
  }
  EIGEN_ALWAYS_INLINE void put(index word, index p, const words& a) const {
    s::store_words(memory_ + (word * Pitch + p) * s::size, a);
  }

  // `Bits` bits of a word, from bit `First` on.
  template <int Bits, int First>
  EIGEN_ALWAYS_INLINE words field(index word, index p) const {
    const words shifted = s::template shift_right<First>(get(word, p));
    if constexpr (First + Bits == 32)
      return shifted;
    else if constexpr (Bits == 8 && First % 8 == 0)
      return s::template byte_of<First / 8>(get(word, p));
    else
      return s::both(shifted, (1U << Bits) - 1);
  }
  // The number in the four bits from bit `First` on.
  template <int First>
  EIGEN_ALWAYS_INLINE packet nibble(index word, index p) const {
    return s::number_of_nibble(s::template shift_right<First>(get(word, p)));
  }
  // A byte of a word, as a signed integer.
  template <int Byte>
  EIGEN_ALWAYS_INLINE words signed_byte(index word, index p) const {
    return s::template shift_right_signed<24>(s::template shift_left<24 - 8 * Byte>(get(word, p)));
  }

 private:
  template <class Change>
  EIGEN_ALWAYS_INLINE void read_packet(index p, index first, const std::byte* from, index row_bytes,
                                       const Change& change) const {
    words four[4];
    s::load_words_transposed(four, from, row_bytes);
    unroll<4>([&](index k) HEED_INLINED { put(first + k, p, change(four[k])); });
  }

  std::uint32_t* memory_;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
