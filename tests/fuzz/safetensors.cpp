// SPDX-License-Identifier: MIT
// Any bytes as a safetensors file: a sentence, or tensors all of whose values can be read.
#include <heed/io/safetensors.hpp>

#include "read_all.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::read_all(heed::detail::parse_safetensors, data, size);
  return 0;
}
