// SPDX-License-Identifier: MIT
// The memory of a cache: rows of keys and rows of values, a row a position.
//
//   heed::cache_rows<float> rows("heed::kv_cache", 4096, {.heads = 2, .width = 64});
//   rows.write(0, heed::view_of(k), heed::view_of(v));  // k and v: (5, 2 * 64)
//   rows.keys(0, 5);                                    // the same numbers, (5, 2 * 64)
#pragma once

#include <heed/core/check.hpp>       // require, view
#include <heed/core/copy.hpp>        // copy
#include <heed/core/overlap.hpp>     // overlap
#include <heed/rules/arguments.hpp>  // attention_scalar

#include <cstring>  // memmove
#include <memory>   // unique_ptr
#include <new>      // align_val_t
#include <utility>  // exchange

namespace heed {
inline namespace HEED_ABI {

// What a row holds: heads next to each other.
struct cache_heads {
  index heads = 1;        // key/value heads
  index width;            // columns of one head in keys
  index value_width = 0;  // ... and in values; 0: as many
};

// What a cache takes for its keys or values: memory that holds its own scalar, or the one in which
// sums over it are formed.
template <class Storage, class Rows>
constexpr bool cache_takes() {
  static_assert(storage<Rows>,
                "heed: a cache is given an Eigen expression; store it or call .eval()");
  if constexpr (storage<Rows>) {
    constexpr bool fits = std::is_same_v<scalar_of<Rows>, Storage> ||
                          std::is_same_v<scalar_of<Rows>, accumulator_t<Storage>>;
    static_assert(fits,
                  "heed: a cache takes its own scalar, and float where it holds half or bfloat16; "
                  ".cast<>() to one of them");
    return fits;
  } else {
    return false;
  }
}

// Allocates once, and touches no row before it is written. Who owns it knows which rows are.
template <class Storage>
class cache_rows {
 public:
  static_assert(attention_scalar<Storage>,
                "heed: a cache holds float, double, Eigen::half or Eigen::bfloat16");

  // Some of the rows as one matrix of whole positions, which goes straight into heed::attention.
  using map = Eigen::Map<const matrix<Storage>, 0, Eigen::OuterStride<>>;

  // `name` begins the sentences of refusals. Throws shape_error for a negative or missing size, and
  // std::length_error for more than memory can address.
  cache_rows(const char* name, index rows, const cache_heads& h)
      : name_(name),
        heads_(checked(name, rows, h)),
        rows_(rows),
        keys_(rows, heads_.heads * heads_.width),
        values_(rows, heads_.heads * heads_.value_width) {}

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

  // Refuses keys and values that do not fit each other or a row, whatever place they are for.
  template <class K, class V>
  void check(const view<const K>& k, const view<const V>& v) const {
    check_columns("k", k, heads_.width);
    check_columns("v", v, heads_.value_width);
    require(k.rows == v.rows, name_, ": k and v differ in rows: k is ", k, ", v is ", v);
  }

  // Puts keys and values, which have been checked and lie elsewhere, at rows first ...
  template <class K, class V>
  void write(index first, const view<const K>& k, const view<const V>& v) {
    keys_.write(first, k);
    values_.write(first, v);
  }

  // Copies rows from ... from + count - 1 to rows to ...; the two may overlap.
  void move(index from, index to, index count) {
    keys_.move(keys_, from, to, count);
    values_.move(values_, from, to, count);
  }

  // The same from the rows of another, whose heads are alike.
  void copy_from(const cache_rows& other, index from, index to, index count) {
    keys_.move(other.keys_, from, to, count);
    values_.move(other.values_, from, to, count);
  }

  [[nodiscard]] map keys(index first, index count) const { return keys_.rows(first, count); }
  [[nodiscard]] map values(index first, index count) const { return values_.rows(first, count); }

  // Whether x shares an element with any row.
  template <class X>
  bool overlaps(const view<const X>& x) const {
    return overlap(x, view_of(keys(0, rows_))) || overlap(x, view_of(values(0, rows_)));
  }

 private:
  static constexpr index cache_line = 64;
  static constexpr index page = 4096;

  // One matrix. Rows follow one another without gaps, except where a row is a whole number of
  // pages: there the elements of one column would share few places in a processor's cache, so a row
  // gets a cache line more.
  class block {
   public:
    block(index rows, index cols) : cols_(cols), pitch_(cols) {
      constexpr index size = sizeof(Storage);
      if (cols * size % page == 0) pitch_ += cache_line / size;
      const auto bytes = static_cast<std::size_t>(rows * pitch_ * size);
      memory_.reset(static_cast<Storage*>(::operator new(bytes, std::align_val_t(cache_line))));
    }

    template <class From>
    void write(index first, const view<const From>& from) {
      const view<Storage> to{at(first), from.rows, cols_, pitch_, 1};
      if constexpr (std::is_same_v<From, accumulator_t<Storage>>)
        copy(to, from);
      else
        for (index i = 0; i < to.rows; ++i)
          for (index j = 0; j < to.cols; ++j) to(i, j) = from(i, j);
    }

    void move(const block& source, index from, index to, index count) {
      if (count > 0)
        std::memmove(static_cast<void*>(at(to)), source.at(from),
                     static_cast<std::size_t>(count * pitch_) * sizeof(Storage));
    }

    map rows(index first, index count) const {
      return map(at(first), count, cols_, Eigen::OuterStride<>(pitch_));
    }

   private:
    struct release {
      void operator()(Storage* p) const { ::operator delete(p, std::align_val_t(cache_line)); }
    };

    Storage* at(index row) const { return memory_.get() + row * pitch_; }

    index cols_;
    index pitch_;  // elements from one row to the next
    std::unique_ptr<Storage, release> memory_;
  };

  static cache_heads checked(const char* name, index rows, cache_heads h) {
    require(h.heads >= 1 && h.width >= 1 && h.value_width >= 0, name, ": heads is ", h.heads,
            ", width is ", h.width, ", value_width is ", h.value_width,
            "; the first two must be positive, the third positive or 0 for as many as width");
    if (h.value_width == 0) h.value_width = h.width;
    constexpr index most = std::numeric_limits<index>::max() / (2 * index(sizeof(Storage)));
    const index widest = std::max(h.width, h.value_width);
    require<std::length_error>(widest <= most / h.heads && rows <= most / (h.heads * widest), name,
                               ": ", rows, " rows of ", h.heads, " heads of width ", widest,
                               " are more than memory can address");
    return h;
  }

  template <class X>
  void check_columns(const char* argument, const view<const X>& x, index width) const {
    require(x.cols == heads_.heads * width, name_, ": ", argument, " is ", x, ", but a row has ",
            heads_.heads * width, " columns, ", heads_.heads, " x ", width);
  }

  const char* name_;
  cache_heads heads_;
  index rows_;
  block keys_;    // (rows, heads * width)
  block values_;  // (rows, heads * value_width)
};

}  // namespace HEED_ABI
}  // namespace heed
