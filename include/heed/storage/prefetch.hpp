// SPDX-License-Identifier: MIT
// Asks the machine to bring memory nearer before it is needed, while it has other work.
//
//   heed::prefetch(row + 256);
#pragma once

#include <heed/storage/view.hpp>  // view

#include <algorithm>  // max
#include <cstddef>    // size_t

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The cache line at a place. A hint: any address will do. Inlined, since GCC takes a function that
// does nothing else for one without effect, and leaves its calls out.
EIGEN_ALWAYS_INLINE void prefetch([[maybe_unused]] const void* place) {
#if defined(__GNUC__)
  __builtin_prefetch(place);
#endif
}
// ... into the second cache alone: what is wanted so late that the first would have lost it again.
EIGEN_ALWAYS_INLINE void prefetch_for_later([[maybe_unused]] const void* place) {
#if defined(__GNUC__)
  __builtin_prefetch(place, 0, 2);
#endif
}

// The lines of a few rows, `ahead` numbers further; numbers of a row lie next to each other.
template <class Scalar>
EIGEN_ALWAYS_INLINE void prefetch(const view<Scalar>& rows, index ahead) {
  constexpr index line = 64 / static_cast<index>(sizeof(Scalar));
  for (index i = 0; i < rows.rows; ++i)
    for (index j = 0; j < rows.cols; j += line) prefetch(&rows(i, j) + ahead);
}

// ... of a few rows or columns, whichever lie in one piece.
template <class Scalar>
EIGEN_ALWAYS_INLINE void prefetch(const view<Scalar>& block) {
  prefetch(block.row_stride == 1 ? block.transposed() : block, 0);
}

// The lines of a few columns whose numbers lie next to each other, or some of them where they do not.
template <class Scalar>
EIGEN_ALWAYS_INLINE void prefetch_for_later(const view<Scalar>& columns) {
  constexpr index line = 64 / static_cast<index>(sizeof(Scalar));
  for (index j = 0; j < columns.cols; ++j)
    for (index i = 0; i < columns.rows; i += line) prefetch_for_later(&columns(i, j));
}

// Rows that are wanted later, to be asked for a line at a time between other work.
class fetch_ahead {
 public:
  fetch_ahead() = default;

  // Share `part` of `parts` of some rows.
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

  // Products ask for as many lines as they read of B: from now on for one in so many, a power of two.
  void ask_for_one_in(index groups) { mask_ = static_cast<std::size_t>(groups - 1); }

  // Asks for the lines of so many bytes ...
  template <index Bytes>
  EIGEN_ALWAYS_INLINE void step() {
    for (index i = 0; i < (std::max)(Bytes / line, index(1)); ++i) next();
  }
  // ... a term, at term j of a group of terms.
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
  const char* end_ = nullptr;  // of the row at hand
  index left_ = 0;             // lines beyond that
  index per_row_ = 0;
  index gap_ = 0;  // bytes from the end of a row to the next
  std::size_t mask_ = 0;
};

// Nothing is wanted later.
struct fetch_nothing {
  template <index Bytes>
  void step(index, std::size_t) const {}
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
