// SPDX-License-Identifier: MIT
// Working memory on the stack, of a size known at compile time, with the member functions of a
// scratch's frame.
//
//   heed::stack_memory<1024> memory;
//   float* x = memory.take<float>(100);
#pragma once

#include <heed/core/scratch.hpp>  // granule

namespace heed {
inline namespace HEED_ABI {
namespace detail {

template <index Bytes>
class stack_memory {
 public:
  // Room for `count` elements, uninitialised. The sum of what is taken, each rounded up to
  // scratch::granule, must not exceed Bytes.
  template <class T>
  T* take(index count) {
    std::byte* const place = room_ + used_;
    used_ += scratch::rounded(count * static_cast<index>(sizeof(T)));
    eigen_assert(used_ <= Bytes);
    return reinterpret_cast<T*>(place);
  }

 private:
  alignas(scratch::granule) std::byte room_[static_cast<std::size_t>(Bytes)];
  index used_ = 0;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
