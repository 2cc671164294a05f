// SPDX-License-Identifier: MIT
// The definitions of learn_merges.hpp. A program that links CMake's heed_models, which contains
// these compiled, does not include this file.
//
//   #include <heed/text/learn_merges.hpp>  // includes this file
#pragma once

#include <heed/text/learn_merges.hpp>         // what is defined here
#include <heed/text/pre_tokenizer.hpp>        // byte_level_pre_tokenizer
#include <heed/text/save_byte_tokenizer.hpp>  // byte_merges

#include <algorithm>      // sort, unique
#include <map>            // map
#include <queue>          // priority_queue
#include <unordered_map>  // unordered_map

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

// The distinct words of a text, each with its number of occurrences, as lists of tokens that are merged
// step by step.
class merge_learner {
 public:
  explicit merge_learner(std::string_view text) {
    pieces words;
    words.begin(std::string(text), true);
    byte_level_pre_tokenizer(false, true, false).cut(words);
    std::unordered_map<std::string_view, index> counts;
    std::vector<std::string_view> order;  // of first occurrence, so that nothing depends on hashes
    for (const text_range& r : words.ranges)
      if (++counts[words.view(r)] == 1) order.push_back(words.view(r));
    for (const std::string_view w : order) {
      word made{{}, counts[w]};
      for (const char c : w) made.tokens.push_back(byte_of(c));
      words_.push_back(std::move(made));
    }
    for (std::size_t i = 0; i < words_.size(); ++i) count(i, 1);
    for (const auto& [pair, facts] : pairs_) queue_.push({facts.count, pair});
  }

  // Merges the most frequent pair into token `made`, and appends the pair to `merges`; returns false if no pair occurs
  // twice. Of equally frequent pairs, the one with the smallest ids is merged.
  bool merge(index made, byte_merges& merges) {
    while (!queue_.empty()) {
      const candidate best = queue_.top();
      queue_.pop();
      const auto found = pairs_.find(best.pair);
      const index now = found == pairs_.end() ? 0 : found->second.count;
      if (now < 2) continue;
      if (now != best.count) {  // the pair has become rarer since it was queued
        queue_.push({now, best.pair});
        continue;
      }
      merges.push_back(best.pair);
      apply(best.pair, made);
      return true;
    }
    return false;
  }

 private:
  using pair_of_tokens = std::pair<index, index>;
  struct word {
    std::vector<index> tokens;
    index occurs;
  };
  struct pair_facts {
    index count = 0;
    std::vector<std::size_t> words;  // words that have, or had, the pair
  };
  struct candidate {
    index count;
    pair_of_tokens pair;
    bool operator<(const candidate& other) const {
      return count != other.count ? count < other.count : pair > other.pair;
    }
  };

  // Adds the pairs of a word to the counts (sign 1), or subtracts them (sign -1).
  void count(std::size_t at, index sign) {
    const word& w = words_[at];
    for (std::size_t i = 0; i + 1 < w.tokens.size(); ++i) {
      pair_facts& facts = pairs_[{w.tokens[i], w.tokens[i + 1]}];
      facts.count += sign * w.occurs;
      if (sign > 0 && (facts.words.empty() || facts.words.back() != at)) facts.words.push_back(at);
    }
  }

  void apply(const pair_of_tokens& pair, index made) {
    std::vector<std::size_t> with = std::move(pairs_[pair].words);
    std::sort(with.begin(), with.end());
    with.erase(std::unique(with.begin(), with.end()), with.end());
    std::vector<pair_of_tokens> fresh;
    for (const std::size_t at : with) {
      count(at, -1);
      std::vector<index>& tokens = words_[at].tokens;
      std::size_t to = 0;
      for (std::size_t i = 0; i < tokens.size(); ++to) {
        const bool here =
            i + 1 < tokens.size() && tokens[i] == pair.first && tokens[i + 1] == pair.second;
        tokens[to] = here ? made : tokens[i];
        i += here ? 2 : 1;
      }
      tokens.resize(to);
      count(at, 1);
      for (std::size_t i = 0; i + 1 < to; ++i)
        if (tokens[i] == made || tokens[i + 1] == made)
          fresh.emplace_back(tokens[i], tokens[i + 1]);
    }
    pairs_.erase(pair);
    std::sort(fresh.begin(), fresh.end());
    fresh.erase(std::unique(fresh.begin(), fresh.end()), fresh.end());
    for (const pair_of_tokens& p : fresh) queue_.push({pairs_[p].count, p});
  }

  std::vector<word> words_;
  std::map<pair_of_tokens, pair_facts> pairs_;
  std::priority_queue<candidate> queue_;
};

}  // namespace detail::text

HEED_MODELS_INLINE byte_merges learn_merges(std::string_view text, index vocabulary) {
  detail::require(vocabulary >= 256, "heed::learn_merges: a vocabulary of ", vocabulary,
                  " has no room for the 256 bytes");
  byte_merges merges;
  detail::text::merge_learner learner(text);
  for (index made = 256; made < vocabulary && learner.merge(made, merges); ++made) {
  }
  return merges;
}

}  // namespace HEED_ABI
}  // namespace heed
