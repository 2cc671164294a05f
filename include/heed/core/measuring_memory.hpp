// SPDX-License-Identifier: MIT
// Measures working memory: takes nothing, and adds up what would be taken. A layout that is a function
// of its memory is so measured by the code that lays it out.
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
  // Nowhere: the pointer is null.
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
