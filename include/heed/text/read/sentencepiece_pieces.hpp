// SPDX-License-Identifier: MIT
// A tokenizer of SentencePiece from its pieces, which tokenizer.model, a GGUF file or llama2.c's file has.
//
//   detail::text::sentencepiece_pieces pieces;
//   pieces.texts = {"<unk>", "▁to", "▁be"}, pieces.scores = {0, -1, -2}, ...
//   detail::text::make_sentencepiece(std::move(pieces));  // the parts of a tokenizer
#pragma once

#include <heed/text/byte_pair_model.hpp>      // byte_pair_model
#include <heed/text/sentencepiece_steps.hpp>  // sentencepiece_normalizer, sentencepiece_decoder
#include <heed/text/tokenizer_parts.hpp>      // tokenizer_parts
#include <heed/text/unigram_model.hpp>        // unigram_model

#include <algorithm>  // sort, unique, lower_bound
#include <cmath>      // isfinite

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

// As SentencePiece's files and GGUF number them.
enum class piece_kind : std::uint8_t { normal = 1, unknown, control, user_defined, unused, byte };

struct sentencepiece_pieces {
  std::vector<std::string> texts;
  std::vector<float> scores;      // one for each piece
  std::vector<piece_kind> kinds;  // one for each piece
  bool is_unigram = false;        // else byte-pair encoding
  bool byte_fallback = false;
  token_id unknown = 0;
  std::string unknown_surface = " \xE2\x81\x87 ";
  sentencepiece_spaces spaces;
  charsmap map;

  [[nodiscard]] bool is_usable(std::size_t id) const {
    const piece_kind k = kinds[id];
    return !texts[id].empty() && (k == piece_kind::normal || k == piece_kind::user_defined);
  }
};

// SentencePiece's BPE merges the neighbours whose joined piece has the largest score, the leftmost first. The
// table of merges has each way to split a piece into two that are pieces or characters.
inline std::unique_ptr<token_model> make_scored_byte_pairs(const sentencepiece_pieces& pieces,
                                                           vocabulary tokens) {
  const auto count = static_cast<token_id>(pieces.texts.size());
  vocabulary usable, bare;
  std::vector<float> ranks;
  for (token_id id = 0; id < count; ++id) {
    if (!pieces.is_usable(id)) continue;
    usable.assign(pieces.texts[id], id);
    ranks.push_back(-pieces.scores[id]);
  }
  std::sort(ranks.begin(), ranks.end());
  ranks.erase(std::unique(ranks.begin(), ranks.end()), ranks.end());

  const auto symbol_of = [&](std::string_view text) {
    token_id id = usable.find(text);
    if (id != no_token || text.size() != char_length(text[0])) return id;
    id = bare.find(text);
    if (id != no_token) return id;
    id = count + static_cast<token_id>(bare.size());
    bare.assign(text, id);
    return id;
  };
  merge_table merges;
  for (token_id id = 0; id < count; ++id) {
    if (!pieces.is_usable(id) || usable.find(pieces.texts[id]) != id) continue;
    const std::string_view text = pieces.texts[id];
    require<tokenizer_error>(text.size() <= 1024, "piece ", id, " has ", text.size(),
                             " bytes, more than 1024");
    const auto rank = static_cast<std::uint32_t>(
        std::lower_bound(ranks.begin(), ranks.end(), -pieces.scores[id]) - ranks.begin());
    for (std::size_t at = char_at(text, 0).length; at < text.size();
         at += char_at(text, at).length) {
      const token_id left = symbol_of(text.substr(0, at)), right = symbol_of(text.substr(at));
      if (left != no_token && right != no_token) merges.insert(left, right, {rank, id});
    }
  }
  // A character that is only a piece that texts cannot contain, a control token for example, is unknown.
  byte_pair_settings s{.byte_fallback = pieces.byte_fallback,
                       .fuse_unknown = true,
                       .unknown = pieces.texts[pieces.unknown]};
  return std::make_unique<byte_pair_model>(std::move(tokens), std::move(merges), std::move(s),
                                           std::move(bare));
}

inline std::unique_ptr<token_model> make_scored_unigram(const sentencepiece_pieces& pieces,
                                                        vocabulary tokens) {
  unigram_settings s{.scores = {pieces.scores.begin(), pieces.scores.end()},
                     .usable = std::vector<bool>(pieces.texts.size()),
                     .unknown = pieces.unknown,
                     .unknown_score = 0,
                     .byte_fallback = pieces.byte_fallback};
  float least = (std::numeric_limits<float>::max)(), most = std::numeric_limits<float>::lowest();
  for (std::size_t id = 0; id < pieces.texts.size(); ++id) {
    s.usable[id] = pieces.is_usable(id);
    if (pieces.kinds[id] != piece_kind::normal) continue;
    least = (std::min)(least, pieces.scores[id]);
    most = (std::max)(most, pieces.scores[id]);
  }
  for (std::size_t id = 0; id < pieces.texts.size(); ++id)
    if (pieces.kinds[id] == piece_kind::user_defined)
      s.scores[id] = double(static_cast<float>(pieces.texts[id].size()) * most) - 0.1;
  s.unknown_score = double(least - 10);
  return std::make_unique<unigram_model<float>>(std::move(tokens), std::move(s));
}

inline std::shared_ptr<tokenizer_parts> make_sentencepiece(sentencepiece_pieces pieces) {
  const std::size_t count = pieces.texts.size();
  require<tokenizer_error>(count > 0 && count < no_token / 2, "there are ", count, " pieces");
  require<tokenizer_error>(pieces.scores.size() == count && pieces.kinds.size() == count, count,
                           " pieces have ", pieces.scores.size(), " scores and ",
                           pieces.kinds.size(), " types");
  require<tokenizer_error>(pieces.unknown < count, "the piece for unknown text is ", pieces.unknown,
                           " of ", count);
  auto parts = std::make_shared<tokenizer_parts>();
  vocabulary tokens;
  trie user_defined;
  sentencepiece_names names{.controls = {},
                            .unknown = pieces.texts[pieces.unknown],
                            .unknown_surface = pieces.unknown_surface,
                            .has_bytes = pieces.byte_fallback};
  for (token_id id = 0; id < count; ++id) {
    require<tokenizer_error>(std::isfinite(pieces.scores[id]), "piece ", id, " has the score ",
                             double(pieces.scores[id]));
    tokens.assign(pieces.texts[id], id);
    if (pieces.kinds[id] == piece_kind::control) {
      names.controls.push_back(pieces.texts[id]);
      parts->added.insert_unwritten(id);
    }
    if (pieces.kinds[id] != piece_kind::user_defined || pieces.texts[id].empty()) continue;
    user_defined.insert(pieces.texts[id], id);
    if (!pieces.is_unigram) {  // a unigram model finds these pieces itself, by their scores
      std::string normal = pieces.texts[id];
      if (pieces.spaces.escape_whitespaces) replace_all(normal, " ", space_mark);
      parts->added.insert({.text = pieces.texts[id],
                           .id = id,
                           .normalized = true,
                           .normal_text = std::move(normal)});
    }
  }
  parts->normalizer = std::make_unique<sentencepiece_normalizer>(
      pieces.spaces, std::move(pieces.map), std::move(user_defined));
  parts->decoder = std::make_unique<sentencepiece_decoder>(std::move(names), pieces.spaces);
  parts->model = pieces.is_unigram ? make_scored_unigram(pieces, std::move(tokens))
                                   : make_scored_byte_pairs(pieces, std::move(tokens));
  parts->names.unknown = pieces.texts[pieces.unknown];
  return parts;
}

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
