// SPDX-License-Identifier: MIT
// Any bytes as a file of llama2.c: a sentence, or tensors all of whose values can be read.
#include <heed/io/llama2c.hpp>

#include "read_all.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::read_all(heed::detail::parse_llama2c, data, size);
  return 0;
}
