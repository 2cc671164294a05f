// SPDX-License-Identifier: MIT
// The definitions of safetensors_writer.hpp. A program that links CMake's heed_models, which
// contains these compiled, does not include this file.
//
//   #include <heed/io/safetensors_writer.hpp>  // includes it
#pragma once

#include <heed/io/data_range.hpp>          // aligned_up
#include <heed/io/json.hpp>                // json_text, parse_json
#include <heed/io/new_file.hpp>            // new_file
#include <heed/io/safetensors.hpp>         // largest_safetensors_header
#include <heed/io/safetensors_writer.hpp>  // what is defined here
#include <heed/io/tensor_view.hpp>         // tensor_view

namespace heed {
inline namespace HEED_ABI {
namespace detail {

inline void check_writable(const std::string& file, const tensor_view& tensor) {
  const index bytes = checked_bytes(file, tensor);
  require_file(tensor.name != "__metadata__", file, ": no tensor can be called __metadata__");
  require_file(tensor.type <= dtype::boolean, file, ": tensor ", quoted{tensor.name}, " is of ",
               name_of(tensor.type), ", which safetensors files do not have");
  require_file(std::uint64_t(bytes) == tensor.bytes.size(), file, ": tensor ", quoted{tensor.name},
               " is ", shape_text{tensor.shape}, " of ", name_of(tensor.type), ", which takes ",
               bytes, " bytes, but has ", tensor.bytes.size());
}

// "name":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}
inline std::string safetensors_entry_text(const std::string& file, const tensor_view& tensor,
                                          std::uint64_t begin) {
  std::string text =
      json_text(file, tensor.name) + R"(:{"dtype":")" + name_of(tensor.type) + R"(","shape":[)";
  for (const index size : tensor.shape) text += std::to_string(size) + ',';
  if (!tensor.shape.empty()) text.pop_back();
  return text + R"(],"data_offsets":[)" + std::to_string(begin) + ',' +
         std::to_string(begin + tensor.bytes.size()) + "]}";
}

}  // namespace detail

HEED_MODELS_INLINE void write_safetensors(const std::filesystem::path& path,
                                          std::span<const tensor_view> tensors,
                                          const std::map<std::string, std::string>& metadata) {
  const std::string file = path.string();
  std::vector<const tensor_view*> order;
  for (const tensor_view& tensor : tensors) {
    detail::check_writable(file, tensor);
    order.push_back(&tensor);
  }
  std::sort(order.begin(), order.end(), [](const tensor_view* a, const tensor_view* b) {
    const index size_a = facts_of(a->type).block_bytes, size_b = facts_of(b->type).block_bytes;
    return size_a != size_b ? size_a > size_b : a->name < b->name;
  });

  std::string header = "{";
  if (!metadata.empty()) {
    header += R"("__metadata__":{)";
    for (const auto& [name, text] : metadata)
      header += detail::json_text(file, name) + ':' + detail::json_text(file, text) + ',';
    header.back() = '}';
    header += ',';
  }
  std::uint64_t begin = 0;
  for (const tensor_view* tensor : order) {
    header += detail::safetensors_entry_text(file, *tensor, begin) + ',';
    begin += tensor->bytes.size();
  }
  if (header.size() > 1) header.pop_back();
  header += '}';
  header.resize(detail::aligned_up(header.size(), 8), ' ');
  const std::uint64_t header_size = header.size();
  detail::require_file(header_size <= detail::largest_safetensors_header, file,
                       ": the header would have ", header_size, " bytes; at most ",
                       detail::largest_safetensors_header, " are allowed");
  detail::parse_json(header, file);  // refuses a name that is there twice

  detail::new_file to(path);
  to.write(std::as_bytes(std::span(&header_size, 1)));
  to.write(std::as_bytes(std::span(header)));
  for (const tensor_view* tensor : order) to.write(tensor->bytes);
  to.commit();
}

}  // namespace HEED_ABI
}  // namespace heed
