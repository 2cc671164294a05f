// SPDX-License-Identifier: MIT
// A safetensors file: eight bytes of length, a JSON header, the tensors' bytes.
//
//   const support::safetensors file("model.safetensors");
//   file["wte.weight"].rows<float>();  // (vocabulary, model)
#pragma once

#include "support/data.hpp"
#include "support/json.hpp"
#include "support/tensor.hpp"

#include <cstring>

namespace support {

class safetensors {
 public:
  explicit safetensors(const std::filesystem::path& path) {
    const std::vector<std::byte> bytes = read_file(path);
    std::uint64_t header_size = 0;
    if (bytes.size() < sizeof header_size) throw std::runtime_error("safetensors: no header");
    std::memcpy(&header_size, bytes.data(), sizeof header_size);
    if (header_size > bytes.size() - sizeof header_size)
      throw std::runtime_error("safetensors: the header is longer than the file");

    const std::size_t first = sizeof header_size + header_size;
    const json header = json::parse(
        {reinterpret_cast<const char*>(bytes.data()) + sizeof header_size, header_size});
    for (const auto& [name, entry] : header.members())
      if (name != "__metadata__")
        tensors_.emplace(name, read(entry, bytes.data() + first, bytes.size() - first));
  }

  [[nodiscard]] bool contains(const std::string& name) const { return tensors_.count(name) > 0; }
  const tensor& operator[](const std::string& name) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) throw std::runtime_error("safetensors: no tensor " + name);
    return found->second;
  }

 private:
  static tensor read(const json& entry, const std::byte* data, std::size_t size) {
    const std::int64_t begin = entry["data_offsets"][0].integer();
    const std::int64_t end = entry["data_offsets"][1].integer();
    if (begin < 0 || end < begin || static_cast<std::uint64_t>(end) > size)
      throw std::runtime_error("safetensors: offsets outside the file");
    std::vector<index> shape;
    for (const json& n : entry["shape"].items()) shape.push_back(n.integer());
    return {element_named(entry["dtype"].text()), std::move(shape), {data + begin, data + end}};
  }

  std::map<std::string, tensor> tensors_;
};

}  // namespace support
