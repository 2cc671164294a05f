// SPDX-License-Identifier: MIT
// What is thrown where a tokenizer's file does not say what it should.
//
//   heed::load_tokenizer("broken/tokenizer.json");
//   // throws heed::tokenizer_error: broken/tokenizer.json: model.type is Foo; ...
#pragma once

#include <heed/core/check.hpp>  // require, refuse

#include <stdexcept>  // runtime_error

namespace heed {
inline namespace HEED_ABI {

// Thrown where a file cannot be read or used, and where a chat template cannot be rendered; says in a
// sentence what was expected and what was found.
class tokenizer_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace HEED_ABI
}  // namespace heed
