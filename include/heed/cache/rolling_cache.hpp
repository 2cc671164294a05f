// SPDX-License-Identifier: MIT
// Rolling KV cache: the last keys and values of an endless sequence and, with .sinks, its very
// first ones.
//
//   heed::rolling_cache<float> cache({.window = 256, .sinks = 4, .heads = 2, .width = 64});
//   cache.append(k_new, v_new);  // (tokens, 2 * 64)
//   heed::attention(q_new, cache.keys(), cache.values(), out, heed::heads{8, 2}, heed::causal);
//
// For the newest query this is attention over all that was ever appended, with the mask
// heed::causal && (heed::window{.left = 255} || heed::prefix(4)). Xiao et al., "Efficient Streaming
// Language Models with Attention Sinks", 2023.
#pragma once

#include <heed/cache/cache_rows.hpp>  // cache_rows

#include <algorithm>  // max, min
#include <numeric>    // iota
#include <utility>    // exchange, swap
#include <vector>     // vector

namespace heed {
inline namespace HEED_ABI {

// Rows are in order of position, sinks first, so that the mask above means the same for the rows of
// the cache as for the whole sequence: for n queries in one call, keep n - 1 rows more than the
// mask's window and pass the mask to the call. Rules that count distance in rows (ALiBi, rotary
// positions applied to keys()) count distance within the cache, as the paper does; positions() has
// the true positions.
//
// Memory for the sinks and two windows, allocated when the cache is constructed and when it is
// copied, and never else. The kept rows advance through this memory: an append that drops rows
// moves the sinks to the rows that remain, and at the end of the memory all kept rows are moved to
// its beginning; over time at most one row of the window is moved for each row appended.
//
// With `take_back`, as many rows that have left the window are kept before the sinks, where keys()
// does not show them: truncate() can then move the end of the window back, to undo drafts that are
// rejected (speculative decoding).
template <class Storage>
class rolling_cache {
 public:
  using map = typename detail::cache_rows<Storage, false>::value_map;
  using position_map = Eigen::Map<const Eigen::Matrix<index, Eigen::Dynamic, 1>>;

  struct sizes {
    index window;           // last positions that are kept
    index sinks = 0;        // first positions, which are always kept
    index take_back = 0;    // last positions that truncate() can take back; at most the window
    index heads = 1;        // key/value heads
    index width;            // columns of one head in keys
    index value_width = 0;  // columns of one head in values; 0: `width`
  };

  explicit rolling_cache(const sizes& s)
      : rows_(name, rows_of(s), {s.heads, s.width, s.value_width}),
        positions_(static_cast<std::size_t>(rows_.rows())),
        now_{.window = s.window, .sinks = s.sinks, .take_back = s.take_back} {}

  rolling_cache(const rolling_cache& other)
      : rows_(name, other.rows_.rows(), other.rows_.heads()),
        positions_(other.positions_),
        now_(other.now_) {
    const index first = now_.first - now_.behind;
    rows_.copy_from(other.rows_, first, first, now_.behind + now_.size);
  }
  rolling_cache(rolling_cache&& other) noexcept
      : rows_(std::move(other.rows_)),
        positions_(std::move(other.positions_)),
        now_(std::exchange(other.now_, {})) {}
  rolling_cache& operator=(rolling_cache other) noexcept {
    std::swap(rows_, other.rows_);
    std::swap(positions_, other.positions_);
    std::swap(now_, other.now_);
    return *this;
  }
  ~rolling_cache() = default;

  // Rows that are kept: all that were appended, or sinks + window.
  [[nodiscard]] index size() const { return now_.size; }
  [[nodiscard]] index window() const { return now_.window; }
  [[nodiscard]] index sinks() const { return now_.sinks; }
  [[nodiscard]] index heads() const { return rows_.heads().heads; }
  [[nodiscard]] index width() const { return rows_.heads().width; }
  [[nodiscard]] index value_width() const { return rows_.heads().value_width; }

  // The position of the next token: the number of tokens that have been appended.
  [[nodiscard]] index position() const { return now_.position; }

  // k: (tokens, heads * width), v: (tokens, heads * value_width), any number of tokens, in any
  // storage order and with any stride, of any scalar that kv_cache::append takes. Throws
  // shape_error if sizes do not fit or if k or v are rows of the cache itself, which may have to
  // move; the cache is then unchanged.
  template <class K, class V>
  void append(const K& k, const V& v) {
    if constexpr (detail::cache_takes<Storage, K>() && detail::cache_takes<Storage, V>()) {
      const detail::key_view_t<K> keys = detail::view_of(k);
      const detail::key_view_t<V> values = detail::view_of(v);
      rows_.check(keys, values);
      detail::require(!rows_.overlaps(keys) && !rows_.overlaps(values), name, ": k (",
                      detail::elements_of(keys), ") or v (", detail::elements_of(values),
                      ") overlaps the cache's own rows in memory");
      const index count = detail::elements_of(keys).rows;
      const index sinks = (std::min)(count, now_.sinks - (std::min)(now_.sinks, now_.position));
      const index last = (std::min)(count - sinks, now_.window + now_.take_back);
      put(keys, values, 0, sinks);
      now_.position += count - sinks - last;
      for (index done = count - last; done < count;) {
        const index some = (std::min)(count - done, now_.window);
        make_room(some);
        put(keys, values, done, some);
        done += some;
      }
    }
  }

  // (size, heads * width) and (size, heads * value_width), in order of position; valid until the
  // next append.
  [[nodiscard]] map keys() const { return rows_.keys(now_.first, now_.size); }
  [[nodiscard]] map values() const { return rows_.values(now_.first, now_.size); }

  // The position of each of these rows in the sequence: (size).
  [[nodiscard]] position_map positions() const {
    return position_map(positions_.data() + now_.first, now_.size);
  }

  // Removes all but the first `position` tokens, as if no more had been appended: a rollback.
  // Throws shape_error, and changes nothing, if `position` exceeds the tokens appended, or if more
  // rows would have to return to the window than the `take_back` rows that are kept.
  void truncate(index position) {
    detail::require(position >= 0 && position <= now_.position, name, ": cannot be cut to ",
                    position, " tokens, it has ", now_.position);
    const index cut = now_.position - position;
    if (now_.position == now_.size) {  // no row has left the window
      now_.size = now_.position = position;
      return;
    }
    const index in_window = now_.size - now_.sinks;
    const index wanted = (std::min)(position - now_.sinks, now_.window);
    const index back = wanted - (in_window - cut);  // rows that return to the window
    detail::require(cut <= in_window && back <= now_.behind, name, ": cannot be cut by ", cut,
                    " tokens to ", position, ": of the rows that have left the window ",
                    now_.behind, " are kept; take_back is ", now_.take_back);
    swap_with_sinks(now_.first - back, back, now_.sinks);
    now_.first -= back;
    now_.behind -= back;
    now_.size += back - cut;
    now_.position = position;
  }

  // Removes everything; the next token has position 0.
  void clear() { now_ = {.window = now_.window, .sinks = now_.sinks, .take_back = now_.take_back}; }

 private:
  static constexpr const char* name = "heed::rolling_cache";

  struct state {
    index window = 0;
    index sinks = 0;
    index take_back = 0;
    index first = 0;     // first row of memory that is kept
    index size = 0;      // rows that are kept
    index behind = 0;    // rows before them that can return to the window
    index position = 0;  // tokens that were ever appended
  };

  static index rows_of(const sizes& s) {
    detail::require_given(name, "window", s.window, "the number of last positions that are kept");
    detail::require(s.window >= 1 && s.sinks >= 0, name, ": window is ", s.window, ", sinks is ",
                    s.sinks, "; the first must be positive, the second not negative");
    detail::require(s.take_back >= 0 && s.take_back <= s.window, name, ": take_back is ",
                    s.take_back, "; it must be from 0 to the window of ", s.window);
    constexpr index most = (std::numeric_limits<index>::max)() / 8;
    detail::require<std::length_error>(s.window <= most && s.sinks <= most, name, ": a window of ",
                                       s.window, " and ", s.sinks,
                                       " sinks are more than memory can address");
    return s.sinks + 2 * s.window + s.take_back + spare_rows(s.take_back, s.sinks);
  }

  // Rows at the end of the memory through which sinks and other rows are swapped.
  static index spare_rows(index take_back, index sinks) { return take_back > 0 ? sinks : 0; }

  // Drops the rows that `count` new rows push out of the window, and moves rows so that there is
  // room for the new rows behind the others. `count` is at most the window.
  void make_room(index count) {
    const index sinks = (std::min)(now_.size, now_.sinks);
    const index dropped = (std::max)(index(0), now_.size - sinks + count - now_.window);
    const index end = rows_.rows() - spare_rows(now_.take_back, now_.sinks);
    const bool fits = now_.first + now_.size + count <= end;
    if (now_.take_back > 0)
      swap_with_sinks(now_.first, sinks, dropped);
    else
      move(now_.first, now_.first + dropped, sinks);
    now_.first += dropped;
    now_.size -= dropped;
    now_.behind = (std::min)(now_.take_back, now_.behind + dropped);
    if (fits) return;
    move(now_.first - now_.behind, 0, now_.behind + now_.size);
    now_.first = now_.behind;
  }

  // Swaps two neighbouring ranges: `left` rows from `first` on and `right` rows behind them; one of
  // the ranges is the sinks.
  void swap_with_sinks(index first, index left, index right) {
    if (left == 0 || right == 0) return;
    const index spare = rows_.rows() - now_.sinks;
    if (left <= now_.sinks) {
      move(first, spare, left);
      move(first + left, first, right);
      move(spare, first + right, left);
    } else {
      move(first + left, spare, right);
      move(first, first + right, left);
      move(spare, first, right);
    }
  }

  void move(index from, index to, index count) {
    if (from == to || count == 0) return;
    rows_.move(from, to, count);
    std::memmove(&positions_[static_cast<std::size_t>(to)],
                 &positions_[static_cast<std::size_t>(from)],
                 static_cast<std::size_t>(count) * sizeof(index));
  }

  // Appends rows first ... first + count - 1 of k and v.
  template <class K, class V>
  void put(const K& k, const V& v, index first, index count) {
    const index to = now_.first + now_.size;
    rows_.write(to, detail::some_rows(k, first, count), detail::some_rows(v, first, count));
    const auto place = positions_.begin() + to;
    std::iota(place, place + count, now_.position);
    now_.size += count;
    now_.position += count;
  }

  detail::cache_rows<Storage, false> rows_;
  std::vector<index> positions_;  // the position of each row of memory
  state now_;
};

}  // namespace HEED_ABI
}  // namespace heed
