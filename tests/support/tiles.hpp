// SPDX-License-Identifier: MIT
// Memory in which keys lie in tiles, with NaN or the largest integer in all that is no key: nothing
// of it may reach a result.
#pragma once

#include <heed/storage/key_tiles.hpp>
#include <heed/storage/quantised.hpp>

#include <limits>
#include <vector>

namespace support {

template <class Storage>
class tiles {
 public:
  explicit tiles(const heed::matrix<Storage>& k)
      : rows_(k.rows()),
        cols_(k.cols()),
        memory_(std::size_t(heed::detail::divide_up(rows_, 64) * 64 * cols_), nothing) {
    for (heed::index i = 0; i < rows_; ++i)
      for (heed::index j = 0; j < cols_; ++j)
        memory_[std::size_t(i / 64 * 64 * cols_ + j * 64 + i % 64)] = k(i, j);
  }

  heed::key_tiles<Storage> keys() const { return {memory_.data(), rows_, cols_}; }
  heed::detail::tiled_view<const Storage> view() const { return heed::detail::view_of(keys()); }

 private:
  static constexpr bool is_integer = std::numeric_limits<Storage>::is_integer;
  inline static const Storage nothing =
      is_integer ? std::numeric_limits<Storage>::max() : std::numeric_limits<Storage>::quiet_NaN();

  heed::index rows_, cols_;
  std::vector<Storage> memory_;
};

// The same of 8-bit integers, with their scales.
class quantised_tiles {
 public:
  quantised_tiles(const heed::matrix<std::int8_t>& numbers, const heed::matrix<float>& scales)
      : numbers_(numbers), scales_(scales) {}

  heed::quantised keys() const { return {numbers_.view(), scales_.view()}; }

 private:
  tiles<std::int8_t> numbers_;
  tiles<float> scales_;
};

}  // namespace support
