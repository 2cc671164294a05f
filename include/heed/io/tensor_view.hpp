// SPDX-License-Identifier: MIT
// A view of a tensor in a file: a name, a dtype, a shape, row-major bytes.
//
//   const heed::tensor_view& w = file["wte.weight"];
//   w.shape;          // {50257, 768}, outermost axis first, whatever the file's own order
//   w.bytes.size();   // 154389504, for F32
#pragma once

#include <heed/io/file_error.hpp>    // quoted, shape_text
#include <heed/storage/convert.hpp>  // dtype, to_float

#include <span>    // span
#include <string>  // string
#include <vector>  // vector

namespace heed {
inline namespace HEED_ABI {

// Refers to bytes that the file owns, at any address: they need not be aligned for their type. What a
// reader of files hands out has at most 16 axes, as many bytes as dtype and shape ask for, and rows
// (the last axis) of whole blocks.
struct tensor_view {
  std::string name;
  dtype type = dtype::f32;
  std::vector<index> shape;
  std::span<const std::byte> bytes;

  // Numbers in all; a shape without axes has one.
  [[nodiscard]] index size() const {
    index count = 1;
    for (const index n : shape) count *= n;
    return count;
  }
  // The tensor as a matrix whose columns are the last axis.
  [[nodiscard]] index cols() const { return shape.empty() ? 1 : shape.back(); }
  [[nodiscard]] index rows() const { return cols() == 0 ? 0 : size() / cols(); }
};

// A row-major matrix or a vector as a tensor, (rows, cols) or (size): refers to its numbers.
template <class Derived>
tensor_view tensor_view_of(std::string name, const Eigen::PlainObjectBase<Derived>& numbers) {
  static_assert(Derived::IsVectorAtCompileTime || Derived::IsRowMajor,
                "heed::tensor_view_of: files hold rows one after the other: give it a row-major "
                "matrix, such as heed::matrix");
  tensor_view tensor{std::move(name), dtype_of<typename Derived::Scalar>, {}, {}};
  if constexpr (!Derived::IsVectorAtCompileTime) tensor.shape.push_back(numbers.rows());
  tensor.shape.push_back(Derived::IsVectorAtCompileTime ? numbers.size() : numbers.cols());
  tensor.bytes = std::as_bytes(std::span(numbers.data(), static_cast<std::size_t>(numbers.size())));
  return tensor;
}

namespace detail {

inline constexpr std::size_t most_axes = 16;

// The number of values of a shape, or -1 if the shape is none: a negative size, more than 16 axes, or
// more values than 2^56, whose bytes an index could not count.
inline index count_values(std::span<const index> shape) {
  constexpr index most = index(1) << 56;
  if (shape.size() > most_axes) return -1;
  index count = 1;
  bool empty = false;
  for (const index n : shape) {
    if (n < 0) return -1;
    empty = empty || n == 0;
    if (n > 0 && count > most / n) return -1;
    count *= n > 0 ? n : 1;
  }
  return empty ? 0 : count;
}

// Refuses a tensor of `file` whose shape is none or has rows that are no whole blocks; returns the
// number of bytes that it takes.
inline index checked_bytes(const std::string& file, const tensor_view& t) {
  const index count = count_values(t.shape);
  const index block = facts_of(t.type).block_values;
  require_file(t.shape.size() <= most_axes, file, ": tensor ", quoted{t.name}, " has ",
               t.shape.size(), " axes; at most ", most_axes, " are read");
  require_file(count >= 0, file, ": tensor ", quoted{t.name}, ": no tensor has the shape ",
               shape_text{t.shape});
  require_file(t.cols() % block == 0, file, ": tensor ", quoted{t.name}, " is ",
               shape_text{t.shape}, ", but rows of ", name_of(t.type), " are multiples of ", block);
  return bytes_of(t.type, count);
}

// All values, row-major.
inline void to_float(const tensor_view& t, float* to) {
  to_float(t.type, t.bytes.data(), t.size(), to);
}

// Rows `first` to first + count - 1 of the tensor as a matrix, (rows, cols), into (count, cols).
inline void rows(const tensor_view& t, index first, index count, float* to) {
  require(first >= 0 && count >= 0 && first + count <= t.rows(), "heed: tensor ", quoted{t.name},
          " has ", t.rows(), " rows; rows ", first, " to ", first + count, " were requested");
  to_float(t.type, t.bytes.data() + bytes_of(t.type, first * t.cols()), count * t.cols(), to);
}

// All values as whole numbers. Refuses a tensor of U64 or of numbers that are not whole.
inline std::vector<index> to_index(const tensor_view& t) {
  std::vector<index> to(static_cast<std::size_t>(t.size()));
  const auto from = [&](auto number) {
    convert<decltype(number)>(t.bytes.data(), t.size(), to.data());
  };
  switch (t.type) {
    case dtype::i8:
      from(std::int8_t());
      break;
    case dtype::i16:
      from(std::int16_t());
      break;
    case dtype::i32:
      from(std::int32_t());
      break;
    case dtype::i64:
      from(std::int64_t());
      break;
    case dtype::u8:
    case dtype::boolean:
      from(std::uint8_t());
      break;
    case dtype::u16:
      from(std::uint16_t());
      break;
    case dtype::u32:
      from(std::uint32_t());
      break;
    default:
      refuse_file("heed: tensor ", quoted{t.name}, " holds ", name_of(t.type),
                  "; whole numbers were expected");
  }
  return to;
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
