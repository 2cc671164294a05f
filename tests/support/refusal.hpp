// SPDX-License-Identifier: MIT
// What a call says when it refuses.
#pragma once

#include <heed/core/check.hpp>

#include <string>

namespace support {

// The sentence of the error that a call throws, or "accepted".
template <class Error = heed::shape_error, class Call>
std::string refusal(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace support
