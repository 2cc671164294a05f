// SPDX-License-Identifier: MIT
// SIMD: the vector instructions of the machine that a file is compiled for, as Eigen detected them.
//
//   using s = heed::simd<float>;
//   s::store(p, s::multiply_add(s::broadcast(2), s::load(p), s::broadcast(1)));  // p = 2 p + 1
//
// This file alone uses Eigen::internal. On a machine without vector instructions, a packet is one
// number.
#pragma once

#include <heed/core/types.hpp>           // index, Eigen
#include <heed/simd/fused.hpp>           // fused
#include <heed/simd/transpose_load.hpp>  // transposed_lines

#include <bit>      // bit_cast
#include <cstddef>  // byte
#include <cstdint>  // int8_t, int32_t, uint32_t, uint64_t
#include <cstring>  // memcpy
#include <limits>   // infinity

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

// The fractional bits of a floating-point number and the exponent's offset.
template <class Scalar>
struct bits_of;
template <>
struct bits_of<float> {
  using integer = std::uint32_t;
  static constexpr int fraction = 23;
  static constexpr int bias = 127;
};
template <>
struct bits_of<double> {
  using integer = std::uint64_t;
  static constexpr int fraction = 52;
  static constexpr int bias = 1023;
};

// Shifts the bits of a number to the left by the width of its fraction, so that the lowest bits
// become sign and exponent.
template <class Scalar>
requires std::is_floating_point_v<Scalar> Scalar shift_past_fraction(Scalar x) {
  using bits = bits_of<Scalar>;
  return std::bit_cast<Scalar>(static_cast<typename bits::integer>(
      std::bit_cast<typename bits::integer>(x) << bits::fraction));
}

// The same shift in each lane of a packet, for instruction sets that have no overload below.
template <class Packet>
requires(!std::is_floating_point_v<Packet>) Packet shift_past_fraction(const Packet& x) {
  using traits = Eigen::internal::unpacket_traits<Packet>;
  typename traits::type lanes[static_cast<std::size_t>(traits::size)];
  Eigen::internal::pstoreu(lanes, x);
  for (auto& lane : lanes) lane = shift_past_fraction(lane);
  return Eigen::internal::ploadu<Packet>(lanes);
}

#if defined(EIGEN_VECTORIZE_AVX512)
inline __m512 shift_past_fraction(__m512 x) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(x), 23));
}
inline __m512d shift_past_fraction(__m512d x) {
  return _mm512_castsi512_pd(_mm512_slli_epi64(_mm512_castpd_si512(x), 52));
}
#endif
#if defined(EIGEN_VECTORIZE_AVX2)
inline __m256 shift_past_fraction(__m256 x) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(x), 23));
}
inline __m256d shift_past_fraction(__m256d x) {
  return _mm256_castsi256_pd(_mm256_slli_epi64(_mm256_castpd_si256(x), 52));
}
#endif
#if defined(EIGEN_VECTORIZE_SSE)
inline __m128 shift_past_fraction(__m128 x) {
  return _mm_castsi128_ps(_mm_slli_epi32(_mm_castps_si128(x), 23));
}
inline __m128d shift_past_fraction(__m128d x) {
  return _mm_castsi128_pd(_mm_slli_epi64(_mm_castpd_si128(x), 52));
}
#endif
#if defined(EIGEN_VECTORIZE_AVX) && !defined(EIGEN_VECTORIZE_AVX2)
inline __m256 shift_past_fraction(__m256 x) {
  return _mm256_set_m128(shift_past_fraction(_mm256_extractf128_ps(x, 1)),
                         shift_past_fraction(_mm256_castps256_ps128(x)));
}
inline __m256d shift_past_fraction(__m256d x) {
  return _mm256_set_m128d(shift_past_fraction(_mm256_extractf128_pd(x, 1)),
                          shift_past_fraction(_mm256_castpd256_pd128(x)));
}
#endif
#if defined(EIGEN_VECTORIZE_NEON)
inline float32x4_t shift_past_fraction(float32x4_t x) {
  return vreinterpretq_f32_u32(vshlq_n_u32(vreinterpretq_u32_f32(x), 23));
}
#if defined(__aarch64__) || defined(_M_ARM64)
inline float64x2_t shift_past_fraction(float64x2_t x) {
  return vreinterpretq_f64_u64(vshlq_n_u64(vreinterpretq_u64_f64(x), 52));
}
#endif
#endif

