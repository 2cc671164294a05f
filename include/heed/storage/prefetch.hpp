// SPDX-License-Identifier: MIT
// Prefetch: brings memory into the caches before it is used, while the processor does other work.
//
//   heed::prefetch(row + 256);
#pragma once

#include <heed/storage/view.hpp>  // view

#include <algorithm>  // max
#include <cstddef>    // size_t

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Prefetches the cache line of an address. This is a hint: any address will do. Always inlined,
// since GCC takes a function that only prefetches for one without effect, and removes calls of it.
EIGEN_ALWAYS_INLINE void prefetch([[maybe_unused]] const void* place) {
#if defined(__GNUC__)
  __builtin_prefetch(place);
#endif
}
// Prefetches into the second-level cache alone: a line that is used so late that the first-level
// cache would have evicted it.
EIGEN_ALWAYS_INLINE void prefetch_for_later([[maybe_unused]] const void* place) {
#if defined(__GNUC__)
  __builtin_prefetch(place, 0, 2);
#endif
}

// Prefetches the lines of a few rows, `ahead` numbers further; numbers of a row lie next to each
// other.
template <class Scalar>
EIGEN_ALWAYS_INLINE void prefetch(const view<Scalar>& rows, index ahead) {
  constexpr index line = 64 / static_cast<index>(sizeof(Scalar));
  for (index i = 0; i < rows.rows; ++i)
    for (index j = 0; j < rows.cols; j += line) prefetch(&rows(i, j) + ahead);
}

// Prefetches the lines of a few rows or columns, whichever are contiguous.
template <class Scalar>
EIGEN_ALWAYS_INLINE void prefetch(const view<Scalar>& block) {
  prefetch(block.row_stride == 1 ? block.transposed() : block, 0);
}

// Prefetches the lines of a few columns whose numbers lie next to each other; only some of the
// lines where the numbers do not.
template <class Scalar>
EIGEN_ALWAYS_INLINE void prefetch_for_later(const view<Scalar>& columns) {
  constexpr index line = 64 / static_cast<index>(sizeof(Scalar));
  for (index j = 0; j < columns.cols; ++j)
    for (index i = 0; i < columns.rows; i += line) prefetch_for_later(&columns(i, j));
}

// Rows that are used later, prefetched one cache line at a time between other work.
class fetch_ahead {
 public:
  fetch_ahead() = default;

  // Part `part`, of `parts`, of the lines of some rows.
  template <class Scalar>
  fetch_ahead(const view<const Scalar>& rows, index part, index parts) {
    const index row_bytes = rows.cols * static_cast<index>(sizeof(Scalar));
    const index stride = rows.row_stride * static_cast<index>(sizeof(Scalar));
    per_row_ = divide_up(row_bytes, line);
    const index lines = rows.rows * per_row_, first = lines * part / parts;
    left_ = lines * (part + 1) / parts - first;
    if (left_ == 0) return;
    gap_ = stride - per_row_ * line;
    at_ = reinterpret_cast<const char*>(rows.data) + first / per_row_ * stride +
          first % per_row_ * line;
    take_row(per_row_ - first % per_row_);
  }

  // A product prefetches as many lines as it reads of B. After this call it prefetches lines in one
  // of `groups` groups of terms only; `groups` is a power of two.
  void prefetch_one_in(index groups) { mask_ = static_cast<std::size_t>(groups - 1); }

  // Prefetches as many lines as `Bytes` bytes take, one at least.
  template <index Bytes>
  EIGEN_ALWAYS_INLINE void step() {
    for (index i = 0; i < (std::max)(Bytes / line, index(1)); ++i) next();
  }
  // Prefetches the lines of one term, `Bytes` bytes, at term j of a group of terms.
  template <index Bytes>
  EIGEN_ALWAYS_INLINE void step(index j, std::size_t group) {
    if ((group & mask_) == 0)
      for (index i = j * Bytes / line; i < (j + 1) * Bytes / line; ++i) next();
  }

 private:
  static constexpr index line = 64;

  EIGEN_ALWAYS_INLINE void next() {
    if (at_ == end_) {
      if (left_ == 0) return;
      at_ += gap_;
      take_row(per_row_);
    }
    prefetch_for_later(at_);
    at_ += line;
  }

  void take_row(index lines) {
    const index some = lines < left_ ? lines : left_;
    end_ = at_ + some * line;
    left_ -= some;
  }

  const char* at_ = nullptr;
  const char* end_ = nullptr;  // end of the current row
  index left_ = 0;             // lines after the current row
  index per_row_ = 0;
  index gap_ = 0;  // bytes from the end of a row to the next
  std::size_t mask_ = 0;
};

// Prefetches nothing.
struct fetch_nothing {
  template <index Bytes>
  void step(index, std::size_t) const {}
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
