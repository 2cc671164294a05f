// SPDX-License-Identifier: MIT
// Tiles: how many keys a kernel processes at a time, and how they are packed from the caller's
// memory.
#pragma once

#include <heed/gemm/micro_kernel.hpp>  // packed_pitch
#include <heed/storage/prefetch.hpp>   // prefetch
#include <heed/storage/quantised.hpp>  // copy, scaled_rows, elements_of

#include <algorithm>  // fill, max, min
#include <cmath>      // abs, isfinite
#include <cstdint>    // uint64_t
#include <limits>     // max

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Keys of a chunk (a KV split), whose sums are formed separately. Many tiles, so that merging
// chunks costs little; not too many, so that one query over many keys is work for several threads.
inline constexpr index keys_per_chunk = 8 * keys_per_tile;

// Queries of a block, one a lane.
template <class Scalar>
inline constexpr index queries_per_block = packed_pitch<Scalar>;

// Packs rows a few at a time, and prefetches rows that are packed a little later.
template <class Scalar, class Rows>
void pack(const view<Scalar>& to, const Rows& from) {
  if (from.col_stride != 1) return copy(to, from);
  constexpr index together = (std::max)(index(8), simd<Scalar>::size);
  for (index i = 0; i < from.rows; i += together) {
    const index some = (std::min)(together, from.rows - i);
    const Rows rows = from.block(i, 0, some, from.cols);
    prefetch(elements_of(rows), 2 * together * from.row_stride);
    copy(to.block(i, 0, some, from.cols), rows);
  }
}

// Asks for so many columns from `first` on, as far as there are. Inlined as prefetch is.
template <class Rows>
EIGEN_ALWAYS_INLINE void fetch_columns(const Rows& all, index first, index count) {
  const auto numbers = elements_of(all);
  if (first < all.cols)
    prefetch_for_later(numbers.block(0, first, all.rows, (std::min)(count, all.cols - first)));
}

// Packs keys by columns, with the same prefetch.
template <class Scalar, class Rows>
void copy_columns(const view<Scalar>& to, const Rows& from) {
  constexpr index together = 8;
  for (index f = 0; f < from.cols; f += together) {
    const index some = (std::min)(together, from.cols - f);
    fetch_columns(from, f + 2 * together, some);
    copy(to.block(0, f, from.rows, some), from.block(0, f, from.rows, some));
  }
}

// Packs a tile of keys into `room`, of keys_per_tile * width numbers, in the type of the sums.
template <class Scalar, class Rows>
view<const Scalar> pack_keys(Scalar* room, const Rows& keys) {
  const view<Scalar> packed{room, keys.rows, keys.cols, keys.cols, 1};
  pack(packed, keys);
  return packed;
}

// Packs a tile of values, transposed: the product with the weights then reads values along rows,
// each cache line once.
template <class Scalar, class Rows>
view<const Scalar> pack_values(Scalar* room, const Rows& values) {
  const view<Scalar> packed{room, values.rows, values.cols, 1, keys_per_tile};
  pack(packed, values);
  return packed;
}

// How large the values of a tile are.
struct value_sizes {
  bool finite;  // no element is infinite or NaN
  // No sum overflows of as many values as a call can have, with weights of at most 2^(1/2). Dropout
  // may raise weights by a further factor, of 2^30 over the number of keys.
  bool moderate;
};

// The same for one number; `most` is the largest moderate one.
template <class Scalar>
void include_size(value_sizes& sizes, Scalar number) {
  constexpr Scalar most = (std::numeric_limits<Scalar>::max)() / Scalar(std::uint64_t(1) << 32);
  sizes.finite = sizes.finite && std::isfinite(number);
  sizes.moderate = sizes.moderate && std::abs(number) <= most;
}

// If the sum of all squares is finite, every number is finite and moderate. Four rows are summed
// side by side, since each sum depends on its last step; numbers are tested one by one only if the
// sum is not finite.
template <class Storage>
value_sizes sizes_of(const view<const Storage>& values) {
  using Scalar = accumulator_t<Storage>;
  using s = simd<Scalar>;
  const view<const Storage> v = values.col_stride == 1 ? values : values.transposed();
  constexpr int together = 4;
  const auto zero = s::broadcast(Scalar(0));
  typename s::packet sums[together] = {zero, zero, zero, zero};
  const index whole = v.col_stride == 1 ? v.cols / s::size * s::size : 0;
  value_sizes sizes{true, true};
  for (index i = 0; i < v.rows; i += together) {
    const auto row = [&](index n) HEED_INLINED {
      return v.data + (std::min)(i + n, v.rows - 1) * v.row_stride;
    };
    const Storage* const rows[together] = {row(0), row(1), row(2), row(3)};
    for (index j = 0; j < whole; j += s::size)
      unroll<together>([&](auto n) HEED_INLINED {
        const auto numbers = s::load(rows[n] + j);
        sums[n] = s::multiply_add(numbers, numbers, sums[n]);
      });
    for (index j = whole; j < v.cols; ++j)
      for (const Storage* const numbers : rows)
        include_size(sizes, static_cast<Scalar>(numbers[j * v.col_stride]));
  }
  const auto sum = s::add(s::add(sums[0], sums[1]), s::add(sums[2], sums[3]));
  if (!s::is_finite(sum))
    for (index i = 0; i < v.rows; ++i)
      for (index j = 0; j < whole; ++j) include_size(sizes, static_cast<Scalar>(v(i, j)));
  return sizes;
}
inline value_sizes sizes_of(const scaled_rows& values) {
  value_sizes sizes{true, true};
  constexpr float largest = 128;  // the largest magnitude of the 8-bit numbers
  for (index i = 0; i < values.rows; ++i) include_size(sizes, values.scale(i) * largest);
  return sizes;
}

// Whether no element is infinite or NaN.
template <class Rows>
bool all_finite(const Rows& values) {
  return sizes_of(values).finite;
}

// Pads each row's last packet by repeating lane count - 1, so that rules are only called with real
// scores. Requires count >= 1.
template <class Scalar>
void fill_last_packet(Scalar* lanes, index rows, index count,
                      index pitch = queries_per_block<Scalar>) {
  const index given = whole_packets<Scalar>(count);
  for (index i = 0; i < rows && count < given; ++i) {
    Scalar* const row = lanes + i * pitch;
    std::fill(row + count, row + given, row[count - 1]);
  }
}

// Packs queries as lanes, scaled: lanes(f, i) = scale * from(i, f). The last packet is padded.
template <class Storage, class Scalar>
void load_queries(Scalar* lanes, const view<const Storage>& from, Scalar scale) {
  copy(view<Scalar>{lanes, from.cols, from.rows, queries_per_block<Scalar>, 1}, from.transposed(),
       scale);
  fill_last_packet(lanes, from.cols, from.rows);
}

// Unpacks lanes: to(i, f) = lanes(f, i).
template <class Storage, class Scalar>
void store_lanes(const view<Storage>& to, const Scalar* lanes) {
  copy(to.transposed(), view<const Scalar>{lanes, to.cols, to.rows, queries_per_block<Scalar>, 1});
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