// 32-bit integers, as many as a packet of floats has lanes.
template <class Packet>
struct words_of {
  using type = std::int32_t;
};
template <class Packet>
requires requires { typename Eigen::internal::unpacket_traits<Packet>::integer_packet; }
struct words_of<Packet> {
  using type = typename Eigen::internal::unpacket_traits<Packet>::integer_packet;
};

template <class Scalar>
struct simd {
  using packet = typename Eigen::internal::packet_traits<Scalar>::type;
  static constexpr index size = Eigen::internal::unpacket_traits<packet>::size;

  // The number of vector registers of the instruction set, and of multiply-adds that its widest
  // machines start per cycle. A multiply-add takes four cycles.
#if defined(EIGEN_VECTORIZE_NEON)
  static constexpr index registers = 32, multiply_adds = 4;
#elif defined(EIGEN_VECTORIZE_AVX512)
  static constexpr index registers = 32, multiply_adds = 2;
#else
  static constexpr index registers = 16, multiply_adds = 2;
#endif

  static packet load(const Scalar* from) { return Eigen::internal::ploadu<packet>(from); }
  static void store(Scalar* to, const packet& a) { Eigen::internal::pstoreu<Scalar>(to, a); }

  // Loads and stores that convert: memory holds half, bfloat16 or (loads only) 8-bit integers.
  template <class Storage>
  static packet load(const Storage* from) {
#if defined(EIGEN_VECTORIZE_AVX) && defined(__F16C__)
    if constexpr (std::is_same_v<Storage, Eigen::half> && size == 8)
      return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
#endif
#if defined(EIGEN_VECTORIZE_AVX512)
    if constexpr (std::is_same_v<Storage, Eigen::half> && size == 16)
      return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
    // The upper half of a float's bits.
    if constexpr (std::is_same_v<Storage, Eigen::bfloat16> && size == 16)
      return _mm512_castsi512_ps(_mm512_slli_epi32(
          _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from))), 16));
#elif defined(EIGEN_VECTORIZE_AVX2)
    if constexpr (std::is_same_v<Storage, Eigen::bfloat16> && size == 8)
      return _mm256_castsi256_ps(_mm256_slli_epi32(
          _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))), 16));
#endif
#if defined(EIGEN_VECTORIZE_AVX512)
    if constexpr (std::is_same_v<Storage, std::int8_t> && std::is_same_v<Scalar, float> &&
                  size == 16)
      return _mm512_cvtepi32_ps(
          _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))));
#elif defined(EIGEN_VECTORIZE_AVX2)
    if constexpr (std::is_same_v<Storage, std::int8_t> && std::is_same_v<Scalar, float> &&
                  size == 8)
      return _mm256_cvtepi32_ps(
          _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from))));
