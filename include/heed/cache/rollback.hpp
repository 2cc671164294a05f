// SPDX-License-Identifier: MIT
// Truncates a cache to the rows that it had, unless keep() is called: undoes the appends of a call
// that throws.
//
//   rollback undo(cache);
//   ...          // code that may throw, after the cache has grown
//   undo.keep();
#pragma once

#include <heed/core/types.hpp>  // index

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// For a kv_cache, or any type with position() and truncate(size).
template <class Cache>
class rollback {
 public:
  explicit rollback(Cache& cache) : cache_(cache), size_(cache.position()) {}
  ~rollback() {
    if (!kept_ && cache_.position() > size_) cache_.truncate(size_);
  }
  rollback(const rollback&) = delete;
  rollback& operator=(const rollback&) = delete;

  void keep() { kept_ = true; }

 private:
  Cache& cache_;
  index size_;
  bool kept_ = false;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
