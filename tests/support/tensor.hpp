// SPDX-License-Identifier: MIT
// A tensor as files hold it: an element type, a shape, row-major bytes.
#pragma once

#include <heed/core/types.hpp>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace support {

using heed::index;

enum class element { boolean, int32, int64, float16, bfloat16, float32, float64 };

// The names that ONNX and safetensors give an element type.
inline element element_named(std::string_view name) {
  struct entry {
    element type;
    std::string_view onnx, safetensors;
  };
  constexpr entry entries[] = {
      {element::boolean, "bool", "BOOL"},      {element::int32, "int32", "I32"},
      {element::int64, "int64", "I64"},        {element::float16, "float16", "F16"},
      {element::bfloat16, "bfloat16", "BF16"}, {element::float32, "float32", "F32"},
      {element::float64, "float64", "F64"},
  };
  for (const entry& e : entries)
    if (name == e.onnx || name == e.safetensors) return e.type;
  throw std::runtime_error("tensor: unknown element type " + std::string(name));
}

template <class T>
struct element_of;
template <>
struct element_of<bool> {
  static constexpr element type = element::boolean;
};
template <>
struct element_of<std::int32_t> {
  static constexpr element type = element::int32;
};
template <>
struct element_of<std::int64_t> {
  static constexpr element type = element::int64;
};
template <>
struct element_of<Eigen::half> {
  static constexpr element type = element::float16;
};
template <>
struct element_of<Eigen::bfloat16> {
  static constexpr element type = element::bfloat16;
};
template <>
struct element_of<float> {
  static constexpr element type = element::float32;
};
template <>
struct element_of<double> {
  static constexpr element type = element::float64;
};

inline index bytes_of(element type) {
  switch (type) {
    case element::boolean:
      return 1;
    case element::float16:
    case element::bfloat16:
      return 2;
    case element::int32:
    case element::float32:
      return 4;
    case element::int64:
    case element::float64:
      return 8;
  }
  throw std::runtime_error("tensor: unknown element type");
}

class tensor {
 public:
  // Throws unless there are as many bytes as the shape asks for.
  tensor(element type, std::vector<index> shape, std::vector<std::byte> bytes)
      : type_(type), shape_(std::move(shape)), bytes_(std::move(bytes)) {
    constexpr index most = index(1) << 40;
    index count = 1;
    for (const index n : shape_) {
      if (n < 0 || (n > 0 && count > most / n)) throw std::runtime_error("tensor: a bad shape");
      count *= n;
    }
    if (count * bytes_of(type) != static_cast<index>(bytes_.size()))
      throw std::runtime_error("tensor: the shape asks for " + std::to_string(count) +
                               " elements, but there are " + std::to_string(bytes_.size()) +
                               " bytes");
    size_ = count;
  }

  [[nodiscard]] element type() const { return type_; }
  [[nodiscard]] index size() const { return size_; }
  [[nodiscard]] index rank() const { return static_cast<index>(shape_.size()); }
  [[nodiscard]] const std::vector<index>& shape() const { return shape_; }

  // Length of one axis; negative ones count from the last.
  [[nodiscard]] index extent(index axis) const {
    return shape_.at(static_cast<std::size_t>(axis < 0 ? axis + rank() : axis));
  }

  template <class T>
  [[nodiscard]] const T* data() const {
    if (element_of<T>::type != type_) throw std::runtime_error("tensor: read as another type");
    return reinterpret_cast<const T*>(bytes_.data());
  }

  // The elements as a row-major matrix whose columns are the last axis.
  template <class T>
  [[nodiscard]] Eigen::Map<const heed::matrix<T>> rows() const {
    const index columns = rank() == 0 ? 1 : extent(-1);
    return {data<T>(), columns == 0 ? 0 : size_ / columns, columns};
  }

 private:
  element type_;
  std::vector<index> shape_;
  std::vector<std::byte> bytes_;
  index size_ = 0;
};

}  // namespace support
