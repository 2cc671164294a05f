// SPDX-License-Identifier: MIT
// The memory of a cache's keys, or of its values: a matrix whose rows stay where they are.
//
//   heed::cache_block<float, true> keys(4096, 2, 64);  // in tiles: rows, heads, columns of a head
//   keys.write(0, heed::tiled_view<const float>(heed::view_of(k)));  // k: (5, 2 * 64)
//   keys.rows(0, 5);                                                 // the same numbers, (5, 2 * 64)
#pragma once

#include <heed/cache/large_pages.hpp>  // alignment_of, request_large_page
#include <heed/storage/copy.hpp>       // copy_numbers
#include <heed/storage/key_tiles.hpp>  // key_tiles, tiled_view
#include <heed/storage/quantise.hpp>   // quantise, quantised

#include <algorithm>  // fill_n, min
#include <cstring>    // memmove
#include <memory>     // unique_ptr

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Allocates once, and touches no row before it is written. Rows lie in tiles, or follow one another
// without gaps, except where a row is a whole number of pages: the elements of one column would
// then compete for few places of a processor's cache, so each row gets a cache line more. Large
// pages (huge pages) are requested from the second on, as rows reach them.
template <class Storage, bool InTiles>
class plain_block {
 public:
  using map = std::conditional_t<InTiles, key_tiles<Storage>,
                                 Eigen::Map<const matrix<Storage>, 0, Eigen::OuterStride<>>>;

  plain_block(index rows, index heads, index width) {
    const index cols = heads * width;
    constexpr index size = sizeof(Storage), page = 4096;
    const index gap = cols * size % page == 0 ? cache_line / size : 0;
    all_ = InTiles ? tiled_view<Storage>::of_tiles(nullptr, rows, cols)
                   : tiled_view<Storage>(view<Storage>{nullptr, rows, cols, cols + gap, 1});
    const std::size_t bytes = bytes_of(rows);
    const std::align_val_t alignment = alignment_of(bytes);
    memory_ = {static_cast<Storage*>(::operator new(bytes, alignment)), release{alignment}};
    all_.data = memory_.get();
    large_pages_ = bytes / large_page;
  }

  // Copies rows of another matrix to the rows from `first` on.
  template <class From>
  void write(index first, const tiled_view<const From>& from) {
    for_each_piece(first, from, [&](const view<const From>& some, index at) {
      copy_numbers(place(at, some.rows), some);
    });
  }

  // Calls use(some of the rows, the place that these go to) for parts of `from`, which goes to rows
  // first ...; each part lies within one tile of either matrix.
  template <class From, class Use>
  void for_each_piece(index first, const tiled_view<const From>& from, const Use& use) const {
    for (index i = 0; i < from.rows;) {
      const index count = (std::min)(from.rows_in_tile(i), all_.rows_in_tile(first + i));
      use(from.block(i, 0, count, from.cols), first + i);
      i += count;
    }
  }

  // Copies rows from ... from + count - 1 of `source` to rows to ...; the two ranges may overlap.
  // In tiles, both ranges begin a tile, and the last tile is copied whole.
  void move(const plain_block& source, index from, index to, index count) {
    if (count == 0) return;
    request_pages(to + count);
    std::memmove(static_cast<void*>(&all_(to, 0)), &source.all_(from, 0), bytes_of(count));
  }

  // Some of the rows, which go straight into heed::attention.
  [[nodiscard]] map rows(index first, index count) const {
    if constexpr (InTiles)
      return map(view_of_rows(first, count));
    else
      return map(memory_.get() + first * all_.row_stride, count, all_.cols,
                 Eigen::OuterStride<>(all_.row_stride));
  }
  [[nodiscard]] tiled_view<const Storage> view_of_rows(index first, index count) const {
    return tiled_view<const Storage>(all_).some_rows(first, count);
  }

  // Rows within one tile, to be written to.
  view<Storage> place(index first, index count) {
    request_pages(first + count);
    // Clears a new tile: kernels read a tile whole, and old bits of memory might raise
    // floating-point exceptions.
    if constexpr (InTiles)
      if (first % keys_per_tile == 0 && count < keys_per_tile)
        std::fill_n(&all_(first, 0), all_.tile_stride, Storage(0));
    return all_.block(first, 0, count, all_.cols);
  }

 private:
  static constexpr index cache_line = 64;

  struct release {
    std::align_val_t alignment{};
    void operator()(Storage* p) const { ::operator delete(p, alignment); }
  };

  // Requests the large pages of the first `rows` rows, before they are written to.
  void request_pages(index rows) {
    while (requested_ < large_pages_ && requested_ * large_page < bytes_of(rows))
      request_large_page(memory_.get(), requested_++);
  }
  std::size_t bytes_of(index rows) const {
    const index elements =
        InTiles ? divide_up(rows, keys_per_tile) * all_.tile_stride : rows * all_.row_stride;
    return static_cast<std::size_t>(elements) * sizeof(Storage);
  }

  tiled_view<Storage> all_;
  std::size_t large_pages_ = 0;  // whole large pages of the memory
  std::size_t requested_ = 1;    // the next to request; not the first: most caches are small
  std::unique_ptr<Storage, release> memory_;
};

// The same for 8-bit integers with a scale for each row and head.
template <bool InTiles>
class quantised_block {
 public:
  using map = quantised;

  quantised_block(index rows, index heads, index width)
      : numbers_(rows, heads, width), scales_(rows, heads, 1) {}

  template <class From>
  void write(index first, const tiled_view<const From>& from) {
    numbers_.for_each_piece(first, from, [&](const view<const From>& some, index at) {
      detail::quantise(some, numbers_.place(at, some.rows), scales_.place(at, some.rows));
    });
  }
  void write(index first, const quantised& from) {
    numbers_.write(first, from.numbers);
    scales_.write(first, from.scales);
  }

  void move(const quantised_block& source, index from, index to, index count) {
    numbers_.move(source.numbers_, from, to, count);
    scales_.move(source.scales_, from, to, count);
  }

  [[nodiscard]] map rows(index first, index count) const {
    return {numbers_.view_of_rows(first, count), scales_.view_of_rows(first, count)};
  }

 private:
  plain_block<std::int8_t, InTiles> numbers_;  // (rows, heads * width)
  plain_block<float, InTiles> scales_;         // (rows, heads)
};

template <class Storage, bool InTiles>
using cache_block = std::conditional_t<std::is_same_v<Storage, quantised::Scalar>,
                                       quantised_block<InTiles>, plain_block<Storage, InTiles>>;

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