#endif
    Scalar lanes[static_cast<std::size_t>(size)];
    for (index i = 0; i < size; ++i) lanes[i] = static_cast<Scalar>(from[i]);
    return load(lanes);
  }
  template <class Storage>
  static void store(Storage* to, const packet& a) {
    Scalar lanes[static_cast<std::size_t>(size)];
    store(lanes, a);
    for (index i = 0; i < size; ++i) to[i] = static_cast<Storage>(lanes[i]);
  }

  // Gathers numbers that lie `stride` apart.
  static packet gather(const Scalar* from, index stride) {
    return Eigen::internal::pgather<Scalar, packet>(from, stride);
  }

  // Transposes a square of numbers in registers.
  static void transpose(packet (&square)[static_cast<std::size_t>(size)]) {
    Eigen::internal::PacketBlock<packet, static_cast<int>(size)> block;
    for (index i = 0; i < size; ++i) block.packet[i] = square[i];
    Eigen::internal::ptranspose(block);
    for (index i = 0; i < size; ++i) square[i] = block.packet[i];
  }

  // Loads a square, `size` lines that lie `stride` apart, and transposes it.
  template <class Storage>
  static void load_transposed(packet (&square)[static_cast<std::size_t>(size)], const Storage* from,
                              index stride) {
    if constexpr (requires { transposed_lines<packet, Storage>::load(square, from, stride); })
      return transposed_lines<packet, Storage>::load(square, from, stride);
    for (index i = 0; i < size; ++i) square[i] = load(from + i * stride);
    transpose(square);
  }

  static packet broadcast(Scalar a) { return Eigen::internal::pset1<packet>(a); }

  // A register of 32-bit words, as many as a packet of floats has lanes: packed numbers are
  // unpacked in it.
  using words = typename words_of<packet>::type;

  static words load_words(const std::uint32_t* from) {
    return Eigen::internal::ploadu<words>(reinterpret_cast<const int*>(from));
  }
  static void store_words(std::uint32_t* to, const words& a) {
    Eigen::internal::pstoreu(reinterpret_cast<int*>(to), a);
  }
  // Word k of each of `size` lines that lie `stride` bytes apart becomes a lane of to[k].
  static void load_words_transposed(words (&to)[4], const std::byte* from, index stride) {
    if constexpr (requires { transposed_lines<packet, std::uint32_t>::load(to, from, stride); })
      return transposed_lines<packet, std::uint32_t>::load(to, from, stride);
    std::uint32_t lanes[4][static_cast<std::size_t>(size)];
    for (index i = 0; i < size; ++i)
      for (index k = 0; k < 4; ++k)
        std::memcpy(&lanes[k][i], from + i * stride + 4 * k, sizeof lanes[k][i]);
    for (index k = 0; k < 4; ++k) to[k] = load_words(lanes[k]);
  }

  template <int Bits>
  static words shift_left(const words& a) {
    return Eigen::internal::plogical_shift_left<Bits>(a);
  }
  template <int Bits>
  static words shift_right(const words& a) {
    return Eigen::internal::plogical_shift_right<Bits>(a);
  }
  // Arithmetic shift: copies of the sign bit come in from the left.
  template <int Bits>
  static words shift_right_signed(const words& a) {
    return Eigen::internal::parithmetic_shift_right<Bits>(a);
  }
  static words both(const words& a, std::uint32_t mask) {
    return Eigen::internal::pand(a, Eigen::internal::pset1<words>(static_cast<int>(mask)));
  }
  static words either(const words& a, const words& b) { return Eigen::internal::por(a, b); }
  static words turned(const words& a, std::uint32_t mask) {
    return Eigen::internal::pxor(a, Eigen::internal::pset1<words>(static_cast<int>(mask)));
  }
  // Byte 0, 1, 2 or 3 of each word, byte 0 being the lowest.
  template <int Byte>
  static words byte_of(const words& a) {
#if defined(EIGEN_VECTORIZE_AVX512) && defined(__AVX512BW__)
    if constexpr (size == 16 && Byte != 3) {
      constexpr int nothing = static_cast<int>(0x80808000U);
      return _mm512_shuffle_epi8(
          a, _mm512_broadcast_i32x4(_mm_set_epi32(nothing | (12 + Byte), nothing | (8 + Byte),
                                                  nothing | (4 + Byte), nothing | Byte)));
    }
#endif
    return both(shift_right<8 * Byte>(a), 255);
  }

  // Signed integers converted to numbers.
  static packet number_of(const words& a) {
    if constexpr (size == 1)
      return static_cast<Scalar>(a);
    else
      return Eigen::internal::pcast<words, packet>(a);
  }
  // The lowest four bits of each word, converted to a number.
  static packet number_of_nibble(const words& a) {
#if defined(EIGEN_VECTORIZE_AVX512)
    if constexpr (size == 16) {
      alignas(64) static constexpr float numbers[] = {0, 1, 2,  3,  4,  5,  6,  7,
                                                      8, 9, 10, 11, 12, 13, 14, 15};
      return _mm512_permutexvar_ps(a, _mm512_load_ps(numbers));
    }
#endif
    return number_of(both(a, 15));
  }
  // Words that hold the bits of floats, as floats.
  static packet float_of(const words& a) {
    if constexpr (size == 1)
      return std::bit_cast<float>(a);
    else
      return Eigen::internal::preinterpret<packet, words>(a);
  }
  // Words whose lower 16 bits hold a half, converted to floats; the upper bits are ignored.
  static packet half_of(const words& a) {
#if defined(EIGEN_VECTORIZE_AVX512)
    if constexpr (size == 16) return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(a));
