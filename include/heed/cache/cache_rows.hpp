// SPDX-License-Identifier: MIT
// The memory of a KV cache: rows of keys and rows of values, one row a position.
//
//   heed::cache_rows<float, true> rows("heed::kv_cache", 4096, {.heads = 2, .width = 64});
//   rows.write(0, k, v);  // tiled_view<const float> of (5, 2 * 64)
//   rows.keys(0, 5);      // the same numbers, (5, 2 * 64)
#pragma once

#include <heed/cache/cache_block.hpp>    // cache_block, quantised
#include <heed/core/check.hpp>           // require, view
#include <heed/modifiers/arguments.hpp>  // attention_scalar, key_storage
#include <heed/storage/overlap.hpp>      // overlap

#include <algorithm>  // max
#include <limits>     // numeric_limits
#include <utility>    // exchange

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The layout of a row: heads next to each other.
struct cache_heads {
  index heads = 1;        // key/value heads
  index width;            // columns of one head in keys
  index value_width = 0;  // columns of one head in values; 0: `width`
};

// Whether a cache of Storage accepts keys or values of Rows: rows of Storage itself, or of the type
// in which sums over Storage are formed. A cache of 8-bit integers accepts every type whose sums
// are float.
template <class Storage, class Rows>
constexpr bool cache_takes() {
  static_assert(
      eigen_object<Rows> || key_storage<Rows>,
      "heed: a cache takes Eigen matrices or heed::quantised; Eigen::Map makes a matrix of "
      "other memory");
  static_assert(!eigen_object<Rows> || key_storage<Rows>,
                "heed: a cache is given an Eigen expression; store it or call .eval()");
  if constexpr (key_storage<Rows>) {
    using Given = scalar_of<Rows>;
    constexpr bool as_integers = storage_traits<Storage>::has_scales;
    constexpr bool own = std::is_same_v<Given, Storage> && is_quantised<Rows> == as_integers;
    constexpr bool converts =
        attention_scalar<Given> && (as_integers ? std::is_same_v<accumulator_t<Given>, float>
                                                : std::is_same_v<Given, accumulator_t<Storage>>);
    static_assert(
        own || converts,
        "heed: a cache takes its own scalar, and float where it holds half, bfloat16 or "
        "8-bit integers; .cast<>() to one of them (8-bit integers come with their scales, "
        "as heed::quantised)");
    return own || converts;
  } else {
    return false;
  }
}

// Allocates once, and touches no row before it is written. The owner keeps account of which rows
// have been written.
template <class Storage, bool KeysInTiles>
class cache_rows {
 public:
  static_assert(storage_traits<Storage>::of_attention,
                "heed: a cache holds float, double, Eigen::half, Eigen::bfloat16 or std::int8_t");

  // Some of the rows as one matrix of whole positions, which goes straight into heed::attention: an
  // Eigen::Map, heed::key_tiles or, of 8-bit integers, heed::quantised.
  using key_map = typename cache_block<Storage, KeysInTiles>::map;
  using value_map = typename cache_block<Storage, false>::map;

  // `name` begins the sentences of refusals. Throws shape_error for a negative or missing size, and
  // std::length_error for more than memory can address.
  cache_rows(const char* name, index rows, const cache_heads& h)
      : name_(name),
        heads_(checked(name, rows, h)),
        rows_(rows),
        keys_(rows, heads_.heads, heads_.width),
        values_(rows, heads_.heads, heads_.value_width) {}

  cache_rows(cache_rows&& other) noexcept
      : name_(other.name_),
        heads_(other.heads_),
        rows_(std::exchange(other.rows_, 0)),
        keys_(std::move(other.keys_)),
        values_(std::move(other.values_)) {}
  cache_rows& operator=(cache_rows&& other) noexcept {
    name_ = other.name_;
    heads_ = other.heads_;
    rows_ = std::exchange(other.rows_, 0);
    keys_ = std::move(other.keys_);
    values_ = std::move(other.values_);
    return *this;
  }

  [[nodiscard]] const cache_heads& heads() const { return heads_; }
  [[nodiscard]] index rows() const { return rows_; }

  // Refuses keys and values whose sizes do not fit each other or a row, whatever rows they are for.
  template <class K, class V>
  void check(const K& k, const V& v) const {
    check_columns("k", k, heads_.width);
    check_columns("v", v, heads_.value_width);
    const auto keys = elements_of(k), values = elements_of(v);
    require(keys.rows == values.rows, name_, ": k and v differ in rows: k is ", keys, ", v is ",
            values);
  }

  // Copies keys and values, which have been checked and lie in other memory, to rows first ...
  template <class K, class V>
  void write(index first, const K& k, const V& v) {
    keys_.write(first, k);
    values_.write(first, v);
  }

  // Copies rows from ... from + count - 1 to rows to ...; the two ranges may overlap. If keys lie
  // in tiles, both ranges begin a tile.
  void move(index from, index to, index count) {
    keys_.move(keys_, from, to, count);
    values_.move(values_, from, to, count);
  }

  // The same with rows of another cache, whose heads are alike.
  void copy_from(const cache_rows& other, index from, index to, index count) {
    keys_.move(other.keys_, from, to, count);
    values_.move(other.values_, from, to, count);
  }

  [[nodiscard]] key_map keys(index first, index count) const { return keys_.rows(first, count); }
  [[nodiscard]] value_map values(index first, index count) const {
    return values_.rows(first, count);
  }

  // Whether x shares an element with any row.
  template <class X>
  bool overlaps(const X& x) const {
    return overlap(x, key_view_t<key_map>(view_of(keys(0, rows_)))) ||
           overlap(x, key_view_t<value_map>(view_of(values(0, rows_))));
  }

 private:
  static cache_heads checked(const char* name, index rows, cache_heads h) {
    require_given(name, "width", h.width, "the columns of one head in keys");
    require(h.heads >= 1 && h.width >= 1 && h.value_width >= 0, name, ": heads is ", h.heads,
            ", width is ", h.width, ", value_width is ", h.value_width,
            "; the first two must be positive, the third positive or 0 for as many as width");
    if (h.value_width == 0) h.value_width = h.width;
    constexpr index most = (std::numeric_limits<index>::max)() / (2 * index(sizeof(double)));
    const index widest = (std::max)(h.width, h.value_width);
    const bool fits = widest <= most / keys_per_tile / h.heads &&
                      rows <= most / (h.heads * widest) - (keys_per_tile - 1);  // whole tiles
    require<std::length_error>(fits, name, ": ", rows, " rows of ", h.heads, " heads of width ",
                               widest, " are more than memory can address");
    return h;
  }

  template <class X>
  void check_columns(const char* argument, const X& x, index width) const {
    const auto numbers = elements_of(x);
    require(numbers.cols == heads_.heads * width, name_, ": ", argument, " is ", numbers,
            ", but a row has ", heads_.heads * width, " columns, ", heads_.heads, " x ", width);
    if constexpr (std::is_same_v<X, quantised>)
      require(x.scales.cols == heads_.heads, name_, ": ", argument, " (", numbers,
              ") has scales for ", x.scales.cols, " heads, but a row has ", heads_.heads);
  }

  const char* name_;
  cache_heads heads_;
  index rows_;
  cache_block<Storage, KeysInTiles> keys_;  // (rows, heads * width)
  cache_block<Storage, false> values_;      // (rows, heads * value_width)
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
