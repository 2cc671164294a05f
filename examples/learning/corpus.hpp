// SPDX-License-Identifier: MIT
// A text as tokens, of which the last part is kept for validation; pieces of it, drawn by chance or in order.
#pragma once

#include <heed/models.hpp>
#include <heed/train.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

// Of a file, or of all files of a folder and the folders in it, by name.
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

class corpus {
 public:
  // Pieces have `context` tokens that are asked. Throws std::runtime_error for a text that is too short.
  corpus(std::vector<heed::index> ids, double validation, heed::index context)
      : ids_(std::move(ids)), context_(context) {
    const auto all = static_cast<heed::index>(ids_.size());
    learned_ = all - static_cast<heed::index>(validation * static_cast<double>(all));
    if (learned_ <= context_)
      throw std::runtime_error("the text has " + std::to_string(learned_) +
                               " tokens to learn from, fewer than a context of " +
                               std::to_string(context_) +
                               "; give more text or a smaller --context");
  }

  [[nodiscard]] heed::index learned() const { return learned_; }

  // Batch `number` of a seed, wherever learning begins: a function of both.
  [[nodiscard]] heed::token_batch drawn(heed::index number, heed::index pieces,
                                        std::uint64_t seed) const {
    heed::token_batch batch;
    for (heed::index i = 0; i < pieces; ++i) {
      const auto words = heed::detail::philox(
          {static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(number),
           static_cast<std::uint32_t>(static_cast<std::uint64_t>(number) >> 32), 7},
          seed);
      const std::uint64_t random = (std::uint64_t(words[0]) << 32) | words[1];
      batch.append(piece(
          static_cast<heed::index>(random % static_cast<std::uint64_t>(learned_ - context_))));
    }
    return batch;
  }

  // Up to `pieces` of what is not learned from, spread over it; the same ones each time.
  [[nodiscard]] heed::token_batch kept_back(heed::index pieces) const {
    heed::token_batch batch;
    const heed::index room = static_cast<heed::index>(ids_.size()) - learned_ - context_ - 1;
    if (room < 0) return batch;
    const heed::index count = std::min(pieces, room / context_ + 1);
    for (heed::index i = 0; i < count; ++i)
      batch.append(piece(learned_ + (count > 1 ? i * room / (count - 1) : 0)));
    return batch;
  }

 private:
  [[nodiscard]] std::vector<heed::index> piece(heed::index first) const {
    return {ids_.begin() + first, ids_.begin() + first + context_ + 1};
  }

  std::vector<heed::index> ids_;
  heed::index context_;
  heed::index learned_ = 0;
};
