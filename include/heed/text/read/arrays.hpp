// SPDX-License-Identifier: MIT
// Tokenizers whose vocabularies are arrays: GGUF's, llama2.c's file, BERT's list of words.
//
//   detail::text::read_arrays({.model = "gpt2", .pre_tokenizer = "smollm", .tokens = tokens, ...});  // tokenizer_parts
#pragma once

#include <heed/text/read/byte_level_files.hpp>      // make_byte_level
#include <heed/text/read/sentencepiece_pieces.hpp>  // make_sentencepiece
#include <heed/text/read/tokenizer_json.hpp>        // token_adder, make_bert_pre_tokenizer
#include <heed/text/vocabulary_arrays.hpp>          // vocabulary_arrays

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

// Pre-tokenizers of byte-level tokenizers by their names in GGUF.
struct named_cuts {
  std::string_view names;  // each between two blanks
  std::vector<std::string_view> patterns;
  bool ignore_merges = false;
  bool nfc = false;
};

inline named_cuts cuts_of(const std::string& name) {
  const named_cuts all[] = {
      {" gpt-2 gpt2 phi-2 mpt olmo jais gigachat roberta-bpe ", {gpt2_pattern}},
      {" llama-bpe llama3 llama-v3 dbrx smaug-bpe lfm2 falcon3 pixtral ", {llama3_pattern}, true},
      {" qwen2 deepseek-r1-qwen stablelm2 megrez hunyuan ", {qwen2_pattern}, false, true},
      {" smollm starcoder refact command-r codeshell exaone minerva-7b ",
       {R"(\p{N})", gpt2_pattern}},
      {" deepseek-v3 ", {three_digits_pattern, east_asian_pattern, deepseek_pattern}},
      {" gpt-4o llama4 ", {o200k_pattern}},
      {" tekken ", {tekken_pattern}, true},
  };
  for (const named_cuts& c : all)
    if (!name.empty() && c.names.find(" " + name + " ") != c.names.npos) return c;
  refuse<tokenizer_error>("the pre-tokenizer " + name + " is not one that is known here");
}

inline void add_by_kind(tokenizer_parts& parts, const vocabulary_arrays& a) {
  for (std::size_t i = 0; i < a.types.size(); ++i)
    if ((a.types[i] == 3 || a.types[i] == 4) && !a.tokens[i].empty())
      parts.added.insert(
          {.text = a.tokens[i], .id = static_cast<token_id>(i), .special = a.types[i] == 3});
}

inline std::shared_ptr<tokenizer_parts> read_scored(const vocabulary_arrays& a) {
  sentencepiece_pieces pieces;
  pieces.is_unigram = a.model == "t5";
  pieces.texts = a.tokens;
  pieces.scores = a.scores;
  pieces.spaces.add_dummy_prefix = a.add_space_prefix.value_or(true);
  pieces.spaces.remove_extra_whitespaces = a.remove_extra_whitespaces.value_or(pieces.is_unigram);
  pieces.map = charsmap(a.charsmap);
  pieces.kinds.assign(a.tokens.size(), piece_kind::normal);
  std::size_t unknown = a.tokens.size();
  for (std::size_t i = 0; i < a.types.size(); ++i) {
    require<tokenizer_error>(a.types[i] >= 0 && a.types[i] <= 6, "token ", i,
                             " is of the unknown type ", a.types[i]);
    pieces.kinds[i] = a.types[i] == 0 ? piece_kind::unused : static_cast<piece_kind>(a.types[i]);
    if (pieces.kinds[i] == piece_kind::byte) pieces.byte_fallback = true;
    if (pieces.kinds[i] == piece_kind::unknown && unknown == a.tokens.size()) unknown = i;
  }
  const index named =
      a.unknown.value_or(static_cast<index>(unknown < a.tokens.size() ? unknown : 0));
  require<tokenizer_error>(named >= 0 && static_cast<std::size_t>(named) < a.tokens.size(),
                           "the token for unknown text is ", named, " of ", a.tokens.size());
  pieces.unknown = static_cast<token_id>(named);
  auto parts = make_sentencepiece(std::move(pieces));
  for (std::size_t i = 0; i < a.types.size(); ++i)  // user-defined pieces are there already
    if (a.types[i] == 3 && !a.tokens[i].empty())
      parts->added.insert({.text = a.tokens[i], .id = static_cast<token_id>(i), .special = true});
  return parts;
}

