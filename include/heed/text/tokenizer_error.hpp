// SPDX-License-Identifier: MIT
// The exception for tokenizers: a file that is not valid, or a chat template that cannot be
// rendered.
//
//   heed::load_tokenizer("broken/tokenizer.json");
//   // throws heed::tokenizer_error: broken/tokenizer.json: model.type is Foo; ...
#pragma once

#include <heed/core/check.hpp>  // require, refuse

#include <stdexcept>  // runtime_error

namespace heed {
inline namespace HEED_ABI {

// Thrown if a file cannot be read or used, or a chat template cannot be rendered; the message
// states what was expected and what was found.
class tokenizer_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace HEED_ABI
}  // namespace heed
