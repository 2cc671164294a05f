// SPDX-License-Identifier: MIT
// Unpacking values of many stored rows at once, for the dtypes that products read directly from a
// file's memory.
//
//   heed::detail::with_lanes(heed::dtype::q4_0, [&](auto format) {
//     using lanes = decltype(format);  // lanes::values, lanes::read(...), lanes::each(...)
//   });                                // false for a dtype without such lanes
#pragma once

#include <heed/storage/dtype.hpp>              // dtype
#include <heed/storage/lanes_of_blocks.hpp>    // q4_0_lanes ... q8_0_lanes
#include <heed/storage/lanes_of_k_quants.hpp>  // q2_k_lanes ... q6_k_lanes
#include <heed/storage/lanes_of_numbers.hpp>   // f32_lanes ... f8_e4m3_lanes

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Columns that are read together; 0 for a dtype whose rows are converted one by one.
constexpr index lane_values(dtype type) {
  switch (type) {
    case dtype::f32:
    case dtype::f16:
    case dtype::bf16:
    case dtype::i8:
    case dtype::f8_e4m3:
    case dtype::f8_e5m2:
      return 64 / facts_of(type).block_bytes;
    case dtype::q4_0:
    case dtype::q4_1:
    case dtype::q5_0:
    case dtype::q5_1:
    case dtype::q8_0:
    case dtype::q2_k:
    case dtype::q3_k:
    case dtype::q4_k:
    case dtype::q5_k:
    case dtype::q6_k:
      return facts_of(type).block_values;
    default:
      return 0;
  }
}

// Calls use(format) for those dtypes.
template <class Use>
bool with_lanes(dtype type, const Use& use) {
  switch (type) {
    case dtype::f32:
      return use(f32_lanes()), true;
    case dtype::f16:
      return use(f16_lanes()), true;
    case dtype::bf16:
      return use(bf16_lanes()), true;
    case dtype::i8:
      return use(i8_lanes()), true;
    case dtype::f8_e4m3:
      return use(f8_e4m3_lanes()), true;
    case dtype::f8_e5m2:
      return use(f8_e5m2_lanes()), true;
    case dtype::q4_0:
      return use(q4_0_lanes()), true;
    case dtype::q4_1:
      return use(q4_1_lanes()), true;
    case dtype::q5_0:
      return use(q5_0_lanes()), true;
    case dtype::q5_1:
      return use(q5_1_lanes()), true;
    case dtype::q8_0:
      return use(q8_0_lanes()), true;
    case dtype::q2_k:
      return use(q2_k_lanes()), true;
    case dtype::q3_k:
      return use(q3_k_lanes()), true;
    case dtype::q4_k:
      return use(q4_k_lanes()), true;
    case dtype::q5_k:
      return use(q5_k_lanes()), true;
    case dtype::q6_k:
      return use(q6_k_lanes()), true;
    default:
      return false;
  }
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
