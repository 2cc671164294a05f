// SPDX-License-Identifier: MIT
// Oniguruma's header, included so that it does not conflict with POSIX's <regex.h>: both define a
// struct re_registers.
//
//   detail::text::onig_new(&regex, first, last, ...);
//
// The library's types are in a namespace here; its functions have C linkage and are the same
// everywhere. A file that calls Oniguruma itself includes <oniguruma.h> before heed.
#pragma once

#include <heed/config.hpp>  // HEED_ABI

#include <cstddef>  // what oniguruma.h itself may include

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

#include <oniguruma.h>

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
