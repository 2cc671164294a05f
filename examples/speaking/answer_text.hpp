// SPDX-License-Identifier: MIT
// What a model answers, as people read it: without the white space that it begins with and the token that ends it.
#pragma once

#include <heed/models.hpp>

#include <algorithm>
#include <string>

// Whether a token ends what a model says, of which it is no part.
inline bool is_end(const heed::language_model& model, heed::index id) {
  return std::find(model.ends.begin(), model.ends.end(), id) != model.ends.end();
}

// Hand it an answer piece by piece.
class answer_text {
 public:
  std::string push(std::string piece) {
    if (!begun_) piece.erase(0, (std::min)(piece.find_first_not_of(" \n"), piece.size()));
    begun_ = begun_ || !piece.empty();
    return piece;
  }

 private:
  bool begun_ = false;
};
