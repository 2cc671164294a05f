// SPDX-License-Identifier: MIT
// A read-only span of numbers of any arithmetic type, read as Value: slopes, logits, row offsets.
//
//   std::vector<int> starts{0, 7, 19};
//   heed::number_span<heed::index> offsets(starts);
//   offsets[2];  // 19
#pragma once

#include <heed/core/check.hpp>     // require
#include <heed/core/concepts.hpp>  // storage, index
#include <heed/core/narrow.hpp>    // narrowed

#include <ranges>  // contiguous_range, sized_range

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// What a number_span<Value> can be made from: a vector, array, span or C array of numbers, or an Eigen
// vector whose elements lie in memory.
template <class Numbers, class Value>
concept numbers_for =
    (storage<Numbers> &&
     requires(const scalar_of<Numbers>& element) { static_cast<Value>(element); }) ||
    (!eigen_object<Numbers> && std::ranges::contiguous_range<const std::remove_cvref_t<Numbers>> &&
     std::ranges::sized_range<const std::remove_cvref_t<Numbers>> &&
     requires(const std::ranges::range_value_t<std::remove_cvref_t<Numbers>>& element) {
       static_cast<Value>(element);
     });

// Refers to the numbers it was made from; they must outlive it. The element type is erased, so that
// a rule's type does not depend on it.
template <class Value>
class number_span {
 public:
  number_span() = default;

  // An Eigen vector may have any stride; a matrix of several rows and columns is refused in the name
  // of `taker`.
  template <numbers_for<Value> Numbers>
  explicit number_span(const Numbers& numbers, const char* taker = "heed") {
    if constexpr (storage<Numbers>) {
      require(numbers.rows() == 1 || numbers.cols() == 1, taker,
              ": a vector of numbers is expected, but a ", extent{numbers.rows(), numbers.cols()},
              " matrix is given");
      *this = number_span(numbers.data(), numbers.size(),
                          numbers.cols() == 1 ? numbers.rowStride() : numbers.colStride());
    } else {
      *this = number_span(std::ranges::data(numbers),
                          static_cast<index>(std::ranges::size(numbers)), index(1));
    }
  }

  index size() const { return size_; }
  bool given() const { return read_ != nullptr; }
  Value operator[](index i) const { return read_(data_, i * stride_); }

 private:
  template <class Element>
  number_span(const Element* data, index size, index stride)
      : data_(data), size_(size), stride_(stride), read_(&read<Element>) {}

  template <class Element>
  static Value read(const void* data, index offset) {
    return narrowed<Value>(static_cast<const Element*>(data)[offset]);
  }

  const void* data_ = nullptr;
  index size_ = 0;
  index stride_ = 0;
  Value (*read_)(const void*, index) = nullptr;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
