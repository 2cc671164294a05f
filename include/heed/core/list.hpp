// SPDX-License-Identifier: MIT
// A read-only list of numbers of any arithmetic type, read as Value: slopes, logits, row offsets.
//
//   std::vector<int> starts{0, 7, 19};
//   heed::list<heed::index> offsets(starts);
//   offsets[2];  // 19
#pragma once

#include <heed/core/check.hpp>   // require, storage, index
#include <heed/core/narrow.hpp>  // narrowed

#include <ranges>  // contiguous_range, sized_range

namespace heed {
inline namespace HEED_ABI {

// Refers to the numbers it was made from; they must outlive it. The element type is erased, so that
// a rule's type does not depend on it.
template <class Value>
class list {
 public:
  list() = default;

  // From a vector, array, span or C array ...
  template <std::ranges::contiguous_range Range>
  requires std::ranges::sized_range<Range> &&(!eigen_object<Range>)explicit list(const Range& range)
      : list(std::ranges::data(range), static_cast<index>(std::ranges::size(range)), 1) {}

  // ... or from an Eigen vector of any stride.
  template <storage Vector>
  explicit list(const Vector& vector)
      : list(vector.data(), vector.size(),
             vector.cols() == 1 ? vector.rowStride() : vector.colStride()) {
    require(vector.rows() == 1 || vector.cols() == 1,
            "heed: a vector of numbers is expected, but a ", view_of(vector), " matrix is given");
  }

  template <class Other>
  requires(!std::ranges::contiguous_range<Other> && !storage<Other>) explicit list(const Other&) {
    static_assert(
        storage<Other>,
        "heed: give a vector of numbers; an Eigen expression must be stored or .eval()ed");
  }

  index size() const { return size_; }
  bool given() const { return read_ != nullptr; }
  Value operator[](index i) const { return read_(data_, i * stride_); }

 private:
  template <class Element>
  list(const Element* data, index size, index stride)
      : data_(data), size_(size), stride_(stride), read_(&read<Element>) {
    static_assert(
        requires(const Element& e) { static_cast<Value>(e); },
        "heed: give a vector of plain numbers");
  }

  template <class Element>
  static Value read(const void* data, index offset) {
    return narrowed<Value>(static_cast<const Element*>(data)[offset]);
  }

  const void* data_ = nullptr;
  index size_ = 0;
  index stride_ = 0;
  Value (*read_)(const void*, index) = nullptr;
};

}  // namespace HEED_ABI
}  // namespace heed
