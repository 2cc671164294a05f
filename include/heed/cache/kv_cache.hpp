// SPDX-License-Identifier: MIT
// KV cache: the keys and values of all tokens so far, appended at the end.
//
//   heed::kv_cache<float> cache({.capacity = 4096, .heads = 2, .width = 64});
//   cache.append(k_new, v_new);  // (tokens, 2 * 64)
//   heed::attention(q_new, cache.keys(), cache.values(), out, heed::heads{8, 2}, heed::causal);
#pragma once

#include <heed/cache/cache_rows.hpp>  // cache_rows

#include <utility>  // swap

namespace heed {
inline namespace HEED_ABI {

// Allocates when it is constructed and when it is copied, and never else; rows stay where they are.
// Storage is float, double, Eigen::half, Eigen::bfloat16, or std::int8_t for 8-bit integers with a
// scale for each row and head, as heed::quantise rounds to.
template <class Storage>
class kv_cache {
 public:
  using key_map = typename detail::cache_rows<Storage, true>::key_map;
  using value_map = typename detail::cache_rows<Storage, true>::value_map;

  struct sizes {
    index capacity;         // positions that there is room for
    index heads = 1;        // key/value heads
    index width;            // columns of one head in keys
    index value_width = 0;  // columns of one head in values; 0: `width`
  };

  explicit kv_cache(const sizes& s)
      : rows_("heed::kv_cache", checked(s), {s.heads, s.width, s.value_width}) {}

  kv_cache(const kv_cache& other) : kv_cache(other.branch()) {}
  kv_cache(kv_cache&& other) noexcept
      : rows_(std::move(other.rows_)), size_(std::exchange(other.size_, 0)) {}
  kv_cache& operator=(kv_cache other) noexcept {
    std::swap(rows_, other.rows_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~kv_cache() = default;

  [[nodiscard]] index size() const { return size_; }
  [[nodiscard]] index capacity() const { return rows_.rows(); }
  [[nodiscard]] index heads() const { return rows_.heads().heads; }
  [[nodiscard]] index width() const { return rows_.heads().width; }
  [[nodiscard]] index value_width() const { return rows_.heads().value_width; }

  // The position of the next token: the first token has position 0.
  [[nodiscard]] index position() const { return size_; }

  // k: (tokens, heads * width), v: (tokens, heads * value_width), in any storage order and with any
  // stride, of the cache's scalar or, for half and bfloat16, of float; for 8-bit integers, of
  // float, half or bfloat16, or heed::quantised; rows of the cache itself, too. Throws
  // std::length_error if the tokens exceed the capacity, shape_error if sizes do not fit; the cache
  // is then unchanged.
  template <class K, class V>
  void append(const K& k, const V& v) {
    if constexpr (detail::cache_takes<Storage, K>() && detail::cache_takes<Storage, V>()) {
      const detail::key_view_t<K> keys = detail::view_of(k);
      const detail::key_view_t<V> values = detail::view_of(v);
      rows_.check(keys, values);
      const index count = detail::elements_of(keys).rows;
      detail::require<std::length_error>(
          count <= capacity() - size_, "heed::kv_cache: ", count, " more rows do not fit: ", size_,
          " of ", capacity(), " are taken", capacity() == 0 ? "; capacity was not given" : "");
      rows_.write(size_, keys, values);
      size_ += count;
    }
  }

  // (size, heads * width), a heed::key_tiles, and (size, heads * value_width), an Eigen::Map; both
  // heed::quantised for 8-bit integers. The matrices have the rows that the cache holds at the time
  // of the call, and stay valid as long as the cache. Keys are an Eigen expression: a matrix or an
  // Eigen::Ref that is made from keys is a copy. A call of heed::attention reads memory behind the
  // last key, though it does not use what is there, so no other thread may append meanwhile.
  [[nodiscard]] key_map keys() const { return rows_.keys(0, size_); }
  [[nodiscard]] value_map values() const { return rows_.values(0, size_); }

  // Removes all but the first `size` positions: a rollback.
  void truncate(index size) {
    detail::require(size >= 0 && size <= size_, "heed::kv_cache: cannot be cut to ", size,
                    " rows, it has ", size_);
    size_ = size;
  }
  void clear() { size_ = 0; }

  // A new cache that begins with a copy of this cache's rows, or of its first `prefix` positions,
  // with the same capacity or with `capacity`. Throws shape_error for a longer prefix,
  // std::length_error for a smaller capacity.
  [[nodiscard]] kv_cache branch() const { return branch(size_); }
  [[nodiscard]] kv_cache branch(index prefix) const { return branch(prefix, capacity()); }
  [[nodiscard]] kv_cache branch(index prefix, index capacity) const {
    detail::require(prefix >= 0 && prefix <= size_, "heed::kv_cache: cannot branch after ", prefix,
                    " rows, it has ", size_);
    detail::require<std::length_error>(prefix <= capacity, "heed::kv_cache: a branch of ", prefix,
                                       " rows does not fit into a capacity of ", capacity);
    kv_cache copy({capacity, heads(), width(), value_width()});
    copy.rows_.copy_from(rows_, 0, 0, prefix);
    copy.size_ = prefix;
    return copy;
  }

 private:
  static index checked(const sizes& s) {
    detail::require(s.capacity >= 0, "heed::kv_cache: capacity is ", s.capacity,
                    "; it may not be negative");
    return s.capacity;
  }

  detail::cache_rows<Storage, true> rows_;
  index size_ = 0;
};

}  // namespace HEED_ABI
}  // namespace heed