inline std::shared_ptr<tokenizer_parts> make_bert(vocabulary tokens, word_piece_settings settings,
                                                  const bert_cleaning& cleaning) {
  auto parts = std::make_shared<tokenizer_parts>();
  parts->names = {
      .bos = "[CLS]", .eos = "[SEP]", .unknown = "[UNK]", .pad = "[PAD]", .chat_template = {}};
  const token_id first = tokens.find(parts->names.bos), last = tokens.find(parts->names.eos);
  parts->model = std::make_unique<word_piece_model>(std::move(tokens), std::move(settings));
  parts->normalizer = std::make_unique<bert_normalizer>(cleaning);
  parts->pre_tokenizer = make_bert_pre_tokenizer();
  parts->decoder = std::make_unique<word_piece_decoder>("##", true);
  for (const char* name : {"[CLS]", "[SEP]", "[UNK]", "[PAD]", "[MASK]"}) add_special(*parts, name);
  if (first != no_token && last != no_token) parts->post_processors.push_back({{first}, {last}});
  return parts;
}

// WordPiece: GGUF writes "▁word" for BERT's token "word", and "word" for "##word".
inline std::shared_ptr<tokenizer_parts> read_word_pieces(const vocabulary_arrays& a) {
  vocabulary tokens;
  for (std::size_t i = 0; i < a.tokens.size(); ++i) {
    const std::string& t = a.tokens[i];
    const bool bracketed = t.size() > 2 && t.front() == '[' && t.back() == ']';
    const bool begins = t.compare(0, space_mark.size(), space_mark) == 0;
    tokens.assign(begins      ? t.substr(space_mark.size())
                  : bracketed ? t
                              : "##" + t,
                  static_cast<token_id>(i));
  }
  auto parts = make_bert(std::move(tokens), {}, {});
  parts->post_processors.clear();
  return parts;
}

