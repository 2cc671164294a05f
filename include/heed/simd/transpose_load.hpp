// SPDX-License-Identifier: MIT
// Transposed loads: a square of numbers is transposed while it is loaded into registers, where an
// instruction set has a shorter way than to load lines and to transpose them: square[c] = number c
// of every line.
//   __m256 columns[8];
//   heed::transposed_lines<__m256, float>::load(columns, first, stride);  // 8 floats of each, `stride` apart
//
// Part of simd.hpp, which loads and transposes where there is no transposed_lines.
#pragma once

#include <heed/core/types.hpp>   // index, Eigen
#include <heed/simd/opaque.hpp>  // opaque
#include <heed/simd/unroll.hpp>  // unroll, unroll_constants

#include <cstddef>      // byte
#include <cstdint>      // int8_t, uint32_t
#include <type_traits>  // is_same_v

// GCC 12 warns about the deliberately undefined operand of its own AVX-512 intrinsics.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wignored-attributes"  // packets as template arguments
#endif

namespace heed {
inline namespace HEED_ABI {
namespace detail {

template <class Packet, class Storage>
struct transposed_lines;

#if defined(EIGEN_VECTORIZE_AVX)
// Two half lines are loaded into one register, which saves a third of the shuffles.
template <>
struct transposed_lines<__m256, float> {
  static EIGEN_ALWAYS_INLINE void load(__m256 (&square)[8], const float* from, index stride) {
    const auto halves = [&](index line, index first) HEED_INLINED {
      return _mm256_insertf128_ps(
          _mm256_castps128_ps256(_mm_loadu_ps(from + line * stride + first)),
          _mm_loadu_ps(from + (line + 4) * stride + first), 1);
    };
    for (index i = 0; i < 8; i += 4) {
      const __m256 a = halves(0, i), b = halves(1, i), c = halves(2, i), d = halves(3, i);
      const __m256 ab = _mm256_unpacklo_ps(a, b), cd = _mm256_unpacklo_ps(c, d);
      const __m256 ab_high = _mm256_unpackhi_ps(a, b), cd_high = _mm256_unpackhi_ps(c, d);
      square[i] = _mm256_shuffle_ps(ab, cd, 0x44);
      square[i + 1] = _mm256_shuffle_ps(ab, cd, 0xee);
      square[i + 2] = _mm256_shuffle_ps(ab_high, cd_high, 0x44);
      square[i + 3] = _mm256_shuffle_ps(ab_high, cd_high, 0xee);
    }
  }
};
#endif

#if defined(EIGEN_VECTORIZE_AVX2)
// Numbers of 16 bits are transposed before they are widened: lines r and r + 4 share a register,
// and squares of four lines are transposed in both halves of the register at once.
template <>
struct transposed_lines<__m256, Eigen::bfloat16> {
  static EIGEN_ALWAYS_INLINE void load(__m256 (&square)[8], const Eigen::bfloat16* from,
                                       index stride) {
    const auto pair = [&](index line) HEED_INLINED {
      const auto numbers = [&](index i) HEED_INLINED {
        return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i * stride));
      };
      return _mm256_inserti128_si256(_mm256_castsi128_si256(numbers(line)), numbers(line + 4), 1);
    };
    const __m256i a = pair(0), b = pair(1), c = pair(2), d = pair(3);
    const __m256i ab = _mm256_unpacklo_epi16(a, b), cd = _mm256_unpacklo_epi16(c, d);
    const __m256i ab_high = _mm256_unpackhi_epi16(a, b), cd_high = _mm256_unpackhi_epi16(c, d);
    // In each half of a register: two columns of four lines.
    const __m256i columns[] = {_mm256_unpacklo_epi32(ab, cd), _mm256_unpackhi_epi32(ab, cd),
                               _mm256_unpacklo_epi32(ab_high, cd_high),
                               _mm256_unpackhi_epi32(ab_high, cd_high)};
    const __m256i zero = _mm256_setzero_si256();
    unroll<4>([&](auto i) HEED_INLINED {  // the upper half of a float's bits
      square[2 * i] = _mm256_castsi256_ps(_mm256_unpacklo_epi16(zero, columns[i]));
      square[2 * i + 1] = _mm256_castsi256_ps(_mm256_unpackhi_epi16(zero, columns[i]));
    });
  }
};

// 16 bytes of each line, as words of 32 bits: lines r and r + 4 share a register.
template <>
struct transposed_lines<__m256, std::uint32_t> {
  template <class Words>
  static EIGEN_ALWAYS_INLINE void load(Words (&words)[4], const std::byte* from, index stride) {
    const std::byte* const below = opaque(from + 4 * stride);
    const auto pair = [&](index line) HEED_INLINED {
      const auto four = [&](const std::byte* first) HEED_INLINED {
        return _mm_loadu_si128(reinterpret_cast<const __m128i*>(first + line * stride));
      };
      return _mm256_inserti128_si256(_mm256_castsi128_si256(four(from)), four(below), 1);
    };
    const __m256i a = pair(0), b = pair(1), c = pair(2), d = pair(3);
    const __m256i ab = _mm256_unpacklo_epi32(a, b), cd = _mm256_unpacklo_epi32(c, d);
    const __m256i ab_high = _mm256_unpackhi_epi32(a, b), cd_high = _mm256_unpackhi_epi32(c, d);
    words[0] = _mm256_unpacklo_epi64(ab, cd);
    words[1] = _mm256_unpackhi_epi64(ab, cd);
    words[2] = _mm256_unpacklo_epi64(ab_high, cd_high);
    words[3] = _mm256_unpackhi_epi64(ab_high, cd_high);
  }
};

// Bytes are transposed before they are widened: a line is half a register.
template <>
struct transposed_lines<__m256, std::int8_t> {
  static EIGEN_ALWAYS_INLINE void load(__m256 (&square)[8], const std::int8_t* from, index stride) {
    const auto pair = [&](index line) HEED_INLINED {
      const auto bytes = [&](index i) HEED_INLINED {
        return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from + i * stride));
      };
      return _mm_unpacklo_epi8(bytes(line), bytes(line + 1));
    };
    const __m128i ab = pair(0), cd = pair(2), ef = pair(4), gh = pair(6);
    const __m128i low = _mm_unpacklo_epi16(ab, cd), low_right = _mm_unpacklo_epi16(ef, gh);
    const __m128i high = _mm_unpackhi_epi16(ab, cd), high_right = _mm_unpackhi_epi16(ef, gh);
    const __m128i columns[] = {
        _mm_unpacklo_epi32(low, low_right), _mm_unpackhi_epi32(low, low_right),
        _mm_unpacklo_epi32(high, high_right), _mm_unpackhi_epi32(high, high_right)};
    for (index i = 0; i < 4; ++i) {
      square[2 * i] = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(columns[i]));
      square[2 * i + 1] =
          _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_unpackhi_epi64(columns[i], columns[i])));
    }
  }
};
#endif

