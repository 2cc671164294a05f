// SPDX-License-Identifier: MIT
// Measures working memory: allocates nothing, and adds up the bytes that are requested. A function
// that takes its buffers from a memory argument thereby measures its own footprint.
//
//   measuring_memory memory;
//   memory.take<float>(100);
//   memory.bytes();  // 448: whole cache lines
#pragma once

#include <heed/core/scratch.hpp>  // scratch

namespace heed {
inline namespace HEED_ABI {
namespace detail {

class measuring_memory {
 public:
  // Counts the bytes and returns a null pointer.
  template <class T>
  constexpr T* take(index count) {
    bytes_ += scratch::rounded(count * static_cast<index>(sizeof(T)));
    return nullptr;
  }
  [[nodiscard]] constexpr index bytes() const { return bytes_; }

 private:
  index bytes_ = 0;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
