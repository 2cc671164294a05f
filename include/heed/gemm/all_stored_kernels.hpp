// SPDX-License-Identifier: MIT
// Lets products use every dtype where it lies.
//
//   heed::detail::know_stored_kernels();
//   heed::detail::find_stored_kernel(heed::dtype::q4_1) != nullptr;  // true from now on
#pragma once

#include <heed/gemm/stored_kernel.hpp>    // stored_kernel
#include <heed/storage/stored_lanes.hpp>  // with_lanes

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// May be called by several threads at once, and again.
inline void know_stored_kernels() {
  for (index i = 0; i < dtypes; ++i)
    with_lanes(static_cast<dtype>(i), [&](auto format) {
      known_stored_kernels[static_cast<std::size_t>(i)].store(&stored_kernel_of<decltype(format)>,
                                                              std::memory_order_release);
    });
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
