// SPDX-License-Identifier: MIT
// The types of numbers that files of weights hold, and how many bytes their values take.
//
//   heed::name_of(heed::dtype::q4_k);                   // "Q4_K"
//   heed::bytes_of(heed::dtype::q4_k, 512);             // 288: two blocks of 144 bytes
//   static_assert(heed::dtype_of<float> == heed::dtype::f32);
#pragma once

#include <heed/core/types.hpp>  // index, half, bfloat16

#include <cstddef>      // size_t
#include <cstdint>      // int8_t ... uint64_t
#include <optional>     // optional
#include <string_view>  // string_view
#include <type_traits>  // is_same_v

namespace heed {
inline namespace HEED_ABI {

// Numbers that stand alone, then GGUF's blocks: 32 or 256 values that share a scale.
enum class dtype : std::uint8_t {
  f64,
  f32,
  f16,
  bf16,     // the upper half of a float
  f8_e4m3,  // 4 bits of exponent, 3 of mantissa; NaN, but no infinity
  f8_e5m2,  // the upper half of an f16
  i8,
  i16,
  i32,
  i64,
  u8,
  u16,
  u32,
  u64,
  boolean,  // one byte: 0 is false
  q4_0,
  q4_1,
  q5_0,
  q5_1,
  q8_0,
  q2_k,
  q3_k,
  q4_k,
  q5_k,
  q6_k,
  q8_k
};

// The properties of a dtype.
struct dtype_facts {
  const char* name;    // the name in safetensors and GGUF
  index block_values;  // 1 unless values share a scale
  index block_bytes;
};

namespace detail {
// In the order of the enumerators.
inline constexpr dtype_facts facts_of_dtypes[] = {
    {"F64", 1, 8},      {"F32", 1, 4},      {"F16", 1, 2},      {"BF16", 1, 2},
    {"F8_E4M3", 1, 1},  {"F8_E5M2", 1, 1},  {"I8", 1, 1},       {"I16", 1, 2},
    {"I32", 1, 4},      {"I64", 1, 8},      {"U8", 1, 1},       {"U16", 1, 2},
    {"U32", 1, 4},      {"U64", 1, 8},      {"BOOL", 1, 1},     {"Q4_0", 32, 18},
    {"Q4_1", 32, 20},   {"Q5_0", 32, 22},   {"Q5_1", 32, 24},   {"Q8_0", 32, 34},
    {"Q2_K", 256, 84},  {"Q3_K", 256, 110}, {"Q4_K", 256, 144}, {"Q5_K", 256, 176},
    {"Q6_K", 256, 210}, {"Q8_K", 256, 292}};
inline constexpr index dtypes = index(sizeof facts_of_dtypes / sizeof facts_of_dtypes[0]);
static_assert(dtypes == index(dtype::q8_k) + 1);
}  // namespace detail

constexpr const dtype_facts& facts_of(dtype type) {
  return detail::facts_of_dtypes[static_cast<std::size_t>(type)];
}
constexpr const char* name_of(dtype type) { return facts_of(type).name; }

// The dtype of that name, in capitals or not: "q8_0", "BF16"; none for any other name.
constexpr std::optional<dtype> dtype_named(std::string_view name) {
  const auto capital = [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  };
  for (index i = 0; i < detail::dtypes; ++i) {
    const std::string_view known = name_of(static_cast<dtype>(i));
    bool same = known.size() == name.size();
    for (std::size_t c = 0; same && c < known.size(); ++c) same = capital(name[c]) == known[c];
    if (same) return static_cast<dtype>(i);
  }
  return {};
}

// Bytes that `values` values take. They must be whole blocks, and few enough for an index.
constexpr index bytes_of(dtype type, index values) {
  return values / facts_of(type).block_values * facts_of(type).block_bytes;
}

namespace detail {
template <class Scalar>
constexpr dtype find_dtype() {
  if constexpr (std::is_same_v<Scalar, double>)
    return dtype::f64;
  else if constexpr (std::is_same_v<Scalar, float>)
    return dtype::f32;
  else if constexpr (std::is_same_v<Scalar, Eigen::half>)
    return dtype::f16;
  else if constexpr (std::is_same_v<Scalar, Eigen::bfloat16>)
    return dtype::bf16;
  else if constexpr (std::is_same_v<Scalar, std::int8_t>)
    return dtype::i8;
  else if constexpr (std::is_same_v<Scalar, std::int16_t>)
    return dtype::i16;
  else if constexpr (std::is_same_v<Scalar, std::int32_t>)
    return dtype::i32;
  else if constexpr (std::is_same_v<Scalar, std::int64_t>)
    return dtype::i64;
  else if constexpr (std::is_same_v<Scalar, std::uint8_t>)
    return dtype::u8;
  else if constexpr (std::is_same_v<Scalar, std::uint16_t>)
    return dtype::u16;
  else if constexpr (std::is_same_v<Scalar, std::uint32_t>)
    return dtype::u32;
  else if constexpr (std::is_same_v<Scalar, std::uint64_t>)
    return dtype::u64;
  else if constexpr (std::is_same_v<Scalar, bool>)
    return dtype::boolean;
}
}  // namespace detail

// The dtype of a C++ type.
template <class Scalar>
inline constexpr dtype dtype_of = detail::find_dtype<Scalar>();

}  // namespace HEED_ABI
}  // namespace heed