inline std::shared_ptr<tokenizer_parts> read_arrays(const vocabulary_arrays& a) {
  require<tokenizer_error>(!a.tokens.empty() && a.tokens.size() < no_token / 2, "there are ",
                           a.tokens.size(), " tokens");
  require<tokenizer_error>(a.types.empty() || a.types.size() == a.tokens.size(), a.tokens.size(),
                           " tokens have ", a.types.size(), " types");
  std::shared_ptr<tokenizer_parts> parts;
  bool add_bos = false, add_eos = false;
  if (a.model == "gpt2") {
    const named_cuts cuts = cuts_of(a.pre_tokenizer);
    vocabulary tokens;
    for (std::size_t i = 0; i < a.tokens.size(); ++i)
      tokens.assign(a.tokens[i], static_cast<token_id>(i));
    merge_list merges;
    for (const std::string& m : a.merges)
      require<tokenizer_error>(merges.add_line(m), "the merge ", m, " is not two tokens");
    byte_pair_settings settings;
    settings.ignore_merges = cuts.ignore_merges;
    parts = make_byte_level(std::move(tokens), merges, std::move(settings));
    if (cuts.nfc) parts->normalizer = std::make_unique<form_normalizer>(normal_form::nfc);
    parts->pre_tokenizer = make_pattern_cuts(cuts.patterns, a.add_space_prefix.value_or(false));
    add_by_kind(*parts, a);
    add_bos = a.pre_tokenizer == "llama-bpe" || a.pre_tokenizer == "llama3" ||
              a.pre_tokenizer == "tekken";
  } else if (a.model == "llama" || a.model == "t5") {
    require<tokenizer_error>(a.scores.size() == a.tokens.size(), a.tokens.size(), " tokens have ",
                             a.scores.size(), " scores");
    parts = read_scored(a);
    add_bos = a.model == "llama";
    add_eos = a.model == "t5";
  } else if (a.model == "bert") {
    parts = read_word_pieces(a);
    add_bos = add_eos = true;
  } else {
    refuse<tokenizer_error>("a vocabulary of the model " + a.model +
                            "; known here are gpt2, llama, t5 and bert");
  }
  const auto name_of = [&](const std::optional<index>& id, const char* what) {
    if (!id) return no_token;
    require<tokenizer_error>(*id >= 0 && *id < static_cast<index>(a.tokens.size()), "the token ",
                             what, " is ", *id, " of ", a.tokens.size());
    return static_cast<token_id>(*id);
  };
  const token_id bos = name_of(a.bos, "bos"), eos = name_of(a.eos, "eos");
  const vocabulary& tokens = parts->model->tokens();
  if (bos != no_token) parts->names.bos = tokens.token(bos);
  if (eos != no_token) parts->names.eos = tokens.token(eos);
  if (a.unknown) parts->names.unknown = tokens.token(name_of(a.unknown, "unknown"));
  if (a.pad) parts->names.pad = tokens.token(name_of(a.pad, "pad"));
  parts->names.chat_template = a.chat_template;
  post_processor around;
  if (a.add_bos.value_or(add_bos) && bos != no_token) around.before.push_back(bos);
  if (a.add_eos.value_or(add_eos) && eos != no_token) around.after.push_back(eos);
  if (!around.before.empty() || !around.after.empty()) parts->post_processors = {around};
  return parts;
}

// The tokenizer file of llama2.c: the length of the longest token, then, for each token, its score, its length
// and its text. The ids of bytes follow those of <unk>, <s> and </s>.
inline std::shared_ptr<tokenizer_parts> read_llama2c(std::string_view bytes) {
  const auto word = [&](std::size_t at) {
    require<tokenizer_error>(at + 4 <= bytes.size(), "it ends inside a number at byte ",
                             bytes.size());
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;) value = value << 8 | byte_of(bytes[at + i]);
    return value;
  };
  vocabulary_arrays a{.model = "llama"};
  const std::size_t longest = word(0);
  for (std::size_t at = 4; at < bytes.size();) {
    const float score = std::bit_cast<float>(word(at));
    const std::size_t length = word(at + 4);
    at += 8;
    require<tokenizer_error>(length <= longest && length <= bytes.size() - at, "token ",
                             a.tokens.size(), " has ", length, " bytes, where the longest has ",
                             longest, " and ", bytes.size() - at, " are left");
    std::string text(bytes.substr(at, length));
    at += length;
    const std::size_t id = a.tokens.size();
    if (id < 3) text = id == 0 ? "<unk>" : id == 1 ? "<s>" : "</s>";
    const bool is_byte = id >= 3 && id < 259;
    require<tokenizer_error>(!is_byte || byte_fallback_decoder::byte_of_token(text) == int(id) - 3,
                             "token ", id, " is ", text, " where the byte ", id - 3, " has to be");
    replace_all(text, " ", space_mark);
    a.tokens.push_back(std::move(text));
    a.scores.push_back(score);
    a.types.push_back(id == 0 ? 2 : id < 3 ? 3 : is_byte ? 6 : 1);
  }
  require<tokenizer_error>(a.tokens.size() >= 259, "it has ", a.tokens.size(),
                           " tokens; a vocabulary of llama2.c has 259 or more");
  a.bos = 1;
  a.eos = 2;
  std::shared_ptr<tokenizer_parts> parts = read_arrays(a);
  parts->added = {};  // llama2.c finds no control tokens in a text
  for (const token_id id : {1U, 2U}) parts->added.insert_unwritten(id);
  return parts;
}

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