#if defined(EIGEN_VECTORIZE_AVX512) && defined(__AVX512BW__)

// 16 bytes of 16 lines that lie `stride` bytes apart, four lines at a time: quarter L of register r
// holds line 4 L + r. Squares of four lines are then transposed in every quarter at once.
EIGEN_ALWAYS_INLINE void load_quarters(__m512i (&rows)[4], const void* from, index stride) {
  const char* at = static_cast<const char*>(from);
  unroll_constants<4>([&](auto quarter) HEED_INLINED {
    unroll<4>([&](index r) HEED_INLINED {
      const __m128i line = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + r * stride));
      if constexpr (quarter == 0)
        rows[r] = _mm512_castsi128_si512(line);
      else
        rows[r] = _mm512_mask_broadcast_i32x4(rows[r], __mmask16(0xf << 4 * quarter), line);
    });
    at = opaque(at + 4 * stride);
  });
}

// 16 bytes of each line, as words of 32 bits.
template <>
struct transposed_lines<__m512, std::uint32_t> {
  template <class Words>
  static EIGEN_ALWAYS_INLINE void load(Words (&words)[4], const std::byte* from, index stride) {
    __m512i row[4];
    detail::load_quarters(row, from, stride);
    const __m512i ab = _mm512_unpacklo_epi32(row[0], row[1]);
    const __m512i cd = _mm512_unpacklo_epi32(row[2], row[3]);
    const __m512i ab_high = _mm512_unpackhi_epi32(row[0], row[1]);
    const __m512i cd_high = _mm512_unpackhi_epi32(row[2], row[3]);
    words[0] = _mm512_unpacklo_epi64(ab, cd);
    words[1] = _mm512_unpackhi_epi64(ab, cd);
    words[2] = _mm512_unpacklo_epi64(ab_high, cd_high);
    words[3] = _mm512_unpackhi_epi64(ab_high, cd_high);
  }
};

