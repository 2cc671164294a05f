// SPDX-License-Identifier: MIT
// KV stream: reads keys and values in decoding, a few rows at a time for all heads, or tiles of
// keys head by head, and prefetches later ones.
#pragma once

#include <heed/modifiers/problem.hpp>  // problem, interval
#include <heed/storage/prefetch.hpp>   // fetch_ahead
#include <heed/storage/quantised.hpp>  // lie_by_rows, elements_of

#include <algorithm>  // clamp, max, min

namespace heed {
inline namespace HEED_ABI {
namespace detail {

template <class Call>
class kv_stream {
 public:
  using Scalar = typename Call::Scalar;

  explicit kv_stream(const Call& call) : sizes_(call.sizes) {
    const auto k = elements_of(call.k), v = elements_of(call.v);
    is_near_ =
        (k.rows * k.cols + v.rows * v.cols) * static_cast<index>(sizeof(*k.data)) <= near_bytes;
  }

  // Calls use(kv head, row within `rows`, per_run rows of that head, prefetch) for all heads for
  // which filter(kv head) is true. Rows are prefetched `ahead` of their use, a share of them in
  // each call, so that memory is always busy. 16- and 8-bit rows are consumed faster, so they are
  // prefetched a whole run ahead. Columns are prefetched by the function that packs them.
  template <class Rows, class Filter, class Use>
  void for_each(const Rows& all, interval rows, index per_run, interval heads, const Filter& filter,
                const Use& use) const {
    const auto numbers = elements_of(all);
    const index width = numbers.cols / sizes_.kv_heads;
    const bool fetches = !is_near_ && lie_by_rows(all);
    constexpr bool narrower = sizeof(*numbers.data) < sizeof(Scalar);
    constexpr index least = 24;
    const index ahead = narrower ? (std::max)(least, per_run) : least;
    for (index row = rows.first; row < rows.last; row += per_run) {
      const index count = (std::min)(per_run, rows.last - row);
      const index later = fetches ? std::clamp(numbers.rows - row - ahead, index(0), count) : 0;
      const auto next =
          numbers.block(row + ahead, heads.first * width, later, heads.size() * width);
      for (index kv = heads.first; kv < heads.last; ++kv)
        if (filter(kv))
          use(kv, row - rows.first, all.block(row, kv * width, count, width),
              fetch_ahead(next, kv - heads.first, heads.size()));
    }
  }

  // Calls use(kv head, rows of that head, prefetch) for rows in one tile. The numbers of a head in
  // a tile are one contiguous piece; each call prefetches a piece that is used a few pieces later,
  // which is in the next tile if this tile has no more of these heads.
  template <class Rows, class Filter, class Use>
  void for_each_in_tile(const Rows& all, interval rows, interval heads, const Filter& filter,
                        const Use& use) const {
    const auto numbers = elements_of(all);
    const index width = numbers.cols / sizes_.kv_heads, piece = keys_per_tile * width;
    const index tile = (numbers.first + rows.first) / keys_per_tile;
    const auto memory = numbers.tiles();
    const index ahead = (std::max)(index(1), heads.size() * 3 / 8);  // 24 rows of 64
    for (index kv = heads.first; kv < heads.last; ++kv) {
      if (!filter(kv)) continue;
      const index next = kv - heads.first + ahead;
      const index later = (std::min)((tile + next / heads.size()) * numbers.tile_stride +
                                         (heads.first + next % heads.size()) * piece,
                                     memory.cols);
      const index count = is_near_ ? 0 : (std::min)(piece, memory.cols - later);
      use(kv, all.block(rows.first, kv * width, rows.size(), width),
          fetch_ahead(memory.block(0, later, 1, count), 0, 1));
    }
  }

 private:
  // With so few bytes of keys and values, a core's own cache may still hold them, and prefetching
  // would cost time for nothing.
  static constexpr index near_bytes = 256 * 1024;

  const problem& sizes_;
  bool is_near_;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
