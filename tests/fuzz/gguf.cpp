// SPDX-License-Identifier: MIT
// Any bytes as a GGUF file: a sentence, or tensors all of whose values can be read.
#include <heed/io/gguf.hpp>

#include "read_all.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::read_all(heed::detail::parse_gguf, data, size);
  return 0;
}
