// SPDX-License-Identifier: MIT
// A span of numbers of any floating-point type that a call writes: gradients of slopes, of logits.
//
//   std::vector<float> sums(3);
//   heed::detail::number_output output(sums);
//   output.set(1, 0.5);  // sums[1] is 0.5f
#pragma once

#include <heed/core/check.hpp>     // require
#include <heed/core/concepts.hpp>  // storage, writable, index

#include <ranges>  // contiguous_range, sized_range

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// What a number_output can be made of: a vector, array or span of floating-point numbers, or an Eigen
// vector, that may be written to.
template <class Numbers>
concept writable_numbers = writable<Numbers> ||
    (!eigen_object<Numbers> && std::ranges::contiguous_range<Numbers> &&
     std::ranges::sized_range<Numbers> &&
     requires(std::ranges::range_reference_t<Numbers> element) { element = 0.5f; });

// Refers to the numbers that it was made of; they must outlive it.
class number_output {
 public:
  number_output() = default;

  template <writable_numbers Numbers>
  explicit number_output(Numbers& numbers, const char* taker = "heed") {
    if constexpr (storage<Numbers>) {
      require(numbers.rows() == 1 || numbers.cols() == 1, taker,
              ": a vector of numbers is expected, but a ", extent{numbers.rows(), numbers.cols()},
              " matrix is given");
      *this = number_output(numbers.data(), numbers.size(),
                            numbers.cols() == 1 ? numbers.rowStride() : numbers.colStride());
    } else {
      *this = number_output(std::ranges::data(numbers),
                            static_cast<index>(std::ranges::size(numbers)), index(1));
    }
  }

  index size() const { return size_; }
  bool given() const { return write_ != nullptr; }
  void set(index i, double number) const { write_(data_, i * stride_, number); }
  void add(index i, double number) const { set(i, read_(data_, i * stride_) + number); }

 private:
  template <class Element>
  number_output(Element* data, index size, index stride)
      : data_(data), size_(size), stride_(stride), read_(&read<Element>), write_(&write<Element>) {}

  template <class Element>
  static double read(const void* data, index offset) {
    return static_cast<double>(static_cast<const Element*>(data)[offset]);
  }
  template <class Element>
  static void write(void* data, index offset, double number) {
    static_cast<Element*>(data)[offset] = static_cast<Element>(number);
  }

  void* data_ = nullptr;
  index size_ = 0;
  index stride_ = 0;
  double (*read_)(const void*, index) = nullptr;
  void (*write_)(void*, index, double) = nullptr;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