#endif
#if defined(EIGEN_VECTORIZE_AVX2) && defined(__F16C__)
    if constexpr (size == 8) {
      const __m256i low = _mm256_and_si256(a, _mm256_set1_epi32(0xffff));
      const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(low, low), 0x88);
      return _mm256_cvtph_ps(_mm256_castsi256_si128(packed));
    }
#endif
    std::uint32_t bits[static_cast<std::size_t>(size)];
    store_words(bits, a);
    Scalar lanes[static_cast<std::size_t>(size)];
    for (index i = 0; i < size; ++i)
      lanes[i] = static_cast<Scalar>(
          Eigen::numext::bit_cast<Eigen::half>(static_cast<std::uint16_t>(bits[i])));
    return load(lanes);
  }
  static packet add(const packet& a, const packet& b) { return Eigen::internal::padd(a, b); }
  static packet subtract(const packet& a, const packet& b) { return Eigen::internal::psub(a, b); }
  static packet multiply(const packet& a, const packet& b) { return Eigen::internal::pmul(a, b); }
  static packet divide(const packet& a, const packet& b) { return Eigen::internal::pdiv(a, b); }
  // The larger; where one is NaN, a.
  static packet maximum(const packet& a, const packet& b) {
#if defined(EIGEN_VECTORIZE_NEON)
    if constexpr (size > 1)
      return Eigen::internal::pselect(Eigen::internal::pcmp_lt(a, b), b, a);
    else
#endif
      return Eigen::internal::pmax(a, b);
  }

  // a b + c: one rounding where the machine has fused multiply-add, two where not.
  static packet multiply_add(const packet& a, const packet& b, const packet& c) {
    if constexpr (size == 1)
      return fused(a, b, c);
    else
      return Eigen::internal::pmadd(a, b, c);
  }

  // sum = a b + sum, for accumulators that stay in registers over a loop: without this function GCC
  // moves accumulators from register to register, until some are spilled to memory.
  static void accumulate(packet& sum, const packet& a, const packet& b) {
#if defined(__FMA__) && defined(__GNUC__) && !defined(__clang__)
    if constexpr (size > 1 && std::is_same_v<Scalar, float>)
      __asm__("vfmadd231ps %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
    else if constexpr (size > 1)
      __asm__("vfmadd231pd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
    else
#endif
      sum = multiply_add(a, b, sum);
  }

  // The same number, rounded at this place: the compiler may not fuse the product that computed it
  // with a later addition.
  static packet rounded(packet a) {
#if (defined(__GNUC__) || defined(__clang__)) && (defined(__x86_64__) || defined(__i386__))
    // Eigen's own barrier lets the compiler choose a memory operand, and Clang chooses one.
#if defined(__AVX512F__)
    __asm__("" : "+v"(a));
#else
    __asm__("" : "+x"(a));
#endif
#else
    EIGEN_OPTIMIZATION_BARRIER(a)
#endif
    return a;
  }

  // `then` in the lanes where a < b, `otherwise` elsewhere and where a or b is NaN.
  static packet where_less(const packet& a, const packet& b, const packet& then,
                           const packet& otherwise) {
    return Eigen::internal::pselect(Eigen::internal::pcmp_lt(a, b), then, otherwise);
  }

  // Whether no lane is infinite or NaN.
  static bool is_finite(const packet& a) {
    const packet zero = broadcast(Scalar(0)), one = broadcast(Scalar(1));
    const packet infinity = broadcast(std::numeric_limits<Scalar>::infinity());
    const packet below = where_less(a, infinity, one, zero);
    return !any_not_equal(where_less(subtract(zero, infinity), a, below, zero), one);
  }

  static bool any_not_equal(const packet& a, const packet& b) {
    const packet one = broadcast(Scalar(1));
    const packet equal =
        Eigen::internal::pselect(Eigen::internal::pcmp_eq(a, b), one, broadcast(Scalar(0)));
    return !exactly_equal(Eigen::internal::predux_min(equal), Scalar(1));
  }
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
