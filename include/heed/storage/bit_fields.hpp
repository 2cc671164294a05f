// SPDX-License-Identifier: MIT
// Numbers of 1, 2 or 4 bits, packed into bytes in the order that GGUF's blocks use.
//
//   const std::uint8_t packed[] = {0x21, 0x43};
//   std::uint8_t numbers[4];
//   heed::detail::unpack_bits<4, 2, 4>(packed, numbers);  // 1 3 2 4: first all lower halves of 2 bytes
#pragma once

#include <heed/core/types.hpp>  // index

#include <cstdint>  // uint8_t

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Count numbers of Bits bits. A run of Run bytes holds the next 8 / Bits * Run numbers: first those in
// the lowest bits of each byte of the run, then those in the bits above, and so on.
template <index Bits, index Run, index Count>
void unpack_bits(const std::uint8_t* packed, std::uint8_t* numbers) {
  constexpr index parts = 8 / Bits;
  static_assert(Count % (parts * Run) == 0, "the numbers must be whole runs");
  constexpr unsigned mask = (1U << Bits) - 1;
  for (index run = 0; run < Count / (parts * Run); ++run)
    for (index part = 0; part < parts; ++part)
      for (index i = 0; i < Run; ++i)
        numbers[(run * parts + part) * Run + i] =
            static_cast<std::uint8_t>((unsigned(packed[run * Run + i]) >> (Bits * part)) & mask);
}

// The inverse of unpack_bits. Of each number only the lowest Bits bits are stored.
template <index Bits, index Run, index Count>
void pack_bits(const std::uint8_t* numbers, std::uint8_t* packed) {
  constexpr index parts = 8 / Bits;
  static_assert(Count % (parts * Run) == 0, "the numbers must be whole runs");
  constexpr unsigned mask = (1U << Bits) - 1;
  for (index run = 0; run < Count / (parts * Run); ++run)
    for (index i = 0; i < Run; ++i) {
      unsigned byte = 0;
      for (index part = 0; part < parts; ++part)
        byte |= (unsigned(numbers[(run * parts + part) * Run + i]) & mask) << (Bits * part);
      packed[run * Run + i] = static_cast<std::uint8_t>(byte);
    }
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
