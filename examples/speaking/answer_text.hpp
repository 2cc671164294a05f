// SPDX-License-Identifier: MIT
// The text of a model's answer, without leading white space and without the token that ends it.
#pragma once

#include <heed/models.hpp>

#include <algorithm>
#include <string>

// Whether a token ends the model's text, in which it is not printed.
inline bool is_end(const heed::language_model& model, heed::index id) {
  return std::find(model.ends.begin(), model.ends.end(), id) != model.ends.end();
}

class answer_text {
 public:
  // Takes the next piece of an answer; returns the text to print.
  std::string push(std::string piece) {
    if (!begun_) piece.erase(0, (std::min)(piece.find_first_not_of(" \n"), piece.size()));
    begun_ = begun_ || !piece.empty();
    return piece;
  }

 private:
  bool begun_ = false;
};
