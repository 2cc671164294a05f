// SPDX-License-Identifier: MIT
// The loop of byte-pair encoding (BPE): merges the neighbours with the best rank into one symbol,
// until no neighbours have a rank.
//
//   merges.insert(l, o, {.rank = 0, .made = lo});
//   detail::text::merge_pairs(symbols, merges, nullptr);  // l o w e r -> lo w e r -> ...
//
// Sennrich, Haddow, Birch: Neural machine translation of rare words with subword units, 2016.
#pragma once

#include <heed/text/number_map.hpp>   // number_map
#include <heed/text/token_model.hpp>  // token_id, token_set

#include <algorithm>  // push_heap, pop_heap, remove

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

struct merge {
  std::uint32_t rank;  // smaller ones first; where two are equal, the left one
  token_id made;
};

class merge_table {
 public:
  void insert(token_id left, token_id right, const merge& m) { map_.insert(key(left, right), m); }
  [[nodiscard]] const merge* find(token_id left, token_id right) const {
    return map_.find(key(left, right));
  }
  [[nodiscard]] const merge* find(token_id left, token_id right, const token_set* refused) const {
    const merge* m = find(left, right);
    return m != nullptr && refused != nullptr && refused->contains(m->made) ? nullptr : m;
  }
  [[nodiscard]] std::size_t size() const { return map_.size(); }

 private:
  static std::uint64_t key(token_id left, token_id right) {
    return std::uint64_t(left) << 32 | right;
  }
  number_map<merge> map_;
};

// For few symbols: searches for the best pair in each step.
inline void merge_few(std::vector<token_id>& symbols, const merge_table& merges,
                      const token_set* refused) {
  constexpr merge none{no_token, no_token};
  merge pairs[64];
  const auto pair_at = [&](std::size_t i) {
    const merge* m = merges.find(symbols[i], symbols[i + 1], refused);
    return m == nullptr ? none : *m;
  };
  std::size_t count = symbols.size();
  for (std::size_t i = 0; i + 1 < count; ++i) pairs[i] = pair_at(i);
  while (count > 1) {
    std::size_t best = 0;
    for (std::size_t i = 1; i + 1 < count; ++i)
      if (pairs[i].rank < pairs[best].rank) best = i;
    if (pairs[best].made == no_token) break;
    symbols[best] = pairs[best].made;
    --count;
    for (std::size_t i = best + 1; i < count; ++i) {
      symbols[i] = symbols[i + 1];
      if (i + 1 < count) pairs[i] = pairs[i + 1];
    }
    if (best + 1 < count) pairs[best] = pair_at(best);
    if (best > 0) pairs[best - 1] = pair_at(best - 1);
  }
  symbols.resize(count);
}

// For many symbols: a list of symbols and a heap of pairs, n log n whatever the text.
inline void merge_many(std::vector<token_id>& symbols, const merge_table& merges,
                       const token_set* refused) {
  constexpr std::uint32_t end = no_token;
  struct link {
    std::uint32_t before, after;
  };
  struct candidate {
    std::uint32_t rank, place;
    token_id left, right, made;
    bool operator<(const candidate& other) const {  // std's heaps have the greatest on top
      return rank != other.rank ? rank > other.rank : place > other.place;
    }
  };
  const auto count = static_cast<std::uint32_t>(symbols.size());
  std::vector<link> links(count);
  std::vector<candidate> heap;
  const auto add = [&](std::uint32_t left, std::uint32_t right) {
    const merge* m = merges.find(symbols[left], symbols[right], refused);
    if (m != nullptr) heap.push_back({m->rank, left, symbols[left], symbols[right], m->made});
    return m != nullptr;
  };
  const auto push = [&](std::uint32_t left, std::uint32_t right) {
    if (add(left, right)) std::push_heap(heap.begin(), heap.end());
  };
  for (std::uint32_t i = 0; i < count; ++i) {
    links[i] = {i == 0 ? end : i - 1, i + 1 == count ? end : i + 1};
    if (i > 0) add(i - 1, i);
  }
  std::make_heap(heap.begin(), heap.end());
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end());
    const candidate best = heap.back();
    heap.pop_back();
    const std::uint32_t right = links[best.place].after;
    // Skips a pair one of whose symbols has been merged meanwhile.
    if (symbols[best.place] != best.left || right == end || symbols[right] != best.right) continue;
    symbols[best.place] = best.made;
    symbols[right] = no_token;
    const std::uint32_t next = links[right].after;
    links[best.place].after = next;
    if (next != end) {
      links[next].before = best.place;
      push(best.place, next);
    }
    if (links[best.place].before != end) push(links[best.place].before, best.place);
  }
  symbols.erase(std::remove(symbols.begin(), symbols.end(), no_token), symbols.end());
}

inline void merge_pairs(std::vector<token_id>& symbols, const merge_table& merges,
                        const token_set* refused) {
  if (symbols.size() < 2) return;
  if (symbols.size() <= 48)
    merge_few(symbols, merges, refused);
  else
    merge_many(symbols, merges, refused);
}

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
