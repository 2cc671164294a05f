// SPDX-License-Identifier: MIT
// Reads GGUF files: key-value pairs of every kind, then tensors of every type but the IQ, TQ and FP4 ones.
//
//   const heed::tensor_file file = heed::read_gguf("SmolLM2-135M-Instruct.gguf");
//   file.metadata().count("llama.block_count");               // 30
//   file.metadata().texts("tokenizer.ggml.tokens").size();    // 49152
//   file["token_embd.weight"].shape;                          // {49152, 576}, for GGUF's own 576 x 49152
#pragma once

#include <heed/io/byte_reader.hpp>  // byte_reader
#include <heed/io/data_range.hpp>   // data_range, check_ranges, aligned_up
#include <heed/io/tensor_file.hpp>  // tensor_file

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The number that GGUF gives a dtype, or nothing for one that it does not have or that is not read.
inline std::optional<dtype> gguf_dtype(std::uint32_t number) {
  struct pair {
    std::uint32_t number;
    dtype type;
  };
  constexpr pair pairs[] = {
      {0, dtype::f32},   {1, dtype::f16},   {2, dtype::q4_0},  {3, dtype::q4_1},  {6, dtype::q5_0},
      {7, dtype::q5_1},  {8, dtype::q8_0},  {10, dtype::q2_k}, {11, dtype::q3_k}, {12, dtype::q4_k},
      {13, dtype::q5_k}, {14, dtype::q6_k}, {15, dtype::q8_k}, {24, dtype::i8},   {25, dtype::i16},
      {26, dtype::i32},  {27, dtype::i64},  {28, dtype::f64},  {30, dtype::bf16}};
  for (const pair& p : pairs)
    if (p.number == number) return p.type;
  return std::nullopt;
}

// The kinds of metadata, with GGUF's numbers.
enum class gguf_kind : std::uint32_t {
  u8,
  i8,
  u16,
  i16,
  u32,
  i32,
  f32,
  boolean,
  text,
  list,
  u64,
  i64,
  f64
};

// Reads the parts of a file in their order.
class gguf_reader {
 public:
  gguf_reader(std::span<const std::byte> bytes, const std::string& file) : reader_(bytes, file) {}

  tensors_and_metadata read(std::span<const std::byte> bytes) {
    read_version();
    const std::size_t tensors = reader_.count(least_tensor, "the number of tensors");
    require_file(tensors <= most_tensors, file(), ": the number of tensors is ", tensors,
                 "; at most ", most_tensors, " are read");
    const std::size_t pairs = reader_.count(least_pair, "the number of key-value pairs");

    config_value::object fields;
    for (std::size_t i = 0; i < pairs; ++i) {
      std::string name(reader_.text("a key"));
      config_value value = read_value(read_kind(name), name, 0);
      fields.push_back({std::move(name), std::move(value)});
    }
    const config_field* twice = sort_fields(fields);
    if (twice != nullptr) refuse_file(file(), ": the key ", quoted{twice->name}, " is there twice");

    tensors_and_metadata found;
    found.metadata = {file(), std::move(fields)};
    require_file(found.metadata.integer("split.count", 1) <= 1, file(), ": this is one of ",
                 found.metadata.integer("split.count", 1),
                 " files of a model that was split; join "
                 "them first");
    const std::uint64_t alignment = read_alignment(found.metadata);
    std::vector<std::uint64_t> offsets;
    for (std::size_t i = 0; i < tensors; ++i) {
      found.tensors.push_back(read_tensor());
      offsets.push_back(reader_.number<std::uint64_t>("the offset of a tensor"));
    }
    const std::uint64_t data = aligned_up(reader_.place(), alignment);
    place(found.tensors, offsets, alignment, bytes.subspan((std::min)(data, bytes.size())));
    return found;
  }

 private:
  // A key of no bytes with a value of one; a tensor without a name and axes.
  static constexpr std::size_t least_pair = 8 + 4 + 1, least_tensor = 8 + 4 + 4 + 8;
  // Ten times as many as the largest published mixtures of experts have.
  static constexpr std::size_t most_tensors = std::size_t(1) << 20;

  [[nodiscard]] const std::string& file() const { return reader_.file(); }

  void read_version() {
    const auto magic = reader_.take(4, "the first four bytes");
    require_file(std::memcmp(magic.data(), "GGUF", 4) == 0, file(),
                 ": this is no GGUF file: its first four bytes are not \"GGUF\"");
    const auto version = reader_.number<std::uint32_t>("the version");
    require_file((version & 0xFFFF) != 0, file(), ": this GGUF file is big-endian; it is not read");
    require_file(version == 2 || version == 3, file(), ": this GGUF file has version ", version,
                 "; 2 and 3 are read");
  }

  gguf_kind read_kind(std::string_view key) {
    const auto kind = reader_.number<std::uint32_t>("the kind of a value");
    require_file(kind <= std::uint32_t(gguf_kind::f64), file(), ": the value of ", quoted{key},
                 " is of kind ", kind, "; there are 0 to 12");
    return static_cast<gguf_kind>(kind);
  }

