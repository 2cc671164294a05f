// SPDX-License-Identifier: MIT
// Packs a stored matrix for the processor: panels of rows, in the order in which products read them, so that
// a token's product goes through memory once and in one direction.
//
//   heed::stored_matrix w{heed::dtype::q4_1, 1536, 576, bytes, owner};
//   heed::detail::pack_stored(w);  // 1536 / 64 panels with AVX-512: 552960 bytes more
#pragma once

#include <heed/gemm/stored_kernel.hpp>     // find_stored_kernel
#include <heed/storage/stored_matrix.hpp>  // stored_matrix

#include <new>  // align_val_t

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Memory at the start of a cache line.
inline std::shared_ptr<std::uint32_t[]> aligned_words(index count) {
  constexpr std::align_val_t line{64};
  return {new (line) std::uint32_t[static_cast<std::size_t>(count)],
          [](std::uint32_t* words) { ::operator delete[](words, line); }};
}

// Leaves it as it is where its dtype has no kernel, its rows are no whole blocks or too few for a panel. Rows
// that fill no panel are read where they lie, and so is all that is not a product.
inline void pack_stored(stored_matrix& w) {
  constexpr index lanes = stored_kernel::lanes;
  const stored_kernel* const kernel = find_stored_kernel(w.type);
  if (kernel == nullptr || !kernel->keeps_words || w.cols == 0 || w.cols % kernel->values != 0 ||
      w.rows < lanes)
    return;
  const index blocks = w.cols / kernel->values, panels = w.rows / lanes;
  // Prefetching the last block goes beyond the panels.
  w.panels = aligned_words(panels * kernel->words_of(blocks) + stored_kernel::words_ahead +
                           kernel->words_of(1));
  for (index panel = 0; panel < panels; ++panel) {
    const std::byte* const from = w.bytes + panel * lanes * w.row_bytes();
    const std::byte* const later = panel + 1 < panels ? from + lanes * w.row_bytes() : from;
    kernel->pack(from, w.row_bytes(), blocks, stored_kernel::pairs,
                 w.panels.get() + panel * kernel->words_of(blocks), later);
  }
}

// Some rows as a matrix of their own, which is packed where the whole is.
inline stored_matrix packed_rows_of(const stored_matrix& all, index first, index count) {
  stored_matrix some = all.rows_of(first, count);
  if (all.panels != nullptr) pack_stored(some);
  return some;
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
