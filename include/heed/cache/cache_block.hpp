// SPDX-License-Identifier: MIT
// The memory of a cache's keys, or of its values: a matrix whose rows stay where they are.
//
//   heed::cache_block<float> keys(4096, 2, 64);  // rows, heads, columns of a head
//   keys.write(0, heed::view_of(k));             // k: (5, 2 * 64)
//   keys.rows(0, 5);                             // the same numbers, (5, 2 * 64)
#pragma once

#include <heed/core/copy.hpp>         // copy
#include <heed/core/large_pages.hpp>  // alignment_of, ask_for_large_page
#include <heed/core/quantise.hpp>     // quantise, quantised

#include <cstring>  // memmove
#include <memory>   // unique_ptr

namespace heed {
inline namespace HEED_ABI {

// Allocates once, and touches no row before it is written. Rows follow one another without gaps,
// except where a row is a whole number of pages: there the elements of one column would share few
// places in a processor's cache, so a row gets a cache line more. What lies beyond the first large
// page is asked for in large pages as rows reach it.
template <class Storage>
class plain_block {
 public:
  using map = Eigen::Map<const matrix<Storage>, 0, Eigen::OuterStride<>>;

  plain_block(index rows, index heads, index width) : cols_(heads * width), pitch_(cols_) {
    constexpr index size = sizeof(Storage), page = 4096;
    if (cols_ * size % page == 0) pitch_ += cache_line / size;
    const auto bytes = static_cast<std::size_t>(rows * pitch_ * size);
    const std::align_val_t alignment = alignment_of(bytes);
    memory_ = {static_cast<Storage*>(::operator new(bytes, alignment)), release{alignment}};
    large_pages_ = bytes / large_page;
  }

  // Puts rows, which lie elsewhere, at `first` ...
  template <class From>
  void write(index first, const view<const From>& from) {
    const view<Storage> to = place(first, from.rows);
    if constexpr (std::is_same_v<From, accumulator_t<Storage>>)
      copy(to, from);
    else
      for (index i = 0; i < to.rows; ++i)
        for (index j = 0; j < to.cols; ++j) to(i, j) = from(i, j);
  }

  // Copies rows from ... from + count - 1 of another one to rows to ...; the two may overlap.
  void move(const plain_block& source, index from, index to, index count) {
    if (count > 0)
      std::memmove(static_cast<void*>(place(to, count).data), source.at(from), bytes_of(count));
  }

  // Some of the rows as one matrix, which goes straight into heed::attention.
  [[nodiscard]] map rows(index first, index count) const {
    return map(at(first), count, cols_, Eigen::OuterStride<>(pitch_));
  }

  // ... to be written to.
  view<Storage> place(index first, index count) {
    while (asked_for_ < large_pages_ && asked_for_ * large_page < bytes_of(first + count))
      ask_for_large_page(memory_.get(), asked_for_++);
    return {at(first), count, cols_, pitch_, 1};
  }

 private:
  static constexpr index cache_line = 64;

  struct release {
    std::align_val_t alignment{};
    void operator()(Storage* p) const { ::operator delete(p, alignment); }
  };

  Storage* at(index row) const { return memory_.get() + row * pitch_; }
  std::size_t bytes_of(index rows) const {
    return static_cast<std::size_t>(rows * pitch_) * sizeof(Storage);
  }

  index cols_;
  index pitch_;                  // elements from one row to the next
  std::size_t large_pages_ = 0;  // whole ones
  std::size_t asked_for_ = 1;    // the first of all is not: many caches hold but a few rows
  std::unique_ptr<Storage, release> memory_;
};

// The same for 8-bit integers with a scale for each row and head.
class quantised_block {
 public:
  using map = quantised;

  quantised_block(index rows, index heads, index width)
      : numbers_(rows, heads, width), scales_(rows, heads, 1) {}

  template <class From>
  void write(index first, const view<const From>& from) {
    detail::quantise(from, numbers_.place(first, from.rows), scales_.place(first, from.rows));
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
    return {numbers_.rows(first, count), scales_.rows(first, count)};
  }

 private:
  plain_block<std::int8_t> numbers_;  // (rows, heads * width)
  plain_block<float> scales_;         // (rows, heads)
};

template <class Storage>
using cache_block = std::conditional_t<std::is_same_v<Storage, quantised::Scalar>, quantised_block,
                                       plain_block<Storage>>;

}  // namespace HEED_ABI
}  // namespace heed