  template <class Number>
  config_value integer() {
    const auto n = reader_.number<Number>("a value");
    if constexpr (sizeof n == 8 && std::is_unsigned_v<Number>)
      if (n > std::uint64_t((std::numeric_limits<std::int64_t>::max)())) return {n};
    return {std::int64_t(n)};
  }
  config_value read_value(gguf_kind kind, std::string_view key, index depth) {
    require_file(++values_ <= most_values, file(), ": more than ", most_values,
                 " values of metadata");
    switch (kind) {
      case gguf_kind::u8:
        return integer<std::uint8_t>();
      case gguf_kind::i8:
        return integer<std::int8_t>();
      case gguf_kind::u16:
        return integer<std::uint16_t>();
      case gguf_kind::i16:
        return integer<std::int16_t>();
      case gguf_kind::u32:
        return integer<std::uint32_t>();
      case gguf_kind::i32:
        return integer<std::int32_t>();
      case gguf_kind::u64:
        return integer<std::uint64_t>();
      case gguf_kind::i64:
        return integer<std::int64_t>();
      case gguf_kind::f32:
        return {double(reader_.number<float>("a value"))};
      case gguf_kind::f64:
        return {reader_.number<double>("a value")};
      case gguf_kind::boolean:
        return {reader_.number<std::uint8_t>("a value") != 0};
      case gguf_kind::text:
        return {std::string(reader_.text("a text"))};
      case gguf_kind::list:
        break;
    }
    return read_list(key, depth + 1);
  }
  config_value read_list(std::string_view key, index depth) {
    require_file(depth <= deepest, file(), ": the lists of ", quoted{key}, " are nested more than ",
                 deepest, " deep");
    const gguf_kind kind = read_kind(key);
    const std::size_t size = reader_.count(1, "the length of a list");
    config_value::list values;
    for (std::size_t i = 0; i < size; ++i) values.push_back(read_value(kind, key, depth));
    return {std::move(values)};
  }

  [[nodiscard]] std::uint64_t read_alignment(const config& metadata) const {
    const std::int64_t alignment = metadata.integer("general.alignment", 32);
    if (alignment < 1 || alignment > (1 << 30) || !std::has_single_bit(std::uint64_t(alignment)))
      metadata.refuse("general.alignment", "a power of two up to 2^30");
    return std::uint64_t(alignment);
  }

  // Name, sizes (the last axis of a row-major tensor first) and type.
  tensor_view read_tensor() {
    tensor_view tensor;
    tensor.name = reader_.text("the name of a tensor");
    const auto axes = reader_.number<std::uint32_t>("the number of a tensor's axes");
    require_file(axes <= most_axes, file(), ": tensor ", quoted{tensor.name}, " has ", axes,
                 " axes; at most ", most_axes, " are read");
    for (std::uint32_t axis = 0; axis < axes; ++axis) {
      const auto size = reader_.number<std::uint64_t>("the sizes of a tensor");
      require_file(size < std::uint64_t(1) << 56, file(), ": tensor ", quoted{tensor.name},
                   ": axis ", axis, " has the size ", size);
      tensor.shape.push_back(index(size));
    }
    std::reverse(tensor.shape.begin(), tensor.shape.end());
    const auto number = reader_.number<std::uint32_t>("the type of a tensor");
    const auto type = gguf_dtype(number);
    require_file(type.has_value(), file(), ": tensor ", quoted{tensor.name}, " has GGUF's type ",
                 number,
                 "; F64, F32, F16, BF16, I8 to I64, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K to "
                 "Q6_K and Q8_K are read");
    tensor.type = *type;
    return tensor;
  }

  // Assigns the tensors their bytes. Bytes after the last tensor are ignored.
  void place(std::vector<tensor_view>& tensors, const std::vector<std::uint64_t>& offsets,
             std::uint64_t alignment, std::span<const std::byte> data) const {
    std::vector<data_range> ranges;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      tensor_view& tensor = tensors[i];
      const auto bytes = std::uint64_t(checked_bytes(file(), tensor));
      const std::uint64_t begin = offsets[i];
      require_file(begin % alignment == 0, file(), ": tensor ", quoted{tensor.name},
                   " begins at byte ", begin, " of the data, which is no multiple of ", alignment);
      require_file(begin <= data.size() && bytes <= data.size() - begin, file(), ": tensor ",
                   quoted{tensor.name}, " takes ", bytes, " bytes from byte ", begin,
                   " of the data on, which has ", data.size());
      tensor.bytes = data.subspan(begin, bytes);
      ranges.push_back({tensor.name, begin, begin + bytes});
    }
    check_ranges(file(), ranges, alignment);
  }

  byte_reader reader_;
  index values_ = 0;
};

inline tensors_and_metadata parse_gguf(std::span<const std::byte> bytes, const std::string& file) {
  return gguf_reader(bytes, file).read(bytes);
}

}  // namespace detail

// Versions 2 and 3, little-endian. Throws file_error if the file cannot be read, ends too early, has a
// key or a tensor twice, lists nested more than 32 deep or more than 4 million values, or a tensor whose
// type, shape or place is wrong.
inline tensor_file read_gguf(const std::filesystem::path& path) {
  return detail::read_tensors(path, detail::parse_gguf);
}

}  // namespace HEED_ABI
}  // namespace heed
