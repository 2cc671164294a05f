// SPDX-License-Identifier: MIT
// A text as tokens, whose last part is held out for validation, and batches of pieces of it.
#pragma once

#include <heed/models.hpp>
#include <heed/train.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

// The text of a file, or of all files in a folder and its subfolders, sorted by path. Throws std::runtime_error.
inline std::string read_text(const std::filesystem::path& path) {
  std::vector<std::filesystem::path> files;
  if (std::filesystem::is_directory(path)) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path))
      if (entry.is_regular_file()) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
  } else {
    files.push_back(path);
  }
  std::string text;
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    if (!in) throw std::runtime_error(file.string() + " cannot be read");
    char some[1 << 14];
    while (in.read(some, sizeof some), in.gcount() > 0)
      text.append(some, static_cast<std::size_t>(in.gcount()));
  }
  if (text.empty()) throw std::runtime_error(path.string() + " has no text");
  return text;
}

// A text as tokens.
struct token_text {
  std::vector<heed::index> ids;
  // The first token of each separate text; empty: there is one text, whose pieces may begin anywhere.
  std::vector<heed::index> begins;
  std::vector<bool> learned;  // whether each token is a target of training; empty: all are
};

class corpus {
 public:
  // Pieces have `context` inputs and begin anywhere in one text, or are separate texts of at most `context` inputs.
  // `validation`: the held-out share of the text. Throws std::runtime_error for a text that is too short.
  corpus(token_text text, double validation, heed::index context)
      : text_(std::move(text)), context_(context) {
    const auto all = static_cast<heed::index>(text_.ids.size());
    const heed::index of = whole() ? all : static_cast<heed::index>(text_.begins.size());
    places_ = whole() ? all - context_ : of;
    const auto kept_back = static_cast<heed::index>(validation * static_cast<double>(of));
    learned_places_ = places_ - kept_back;
    learned_ = whole() ? all - kept_back : begin(learned_places_);
    if (learned_places_ <= 0)
      throw std::runtime_error("the text has " + std::to_string(learned_) +
                               " tokens to learn from, fewer than a context of " +
                               std::to_string(context_) +
                               "; give more text or a smaller --context");
  }

  [[nodiscard]] heed::index learned() const { return learned_; }

  // Batch number `number` of random pieces: a function of number and seed, so that training can be resumed.
  [[nodiscard]] heed::token_batch drawn(heed::index number, heed::index pieces,
                                        std::uint64_t seed) const {
    heed::token_batch batch;
    for (heed::index i = 0; i < pieces; ++i) {
      const auto words = heed::detail::philox(
          {static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(number),
           static_cast<std::uint32_t>(static_cast<std::uint64_t>(number) >> 32), 7},
          seed);
      const std::uint64_t random = (std::uint64_t(words[0]) << 32) | words[1];
      add(batch, static_cast<heed::index>(random % static_cast<std::uint64_t>(learned_places_)));
    }
    return batch;
  }

  // Up to `pieces` pieces of the held-out part, equally far from each other; the same ones in each call.
  [[nodiscard]] heed::token_batch kept_back(heed::index pieces) const {
    heed::token_batch batch;
    const heed::index first = whole() ? learned_ : learned_places_;
    const heed::index room = places_ - 1 - first;
    if (room < 0) return batch;
    const heed::index count = std::min(pieces, room / (whole() ? context_ : 1) + 1);
    for (heed::index i = 0; i < count; ++i)
      add(batch, first + (count > 1 ? i * room / (count - 1) : 0));
    return batch;
  }

 private:
  [[nodiscard]] bool whole() const { return text_.begins.empty(); }
  // The token at which the piece of a place begins.
  [[nodiscard]] heed::index begin(heed::index place) const {
    if (whole()) return place;
    const auto i = static_cast<std::size_t>(place);
    return i < text_.begins.size() ? text_.begins[i] : static_cast<heed::index>(text_.ids.size());
  }
  void add(heed::token_batch& batch, heed::index place) const {
    const heed::index first = begin(place), most = first + context_ + 1;
    const heed::index last = whole() ? most : std::min(most, begin(place + 1));
    std::size_t target = batch.targets.size();
    batch.append({text_.ids.begin() + first, text_.ids.begin() + last});
    if (text_.learned.empty()) return;
    for (auto i = static_cast<std::size_t>(first) + 1; target < batch.targets.size(); ++i, ++target)
      if (!text_.learned[i]) batch.targets[target] = -1;
  }

  token_text text_;
  heed::index context_;
  heed::index places_ = 0;                        // the number of places at which a piece may begin
  heed::index learned_places_ = 0, learned_ = 0;  // the number of places and tokens of training
};
