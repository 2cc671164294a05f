// SPDX-License-Identifier: MIT
// Reads whatever a parser of tensors finds in some bytes.
#pragma once

#include <heed/io/tensor_file.hpp>

#include <cstdlib>

namespace fuzz {

// Anything but tensors that can be read or a sentence that names the file is a failure.
template <class Parse>
void read_all(Parse parse, const std::uint8_t* data, std::size_t size) {
  const std::string name = "file";
  const std::span bytes(reinterpret_cast<const std::byte*>(data), size);
  try {
    heed::detail::tensors_and_metadata found = parse(bytes, name);
    const heed::tensor_file file(name, {}, std::move(found.tensors), std::move(found.metadata));
    for (const heed::tensor_view& tensor : file.tensors()) {
      const heed::index bytes = heed::bytes_of(tensor.type, tensor.size());
      if (bytes != static_cast<heed::index>(tensor.bytes.size())) std::abort();
      std::vector<float> values(static_cast<std::size_t>(tensor.size()));
      heed::detail::to_float(tensor, values.data());
      if (file.find(tensor.name) != &tensor) std::abort();
    }
    (void)file.metadata().unread();
  } catch (const heed::file_error& error) {
    if (std::string_view(error.what()).find("file: ") != 0) std::abort();
  }
}

}  // namespace fuzz
