// SPDX-License-Identifier: MIT
// Byte-level BPE from a vocabulary and a list of merges: GPT-2's encoder.json and vocab.bpe,
// vocab.json and merges.txt, GGUF's arrays.
//
//   detail::text::read_byte_level(vocab_json, merges_txt, "GPT2Tokenizer");  // the parts of a tokenizer
#pragma once

#include <heed/text/byte_pair_model.hpp>         // byte_pair_model
#include <heed/text/read/vocabulary_reader.hpp>  // vocabulary_reader
#include <heed/text/tokenizer_parts.hpp>         // tokenizer_parts

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

// A pre-tokenizer that splits by each pattern in turn and does not change bytes.
inline std::unique_ptr<pre_tokenizer> make_pattern_cuts(
    const std::vector<std::string_view>& patterns, bool add_prefix_space = false) {
  std::vector<std::unique_ptr<pre_tokenizer>> steps;
  if (add_prefix_space)
    steps.push_back(std::make_unique<byte_level_pre_tokenizer>(true, false, false));
  for (const std::string_view p : patterns)
    steps.push_back(make_pattern_split(std::string(p), split_behavior::isolated, false));
  return std::make_unique<pre_tokenizer_sequence>(std::move(steps));
}

inline std::shared_ptr<tokenizer_parts> make_byte_level(vocabulary tokens, const merge_list& merges,
                                                        byte_pair_settings settings) {
  auto parts = std::make_shared<tokenizer_parts>();
  settings.byte_level = true;
  merge_table table = merges.table(tokens, "");
  parts->model =
      std::make_unique<byte_pair_model>(std::move(tokens), std::move(table), std::move(settings));
  parts->decoder = std::make_unique<byte_level_decoder>();
  return parts;
}

inline merge_list read_merges(std::string_view text) {
  merge_list merges;
  for (std::size_t at = 0, line = 1; at < text.size(); ++line) {
    const std::size_t end = (std::min)(text.find('\n', at), text.size());
    std::string_view words = text.substr(at, end - at);
    at = end + 1;
    if (!words.empty() && words.back() == '\r') words.remove_suffix(1);
    if (words.empty() || (line == 1 && words.substr(0, 8) == "#version")) continue;
    require<tokenizer_error>(merges.add_line(words), "line ", line, " of the merges, ",
                             std::string(words.substr(0, 60)), ", is not two tokens");
  }
  return merges;
}

// Adds a control token of this name, if the vocabulary has one.
inline void add_special(tokenizer_parts& parts, const std::string& name) {
  const token_id id = parts.model->tokens().find(name);
  if (!name.empty() && id != no_token)
    parts.added.insert({.text = name, .id = id, .special = true});
}

// `kind`: the tokenizer_class of tokenizer_config.json; GPT-2's pre-tokenizer is used for an unknown class.
inline std::shared_ptr<tokenizer_parts> read_byte_level(std::string_view vocab,
                                                        std::string_view merges,
                                                        std::string_view kind,
                                                        bool add_prefix_space) {
  vocabulary_reader reader(vocabulary_reader::vocab_json);
  read_json(vocab, reader);
  require<tokenizer_error>(reader.tokens().size() > 0, "the vocabulary has no tokens");
  const auto is = [&](const char* name) { return kind.find(name) != kind.npos; };
  const bool clip = is("CLIP") || reader.tokens().find("a</w>") != no_token;
  byte_pair_settings settings;
  if (clip) settings.suffix = "</w>", settings.unknown = "<|endoftext|>";
  auto parts = make_byte_level(reader.take_tokens(), read_merges(merges), std::move(settings));
  const vocabulary& tokens = parts->model->tokens();
  parts->names.bos = parts->names.eos = parts->names.unknown = "<|endoftext|>";
  if (clip) {
    std::vector<std::unique_ptr<normalizer>> steps;
    steps.push_back(std::make_unique<form_normalizer>(normal_form::nfc));
    steps.push_back(std::make_unique<replace_normalizer>(replacement(scan_spaces, " ")));
    steps.push_back(std::make_unique<plain_normalizer>(to_lower));
    parts->normalizer = std::make_unique<normalizer_sequence>(std::move(steps));
    std::vector<std::unique_ptr<pre_tokenizer>> cuts;
    cuts.push_back(make_pattern_split(std::string(clip_pattern), split_behavior::removed, true));
    cuts.push_back(std::make_unique<byte_level_pre_tokenizer>(false, true, false));
    parts->pre_tokenizer = std::make_unique<pre_tokenizer_sequence>(std::move(cuts));
    parts->names.bos = "<|startoftext|>";
    const token_id first = tokens.find(parts->names.bos), last = tokens.find(parts->names.eos);
    require<tokenizer_error>(
        first != no_token && last != no_token,
        "a vocabulary of CLIP has <|startoftext|> and <|endoftext|>, this has not");
    parts->post_processors.push_back({{first}, {last}});
  } else if (is("Qwen2")) {
    parts->normalizer = std::make_unique<form_normalizer>(normal_form::nfc);
    parts->pre_tokenizer = make_pattern_cuts({qwen2_pattern});
    parts->names.bos.clear();
  } else {
    parts->pre_tokenizer = make_pattern_cuts({gpt2_pattern}, add_prefix_space);
  }
  if (is("Roberta") || is("Bart") || is("Longformer") || is("LED")) {
    parts->names.bos = "<s>", parts->names.eos = "</s>", parts->names.unknown = "<unk>";
    const token_id first = tokens.find("<s>"), last = tokens.find("</s>");
    require<tokenizer_error>(first != no_token && last != no_token, "a vocabulary of ",
                             std::string(kind), " has <s> and </s>, this has not");
    parts->post_processors.push_back({{first}, {last}});
  }
  add_special(*parts, parts->names.bos);
  add_special(*parts, parts->names.eos);
  return parts;
}

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
