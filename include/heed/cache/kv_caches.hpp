// SPDX-License-Identifier: MIT
// KV caches of several sequences (a varlen batch) in one memory: one call of heed::attention serves
// all.
//
//   heed::kv_caches<float> caches({.sequences = 3, .capacity = 4096, .heads = 2, .width = 64});
//   std::vector<heed::index> starts{0, 7, 8, 8};  // seven tokens, one, and none
//   caches.append(starts, k_new, v_new);          // (8, 2 * 64)
//   heed::attention(q_new, caches.keys(), caches.values(), out, heed::heads{8, 2},
//                   caches.batch(starts), heed::causal);
#pragma once

#include <heed/cache/cache_rows.hpp>          // cache_rows
#include <heed/modifiers/options/packed.hpp>  // packed
#include <heed/modifiers/problem.hpp>         // check_starts

#include <algorithm>  // fill
#include <utility>    // forward
#include <vector>     // vector

namespace heed {
inline namespace HEED_ABI {

// Every sequence has the same capacity, rounded up to whole tiles of 64. Allocates when it is
// constructed and never else, so it is moved but not copied; rows stay where they are.
template <class Storage>
class kv_caches {
 public:
  using key_map = typename detail::cache_rows<Storage, true>::key_map;
  using value_map = typename detail::cache_rows<Storage, true>::value_map;

  struct sizes {
    index sequences;
    index capacity;         // positions that each sequence has room for
    index heads = 1;        // key/value heads
    index width;            // columns of one head in keys
    index value_width = 0;  // columns of one head in values; 0: `width`
  };

  explicit kv_caches(const sizes& s)
      : rows_(name, rows_of(s), {s.heads, s.width, s.value_width}),
        capacity_(s.capacity),
        lengths_(static_cast<std::size_t>(s.sequences), 0),
        starts_(static_cast<std::size_t>(s.sequences) + 1) {
    for (index i = 0; i <= s.sequences; ++i)
      starts_[static_cast<std::size_t>(i)] = i * rows_of(capacity_);
  }

  [[nodiscard]] index sequences() const { return static_cast<index>(lengths_.size()); }
  [[nodiscard]] index capacity() const { return capacity_; }
  [[nodiscard]] index heads() const { return rows_.heads().heads; }
  [[nodiscard]] index width() const { return rows_.heads().width; }
  [[nodiscard]] index value_width() const { return rows_.heads().value_width; }

  // The number of positions that one sequence holds, which is the position of its next token. All
  // functions with a sequence number throw std::out_of_range if there is no such sequence.
  [[nodiscard]] index size(index sequence) const { return lengths_[place_of(sequence)]; }
  [[nodiscard]] index position(index sequence) const { return size(sequence); }

  // Appends k, (tokens, heads * width), and v, (tokens, heads * value_width), to one sequence: as
  // kv_cache::append.
  template <class K, class V>
  requires(detail::eigen_object<K> || detail::key_storage<K>) void append(index sequence,
                                                                          const K& k, const V& v) {
    const index starts[] = {0, k.rows()};
    append_to(sequence, 1, detail::number_span<index>(starts), k, v);
  }

  // Appends rows starts[s] ... starts[s + 1] - 1 to each sequence s. If it throws, nothing is
  // appended.
  template <class Starts, class K, class V>
  requires(!std::is_integral_v<Starts>) void append(const Starts& starts, const K& k, const V& v) {
    constexpr bool good = detail::numbers_for<Starts, index>;
    static_assert(good,
                  "heed::kv_caches: give the number of a sequence, or a vector of row offsets, "
                  "stored, not an Eigen expression");
    if constexpr (good) {
      const detail::number_span<index> offsets(starts, name);
      detail::require(offsets.size() == sequences() + 1, name, ": offsets name ",
                      offsets.size() - 1, " sequences, but there are ", sequences());
      append_to(0, sequences(), offsets, k, v);
    }
  }

  // The keys and values of one sequence: (size, heads * width) and (size, heads * value_width), as
  // kv_cache::keys and values.
  [[nodiscard]] key_map keys(index sequence) const {
    return rows_.keys(first_row(sequence), size(sequence));
  }
  [[nodiscard]] value_map values(index sequence) const {
    return rows_.values(first_row(sequence), size(sequence));
  }

  // All rows of all sequences, unused room too, for a call with batch: a sequence has the rows of
  // its capacity, rounded up to whole tiles of 64.
  [[nodiscard]] key_map keys() const { return rows_.keys(0, rows_.rows()); }
  [[nodiscard]] value_map values() const { return rows_.values(0, rows_.rows()); }

  // The heed::packed modifier for a call over all rows: rows query_starts[s] ... of q belong to
  // sequence s, which may have none. Refers to the caches, so that later appends count too;
  // query_starts are moved in if they are a temporary, and referred to if they have a name.
  template <class Starts>
  [[nodiscard]] packed batch(Starts&& query_starts) const {
    return packed(std::forward<Starts>(query_starts), starts_, lengths_);
  }

  // Removes all but the first `size` positions of a sequence: a rollback.
  void truncate(index sequence, index size) {
    index& length = lengths_[place_of(sequence)];
    detail::require(size >= 0 && size <= length, name, ": sequence ", sequence,
                    " cannot be cut to ", size, " rows, it has ", length);
    length = size;
  }
  void clear(index sequence) { truncate(sequence, 0); }
  void clear() { std::fill(lengths_.begin(), lengths_.end(), 0); }

  // Replaces the rows of sequence `to` by a copy of the rows of sequence `from`, or of its first
  // `prefix` positions.
  void branch(index from, index to) { branch(from, to, size(from)); }
  void branch(index from, index to, index prefix) {
    detail::require(prefix >= 0 && prefix <= size(from), name, ": cannot branch after ", prefix,
                    " rows of sequence ", from, ", it has ", size(from));
    index& length = lengths_[place_of(to)];
    rows_.move(first_row(from), first_row(to), prefix);
    length = prefix;
  }

 private:
  static constexpr const char* name = "heed::kv_caches";

  static index rows_of(const sizes& s) {
    detail::require(s.sequences >= 0 && s.capacity >= 0, name, ": sequences is ", s.sequences,
                    ", capacity is ", s.capacity, "; neither may be negative");
    constexpr index most = (std::numeric_limits<index>::max)();
    const bool fits = s.capacity <= most - keys_per_tile &&
                      (s.sequences == 0 || rows_of(s.capacity) <= most / s.sequences);
    detail::require<std::length_error>(fits, name, ": ", s.sequences, " sequences of ", s.capacity,
                                       " positions are more than memory can address");
    return s.sequences * rows_of(s.capacity);
  }

  // Rows of memory that `capacity` positions take: whole tiles of keys.
  static index rows_of(index capacity) {
    return detail::divide_up(capacity, keys_per_tile) * keys_per_tile;
  }

  std::size_t place_of(index sequence) const {
    detail::require<std::out_of_range>(sequence >= 0 && sequence < sequences(), name,
                                       ": there is no sequence ", sequence, " among ", sequences(),
                                       sequences() == 0 ? "; sequences was not given" : "");
    return static_cast<std::size_t>(sequence);
  }
  index first_row(index sequence) const { return starts_[place_of(sequence)]; }

  // Part i of k and v goes to sequence first + i.
  template <class K, class V>
  void append_to(index first, index count, const detail::number_span<index>& starts, const K& k,
                 const V& v) {
    if constexpr (detail::cache_takes<Storage, K>() && detail::cache_takes<Storage, V>()) {
      const detail::key_view_t<K> keys = detail::view_of(k);
      const detail::key_view_t<V> values = detail::view_of(v);
      rows_.check(keys, values);
      detail::check_starts(name, "row offsets", "k", starts, detail::elements_of(keys).rows);
      const auto rows = [&](index i) { return starts[i + 1] - starts[i]; };
      for (index i = 0; i < count; ++i)
        detail::require<std::length_error>(rows(i) <= capacity_ - size(first + i), name, ": ",
                                           rows(i), " more rows do not fit: ", size(first + i),
                                           " of ", capacity_, " are taken in sequence ", first + i,
                                           capacity_ == 0 ? "; capacity was not given" : "");
      for (index i = 0; i < count; ++i) {
        index& length = lengths_[place_of(first + i)];
        rows_.write(first_row(first + i) + length, detail::some_rows(keys, starts[i], rows(i)),
                    detail::some_rows(values, starts[i], rows(i)));
        length += rows(i);
      }
    }
  }

  detail::cache_rows<Storage, true> rows_;
  index capacity_;
  std::vector<index> lengths_;  // rows that each sequence holds
  std::vector<index> starts_;   // first row of each sequence, and the end of the last room
};

}  // namespace HEED_ABI
}  // namespace heed