// Numbers of 16 bits are transposed before they are widened, eight columns at a time.
template <class Storage>
requires(std::is_same_v<Storage, Eigen::half> ||
         std::is_same_v<Storage, Eigen::bfloat16>) struct transposed_lines<__m512, Storage> {
  static EIGEN_ALWAYS_INLINE void load(__m512 (&square)[16], const Storage* from, index stride) {
    unroll<2>([&](auto half) HEED_INLINED {
      __m512i row[4];
      detail::load_quarters(row, from + 8 * half, stride * static_cast<index>(sizeof(Storage)));
      const __m512i ab = _mm512_unpacklo_epi16(row[0], row[1]);
      const __m512i cd = _mm512_unpacklo_epi16(row[2], row[3]);
      const __m512i ab_high = _mm512_unpackhi_epi16(row[0], row[1]);
      const __m512i cd_high = _mm512_unpackhi_epi16(row[2], row[3]);
      // In each quarter of a register: two columns of four lines.
      const __m512i columns[] = {_mm512_unpacklo_epi32(ab, cd), _mm512_unpackhi_epi32(ab, cd),
                                 _mm512_unpacklo_epi32(ab_high, cd_high),
                                 _mm512_unpackhi_epi32(ab_high, cd_high)};
      unroll<4>([&](auto i) HEED_INLINED {
        __m512& left = square[8 * half + 2 * i];
        __m512& right = square[8 * half + 2 * i + 1];
        if constexpr (std::is_same_v<Storage,
                                     Eigen::bfloat16>) {  // the upper half of a float's bits
          const __m512i zero = _mm512_setzero_si512();
          left = _mm512_castsi512_ps(_mm512_unpacklo_epi16(zero, columns[i]));
          right = _mm512_castsi512_ps(_mm512_unpackhi_epi16(zero, columns[i]));
        } else {
          const __m512i apart =
              _mm512_permutexvar_epi64(_mm512_set_epi64(7, 5, 3, 1, 6, 4, 2, 0), columns[i]);
          left = _mm512_cvtph_ps(_mm512_castsi512_si256(apart));
          right = _mm512_cvtph_ps(_mm512_extracti64x4_epi64(apart, 1));
        }
      });
    });
  }
};

// Bytes are transposed before they are widened, too, all columns at once. A byte goes to bits 24 to
// 31 of its word, and an arithmetic shift to the right by 24 extends the sign.
template <>
struct transposed_lines<__m512, std::int8_t> {
  static EIGEN_ALWAYS_INLINE void load(__m512 (&square)[16], const std::int8_t* from,
                                       index stride) {
    __m512i row[4];
    detail::load_quarters(row, from, stride);
    const __m512i ab = _mm512_unpacklo_epi8(row[0], row[1]);
    const __m512i cd = _mm512_unpacklo_epi8(row[2], row[3]);
    const __m512i ab_high = _mm512_unpackhi_epi8(row[0], row[1]);
    const __m512i cd_high = _mm512_unpackhi_epi8(row[2], row[3]);
    // In each quarter of a register: four columns of four lines.
    const __m512i columns[] = {_mm512_unpacklo_epi16(ab, cd), _mm512_unpackhi_epi16(ab, cd),
                               _mm512_unpacklo_epi16(ab_high, cd_high),
                               _mm512_unpackhi_epi16(ab_high, cd_high)};
    unroll_constants<16>([&](auto i) HEED_INLINED {
      constexpr int nothing = 0x808080, first = i % 4 * 4, top = 1 << 24;
      const __m512i to_the_top = _mm512_broadcast_i32x4(
          _mm_set_epi32((first + 3) * top | nothing, (first + 2) * top | nothing,
                        (first + 1) * top | nothing, first * top | nothing));
      square[i] = _mm512_cvtepi32_ps(
          _mm512_srai_epi32(_mm512_shuffle_epi8(columns[i / 4], to_the_top), 24));
    });
  }
};
#endif

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
