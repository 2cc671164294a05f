// SPDX-License-Identifier: MIT
// Unigram: the tokens whose scores have the greatest sum, found by Viterbi's algorithm.
//
//   detail::text::unigram_model<double> t5(std::move(tokens), {.scores = scores, .unknown = 2});
//   t5.encode("▁Hello", nullptr, ids);
//
// Kudo: Subword regularization, 2018.
#pragma once

#include <heed/text/token_model.hpp>  // token_model
#include <heed/text/trie.hpp>         // trie

#include <utility>  // move

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

struct unigram_settings {
  std::vector<double> scores = {};  // of each id
  std::vector<bool> usable = {};    // whether texts can contain a token; empty: all can
  token_id unknown = no_token;
  double unknown_score = 0;
  bool byte_fallback = false;
};

// Score is the type of sums of scores: double as in Hugging Face's library, float as in SentencePiece.
// The rounding of that type can decide between two paths of nearly equal scores.
template <class Score>
class unigram_model : public token_model {
 public:
  unigram_model(vocabulary tokens, unigram_settings settings)
      : token_model(std::move(tokens)), settings_(std::move(settings)) {
    this->tokens().for_each([&](std::string_view token, token_id id) {
      if (settings_.usable.empty() || settings_.usable[id]) pieces_.insert(token, id);
    });
  }

  void encode(std::string_view piece, const token_set* refused,
              std::vector<token_id>& ids) const override {
    struct node {
      Score score = 0;
      token_id id = no_token;
      std::size_t first = nowhere;
    };
    std::vector<node> best(piece.size() + 1);  // the best tokens that end at each byte
    const auto offer = [&](std::size_t first, std::size_t end, token_id id, double score) {
      node& n = best[end];
      const Score sum = static_cast<Score>(score) + best[first].score;
      if (n.first == nowhere || sum > n.score) n = {sum, id, first};
    };
    for (std::size_t at = 0; at < piece.size();) {
      const std::size_t one = (std::min)(char_length(piece[at]), piece.size() - at);
      bool known = false;
      pieces_.for_each_prefix(piece, at, [&](std::size_t length, token_id id) {
        if (refused != nullptr && refused->contains(id) && id != settings_.unknown) return;
        offer(at, at + length, id, settings_.scores[id]);
        known = known || length == one;
      });
      if (!known) {
        require<tokenizer_error>(
            settings_.unknown != no_token,
            "a text holds a character that is not in the vocabulary, which has "
            "no token for unknown text");
        offer(at, at + one, settings_.unknown, settings_.unknown_score);
      }
      at += one;
    }
    const std::size_t before = ids.size();
    for (std::size_t end = piece.size(); end > 0;) {
      std::size_t first = best[end].first;
      if (best[end].id == settings_.unknown) {  // adjacent unknown text becomes one token
        while (first > 0 && best[first].id == settings_.unknown) first = best[first].first;
        append_unknown(piece.substr(first, end - first), ids);
      } else {
        ids.push_back(best[end].id);
      }
      end = first;
    }
    std::reverse(ids.begin() + static_cast<std::ptrdiff_t>(before), ids.end());
  }

  [[nodiscard]] token_id unknown() const override { return settings_.unknown; }

 private:
  static constexpr std::size_t nowhere = ~std::size_t(0);

  void append_unknown(std::string_view text, std::vector<token_id>& ids) const {
    const std::size_t before = ids.size();
    if (text != tokens().token(settings_.unknown) && settings_.byte_fallback &&
        append_bytes(text, ids))
      std::reverse(ids.begin() + static_cast<std::ptrdiff_t>(before), ids.end());
    else
      ids.push_back(settings_.unknown);
  }

  unigram_settings settings_;
  trie pieces_;
};

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
