// SPDX-License-Identifier: MIT
// The definitions of safetensors.hpp. A program that links CMake's heed_models, which contains
// these compiled, does not include this file.
//
//   #include <heed/io/safetensors.hpp>  // includes it
#pragma once

#include <heed/io/byte_reader.hpp>  // byte_reader
#include <heed/io/data_range.hpp>   // data_range, check_ranges
#include <heed/io/json.hpp>         // parse_json_object
#include <heed/io/json_config.hpp>  // read_json_config, text_of
#include <heed/io/safetensors.hpp>  // what is defined here
#include <heed/io/tensor_file.hpp>  // tensor_file

#include <map>  // map

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The dtype that safetensors calls so; refuses a name that is none of those.
inline dtype safetensors_dtype(const std::string& file, std::string_view tensor,
                               const std::string& name) {
  constexpr auto last = index(dtype::boolean);
  for (index i = 0; i <= last; ++i)
    if (name == name_of(static_cast<dtype>(i))) return static_cast<dtype>(i);
  refuse_file(file, ": tensor ", quoted{tensor}, " has the dtype ", quoted{name},
              "; F64, F32, F16, BF16, F8_E4M3, F8_E5M2, I8 to I64, U8 to U64 and BOOL are read");
}

// One entry of the header: {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}.
class safetensors_entry {
 public:
  safetensors_entry(const std::string& file, const config_field& field,
                    std::span<const std::byte> data)
      : file_(file), data_(data) {
    const auto* object = std::get_if<config_value::object>(&field.value.is);
    view.name = field.name;
    require_file(object != nullptr, file, ": tensor ", quoted{field.name},
                 " should be an object, but is ", described(field.value));
    for (const config_field& part : *object) {
      if (part.name == "dtype") read_dtype(part.value);
      if (part.name == "shape") view.shape = sizes(part);
      if (part.name == "data_offsets") offsets_ = sizes(part);
    }
    for (const char* needed : {"dtype", "shape", "data_offsets"})
      require_file(find_field(*object, needed) != nullptr, file, ": tensor ", quoted{field.name},
                   " has no ", needed);
    read_bytes();
  }

  tensor_view view;

 private:
  void read_dtype(const config_value& value) {
    const auto* name = std::get_if<std::string>(&value.is);
    require_file(name != nullptr, file_, ": tensor ", quoted{view.name},
                 ": dtype should be a text, but is ", described(value));
    view.type = safetensors_dtype(file_, view.name, *name);
  }
  std::vector<index> sizes(const config_field& field) const {
    const auto* list = std::get_if<config_value::list>(&field.value.is);
    require_file(list != nullptr, file_, ": tensor ", quoted{view.name}, ": ", field.name,
                 " should be a list, but is ", described(field.value));
    std::vector<index> numbers;
    for (const config_value& value : *list) {
      const auto* number = std::get_if<std::int64_t>(&value.is);
      require_file(number != nullptr && *number >= 0, file_, ": tensor ", quoted{view.name}, ": ",
                   field.name, " should hold sizes, but holds ", described(value));
      numbers.push_back(*number);
    }
    return numbers;
  }
  void read_bytes() {
    const index bytes = checked_bytes(file_, view);
    require_file(offsets_.size() == 2, file_, ": tensor ", quoted{view.name},
                 ": data_offsets should be 2 numbers, but are ", offsets_.size());
    const index begin = offsets_[0], end = offsets_[1];
    require_file(begin <= end && std::uint64_t(end) <= data_.size(), file_, ": tensor ",
                 quoted{view.name}, " lies at bytes ", begin, " to ", end,
                 " of the data, which has ", data_.size());
    require_file(end - begin == bytes, file_, ": tensor ", quoted{view.name}, " is ",
                 shape_text{view.shape}, " of ", name_of(view.type), ", which takes ", bytes,
                 " bytes, but has ", end - begin);
    view.bytes = data_.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(bytes));
  }

  const std::string& file_;
  std::span<const std::byte> data_;
  std::vector<index> offsets_;
};

