// SPDX-License-Identifier: MIT
// Oniguruma's header, made to live beside POSIX's <regex.h>: both have a struct re_registers.
//
//   detail::text::onig_new(&regex, first, last, ...);
//
// The library's types lie in a namespace here; its functions are C's and the same everywhere. A file that
// calls Oniguruma itself includes <oniguruma.h> before heed.
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
