// SPDX-License-Identifier: MIT
// Explicit instantiation of kernels: for the types that the build names (HEED_KERNELS_FLOAT and so
// on), one file of the program compiles the kernels for all other files, which then need a quarter
// of the time. See CMake's heed_kernels. Files that heed_dispatch compiles for a higher level have
// kernels of their own.
#pragma once

#include <heed/kernel/forward.hpp>      // forward, small_task
#include <heed/kernel/key_weights.hpp>  // sum_key_weights

namespace heed {
inline namespace HEED_ABI {
namespace detail {

#if HEED_LEVEL == 1

#ifdef HEED_KERNELS_FLOAT
HEED_KERNELS(extern, float, tiled_view<const float>)
#endif
#ifdef HEED_KERNELS_DOUBLE
HEED_KERNELS(extern, double, tiled_view<const double>)
#endif
#ifdef HEED_KERNELS_HALF
HEED_KERNELS(extern, Eigen::half, tiled_view<const Eigen::half>)
#endif
#ifdef HEED_KERNELS_BFLOAT16
HEED_KERNELS(extern, Eigen::bfloat16, tiled_view<const Eigen::bfloat16>)
#endif
#ifdef HEED_KERNELS_FLOAT_OVER_HALF
HEED_KERNELS(extern, float, tiled_view<const Eigen::half>)
#endif
#ifdef HEED_KERNELS_FLOAT_OVER_BFLOAT16
HEED_KERNELS(extern, float, tiled_view<const Eigen::bfloat16>)
#endif
#ifdef HEED_KERNELS_FLOAT_OVER_8BIT
HEED_KERNELS(extern, float, quantised)
#endif
#ifdef HEED_KERNELS_HALF_OVER_8BIT
HEED_KERNELS(extern, Eigen::half, quantised)
#endif
#ifdef HEED_KERNELS_BFLOAT16_OVER_8BIT
HEED_KERNELS(extern, Eigen::bfloat16, quantised)
#endif

#endif  // HEED_LEVEL

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