HEED_MODELS_INLINE tensors_and_metadata parse_safetensors(std::span<const std::byte> bytes,
                                                          const std::string& file) {
  byte_reader reader(bytes, file);
  const auto header_size = reader.number<std::uint64_t>("the header's length");
  require_file(header_size <= largest_safetensors_header, file, ": the header's length is ",
               header_size, "; at most ", largest_safetensors_header, " bytes are allowed");
  const std::string_view header = text_of(reader.take(header_size, "the header"));
  require_file(header.starts_with('{'), file, ": the header does not begin with '{'");
  const auto data = bytes.subspan(reader.place());

  tensors_and_metadata found;
  std::vector<data_range> ranges;
  config_value::object fields = parse_json_object(header, file);
  found.tensors.reserve(fields.size());
  for (config_field& field : fields) {
    if (field.name != "__metadata__") {
      safetensors_entry entry(file, field, data);
      found.tensors.push_back(std::move(entry.view));
      continue;
    }
    auto* object = std::get_if<config_value::object>(&field.value.is);
    require_file(object != nullptr, file, ": __metadata__ should be an object, but is ",
                 described(field.value));
    for (const config_field& pair : *object)
      require_file(std::holds_alternative<std::string>(pair.value.is), file,
                   ": __metadata__: ", quoted{pair.name}, " should be a text, but is ",
                   described(pair.value));
    found.metadata = {file, std::move(*object)};
  }
  for (const tensor_view& t : found.tensors) {
    const auto begin = static_cast<std::uint64_t>(t.bytes.data() - data.data());
    ranges.push_back({t.name, begin, begin + t.bytes.size()});
  }
  const std::uint64_t end = check_ranges(file, ranges, 1);
  require_file(end == data.size(), file, ": the last tensor ends at byte ", end,
               " of the data, which has ", data.size());
  return found;
}

// A shard's name must be that of a file beside the index.
inline void check_shard_name(const std::string& index_file, const std::string& shard) {
  const bool plain = !shard.empty() && shard != "." && shard != ".." &&
                     shard.find_first_of(std::string_view("/\\:\0", 4)) == std::string::npos;
  require_file(plain, index_file, ": weight_map: ", quoted{shard},
               " is not the name of a file beside the index");
}

// model.safetensors.index.json: {"weight_map": {tensor: file, ...}}.
inline tensor_file read_sharded_safetensors(const std::filesystem::path& path) {
  const config listing = read_json_config(path);
  const std::string name = path.string();
  std::map<std::string, std::vector<std::string>, std::less<>> tensors_of;
  const config_value* map = listing.find("weight_map");
  const auto* entries = map != nullptr ? std::get_if<config_value::object>(&map->is) : nullptr;
  if (entries == nullptr) listing.refuse("weight_map", "an object");
  for (const config_field& entry : *entries) {
    const auto* shard = std::get_if<std::string>(&entry.value.is);
    require_file(shard != nullptr, name, ": weight_map: ", quoted{entry.name},
                 ": expected the name of a file, found ", described(entry.value));
    check_shard_name(name, *shard);
    tensors_of[*shard].push_back(entry.name);
  }

  std::vector<mapped_file> files;
  std::vector<tensor_view> tensors;
  for (auto& [shard, names] : tensors_of) {
    const std::filesystem::path place = path.parent_path() / shard;
    files.emplace_back(place);
    tensor_file part(place.string(), {},
                     parse_safetensors(files.back().bytes(), place.string()).tensors, {});
    for (const std::string& tensor : names) tensors.push_back(part[tensor]);
  }
  return {name, std::move(files), std::move(tensors), listing.object("metadata")};
}

}  // namespace detail

HEED_MODELS_INLINE tensor_file read_safetensors(const std::filesystem::path& path) {
  std::error_code none;
  if (std::filesystem::is_directory(path, none)) {
    for (const char* name : {"model.safetensors", "model.safetensors.index.json"})
      if (std::filesystem::exists(path / name, none)) return read_safetensors(path / name);
    detail::refuse_file(path.string(),
                        ": this folder has neither model.safetensors nor "
                        "model.safetensors.index.json");
  }
  if (path.extension() == ".json") return detail::read_sharded_safetensors(path);
  return detail::read_tensors(path, detail::parse_safetensors);
}

}  // namespace HEED_ABI
}  // namespace heed
