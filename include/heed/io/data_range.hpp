// SPDX-License-Identifier: MIT
// Which bytes of a file's data belong to which tensor, checked for overlaps and holes.
//
//   std::vector<heed::detail::data_range> ranges = {{"a", 0, 8}, {"b", 8, 24}};
//   heed::detail::check_ranges("model.safetensors", ranges, 1);
#pragma once

#include <heed/core/types.hpp>     // index
#include <heed/io/file_error.hpp>  // require_file, quoted

#include <algorithm>  // sort
#include <cstdint>    // uint64_t
#include <vector>     // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail {

struct data_range {
  std::string_view tensor;
  std::uint64_t begin, end;  // bytes from the first of the data
};

// n, rounded up to a multiple of `alignment`, a power of two. n is at most 2^63.
constexpr std::uint64_t aligned_up(std::uint64_t n, std::uint64_t alignment) {
  return (n + alignment - 1) & ~(alignment - 1);
}

// Refuses ranges that overlap, or that leave more bytes between them than their alignment needs.
// Returns where the last of them ends.
inline std::uint64_t check_ranges(const std::string& file, std::vector<data_range>& ranges,
                                  std::uint64_t alignment) {
  std::sort(ranges.begin(), ranges.end(), [](const data_range& a, const data_range& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  std::uint64_t end = 0;
  std::string_view before;
  for (const data_range& range : ranges) {
    if (range.begin < end)
      refuse_file(file, ": tensors ", quoted{before}, " and ", quoted{range.tensor},
                  " overlap: one ends at byte ", end, " of the data, the other begins at ",
                  range.begin);
    if (range.begin > aligned_up(end, alignment))
      refuse_file(file, ": ", range.begin - end, " bytes before tensor ", quoted{range.tensor},
                  " belong to no tensor: it begins at byte ", range.begin,
                  " of the data, what is before it ends at ", end);
    end = range.end;
    before = range.tensor;
  }
  return end;
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
