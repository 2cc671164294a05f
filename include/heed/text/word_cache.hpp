// SPDX-License-Identifier: MIT
// A cache of the tokens of short pieces: a hash table of fixed size, in which a new piece replaces the
// one at its place.
//
//   detail::text::word_cache::entry& e = cache.place_of(" the");
//   if (detail::text::word_cache::holds(e, " the")) use(e.ids, e.count);  // the ids of " the"
#pragma once

#include <heed/text/vocabulary.hpp>  // token_id, hash_of

#include <cstring>  // memcmp, memcpy
#include <vector>   // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

class word_cache {
 public:
  static constexpr std::size_t longest = 30, most_tokens = 8;

  struct alignas(64) entry {
    token_id ids[most_tokens];
    char letters[longest];
    unsigned char length;  // of letters; 0: nothing here
    unsigned char count;   // of ids
  };

  // The place of a piece of at most `longest` bytes, which may be empty or hold another piece.
  [[nodiscard]] entry& place_of(std::string_view piece) {
    if (entries_.empty()) entries_.resize(places);
    return entries_[(hash_of(piece) >> 8) & (places - 1)];
  }
  [[nodiscard]] static bool holds(const entry& e, std::string_view piece) {
    return e.length == piece.size() && std::memcmp(e.letters, piece.data(), piece.size()) == 0;
  }
  static void keep(entry& e, std::string_view piece, const token_id* ids, std::size_t count) {
    if (count > most_tokens) return;
    std::memcpy(e.letters, piece.data(), piece.size());
    std::copy(ids, ids + count, e.ids);
    e.length = static_cast<unsigned char>(piece.size());
    e.count = static_cast<unsigned char>(count);
  }

 private:
  static constexpr std::size_t places = 16384;  // 1 MiB
  std::vector<entry> entries_;
};

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
