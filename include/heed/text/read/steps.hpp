// SPDX-License-Identifier: MIT
// The steps of a tokenizer.json, made from its JSON objects: normalizers, pre-tokenizers, decoders,
// post-processors.
//
//   detail::text::make_normalizer(detail::text::parse_json(R"({"type": "NFC"})"));  // a form_normalizer
#pragma once

#include <heed/text/read/json_value.hpp>  // json
#include <heed/text/tokenizer_parts.hpp>  // normalizer, pre_tokenizer, token_decoder, post_processor

#include <memory>  // unique_ptr

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

[[noreturn]] inline void refuse_type(const char* what, const std::string& type) {
  refuse<tokenizer_error>(std::string("there is no ") + what + " of the type " + type + " here");
}

// {"String": "..."} or {"Regex": "..."}
struct search_words {
  std::string text;
  bool is_pattern;
};
inline search_words words_of(const json& value) {
  if (const auto* text = member(value, "String").as<std::string>()) return {*text, false};
  if (const auto* text = member(value, "Regex").as<std::string>()) return {*text, true};
  if (const auto* text = value.as<std::string>()) return {*text, false};
  refuse_member("pattern", "{\"String\": ...} or {\"Regex\": ...}", value);
}
inline replacement make_replacement(const json& step) {
  const search_words words = words_of(member(step, "pattern"));
  std::string by = text_member(step, "content");
  if (!words.is_pattern) return {words.text, std::move(by)};
  if (const scanner known = scanner_of(words.text)) return {known, std::move(by)};
  return {pattern(words.text), std::move(by)};
}

// The bytes of a text in Base64 (RFC 4648).
inline std::string from_base64(std::string_view text) {
  std::string bytes;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (c == '=') break;
    const std::size_t value = letters.find(c);
    require<tokenizer_error>(value != letters.npos, "a text in Base64 holds the byte ", byte_of(c));
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes += static_cast<char>(static_cast<unsigned char>(bits >> held & 0xFF));
  }
  return bytes;
}

inline std::unique_ptr<normalizer> make_normalizer(const json& step) {
  if (step.is_null()) return nullptr;
  const std::string type = text_member(step, "type");
  if (type == "Sequence") {
    std::vector<std::unique_ptr<normalizer>> steps;
    for (const json& s : list_member(step, "normalizers")) steps.push_back(make_normalizer(s));
    if (steps.empty()) return nullptr;
    return std::make_unique<normalizer_sequence>(std::move(steps));
  }
  struct named_form {
    const char* name;
    normal_form form;
  };
  for (const named_form& f :
       {named_form{"NFC", normal_form::nfc}, named_form{"NFD", normal_form::nfd},
        named_form{"NFKC", normal_form::nfkc}, named_form{"NFKD", normal_form::nfkd}})
    if (type == f.name) return std::make_unique<form_normalizer>(f.form);
  struct named_function {
    const char* name;
    plain_normalizer::function apply;
  };
  for (const named_function& f :
       {named_function{"Lowercase", to_lower}, named_function{"StripAccents", strip_marks},
        named_function{"Nmt", clean_nmt}, named_function{"ByteLevel", to_byte_alphabet}})
    if (type == f.name) return std::make_unique<plain_normalizer>(f.apply);
  if (type == "Strip")
    return std::make_unique<strip_normalizer>(flag_member(step, "strip_left", true),
                                              flag_member(step, "strip_right", true));
  if (type == "Prepend") return std::make_unique<prepend_normalizer>(text_member(step, "prepend"));
  if (type == "Replace") return std::make_unique<replace_normalizer>(make_replacement(step));
  if (type == "Precompiled") {
    const json& map = member(step, "precompiled_charsmap");
    return std::make_unique<precompiled_normalizer>(
        charsmap(map.is_null() ? "" : from_base64(text_of(map, "precompiled_charsmap"))));
  }
  if (type == "BertNormalizer") {
    const bool lowercase = flag_member(step, "lowercase", true);
    return std::make_unique<bert_normalizer>(
        bert_cleaning{.clean_text = flag_member(step, "clean_text", true),
                      .handle_chinese_chars = flag_member(step, "handle_chinese_chars", true),
                      .strip_accents = flag_member(step, "strip_accents", lowercase),
                      .lowercase = lowercase});
  }
  refuse_type("normalizer", type);
}

inline split_behavior behavior_of(const json& step) {
  const std::string name = text_member(step, "behavior", "Isolated");
  if (name == "Isolated") return split_behavior::isolated;
  if (name == "Removed") return split_behavior::removed;
  if (name == "MergedWithPrevious") return split_behavior::merged_with_previous;
  if (name == "MergedWithNext") return split_behavior::merged_with_next;
  if (name == "Contiguous") return split_behavior::contiguous;
  refuse_member("behavior", "a behaviour of a split", member(step, "behavior"));
}

inline std::string mark_of(const json& step) {
  return text_member(step, "replacement", "\xE2\x96\x81");
}

inline prepend_scheme scheme_of(const json& step) {
  if (!flag_member(step, "add_prefix_space", true)) return prepend_scheme::never;
  const std::string name = text_member(step, "prepend_scheme", "always");
  if (name == "always") return prepend_scheme::always;
  if (name == "first") return prepend_scheme::first;
  if (name == "never") return prepend_scheme::never;
  refuse_member("prepend_scheme", "always, first or never", member(step, "prepend_scheme"));
}

// `bytes_last`: the last step does not write bytes in GPT-2's alphabet, because the model does.
inline std::unique_ptr<pre_tokenizer> make_pre_tokenizer(const json& step, bool bytes_last) {
  if (step.is_null()) return nullptr;
  const std::string type = text_member(step, "type");
  if (type == "Sequence") {
    const json::array& list = list_member(step, "pretokenizers");
    std::vector<std::unique_ptr<pre_tokenizer>> steps;
    for (const json& s : list)
      steps.push_back(make_pre_tokenizer(s, bytes_last && &s == &list.back()));
    return std::make_unique<pre_tokenizer_sequence>(std::move(steps));
  }
  if (type == "ByteLevel")
    return std::make_unique<byte_level_pre_tokenizer>(flag_member(step, "add_prefix_space", true),
                                                      flag_member(step, "use_regex", true),
                                                      !bytes_last);
  if (type == "Split") {
    const search_words words = words_of(member(step, "pattern"));
    const bool invert = flag_member(step, "invert", false);
    if (words.is_pattern) return make_pattern_split(words.text, behavior_of(step), invert);
    return std::make_unique<split_pre_tokenizer<words_finder>>(words_finder{words.text},
                                                               behavior_of(step), invert);
  }
  if (type == "Digits")
    return make_char_split(is_numeric, flag_member(step, "individual_digits", false)
                                           ? split_behavior::isolated
                                           : split_behavior::contiguous);
  if (type == "Punctuation") return make_char_split(is_punctuation, behavior_of(step));
  if (type == "WhitespaceSplit") return make_char_split(is_space, split_behavior::removed);
  if (type == "Whitespace")
    return std::make_unique<split_pre_tokenizer<scanner_finder>>(scanner_finder{scan_words},
                                                                 split_behavior::removed, true);
  if (type == "CharDelimiterSplit")
    return std::make_unique<split_pre_tokenizer<words_finder>>(
        words_finder{text_member(step, "delimiter")}, split_behavior::removed);
  if (type == "BertPreTokenizer") return make_bert_pre_tokenizer();
  if (type == "Metaspace")
    return std::make_unique<metaspace_pre_tokenizer>(mark_of(step), scheme_of(step),
                                                     flag_member(step, "split", true));
  if (type == "FixedLength") {
    const std::uint32_t length = count_member(step, "length", 5);
    require<tokenizer_error>(length > 0, "length is 0, which cuts nothing");
    return std::make_unique<fixed_length_pre_tokenizer>(length);
  }
  refuse_type("pre-tokenizer", type);
}

// Whether the last step of a pre-tokenizer writes bytes in GPT-2's alphabet.
inline bool ends_in_byte_level(const json& step) {
  const auto* list = member(step, "pretokenizers").as<json::array>();
  if (list != nullptr && !list->empty()) return ends_in_byte_level(list->back());
  return member(step, "type").is("ByteLevel");
}

inline std::unique_ptr<token_decoder> make_decoder(const json& step) {
  if (step.is_null()) return nullptr;
  const std::string type = text_member(step, "type");
  if (type == "Sequence") {
    std::vector<std::unique_ptr<token_decoder>> steps;
    for (const json& s : list_member(step, "decoders")) steps.push_back(make_decoder(s));
    return std::make_unique<decoder_sequence>(std::move(steps));
  }
  if (type == "ByteLevel") return std::make_unique<byte_level_decoder>();
  if (type == "ByteFallback") return std::make_unique<byte_fallback_decoder>();
  if (type == "Fuse") return std::make_unique<fuse_decoder>();
  if (type == "Replace") return std::make_unique<replace_decoder>(make_replacement(step));
  if (type == "Strip")
    return std::make_unique<strip_decoder>(text_member(step, "content"),
                                           count_member(step, "start", 0),
                                           count_member(step, "stop", 0));
  if (type == "Metaspace")
    return std::make_unique<metaspace_decoder>(mark_of(step),
                                               scheme_of(step) != prepend_scheme::never);
  if (type == "WordPiece")
    return std::make_unique<word_piece_decoder>(text_member(step, "prefix", "##"),
                                                flag_member(step, "cleanup", true));
  if (type == "BPEDecoder")
    return std::make_unique<suffix_decoder>(text_member(step, "suffix", "</w>"));
  if (type == "CTC")
    return std::make_unique<ctc_decoder>(text_member(step, "pad_token", "<pad>"),
                                         text_member(step, "word_delimiter_token", "|"),
                                         flag_member(step, "cleanup", true));
  refuse_type("decoder", type);
}

inline post_processor make_template(const json& step) {
  post_processor made;
  const json& table = member(step, "special_tokens");
  bool behind = false;
  for (const json& part : list_member(step, "single")) {
    if (const json& text = member(part, "Sequence"); !text.is_null()) {
      require<tokenizer_error>(!behind && text_member(text, "id", "A") == "A",
                               "the template of a post-processor holds the text more than once");
      behind = true;
      continue;
    }
    const std::string name = text_member(member(part, "SpecialToken"), "id");
    for (const json& id : list_member(member(table, name), "ids"))
      (behind ? made.after : made.before).push_back(count_of(id, "ids"));
  }
  require<tokenizer_error>(behind, "the template of a post-processor leaves out the text");
  return made;
}

// [text, id]
inline token_id id_of_pair(const json& step, const char* name) {
  const json::array& pair = list_member(step, name);
  if (pair.size() != 2) refuse_member(name, "[token, id]", member(step, name));
  return count_of(pair[1], name);
}

inline void add_post_processors(const json& step, std::vector<post_processor>& made) {
  if (step.is_null()) return;
  const std::string type = text_member(step, "type");
  if (type == "Sequence") {
    for (const json& s : list_member(step, "processors")) add_post_processors(s, made);
  } else if (type == "TemplateProcessing") {
    made.push_back(make_template(step));
  } else if (type == "BertProcessing" || type == "RobertaProcessing") {
    made.push_back({{id_of_pair(step, "cls")}, {id_of_pair(step, "sep")}});
  } else if (type != "ByteLevel") {
    // The post-processor ByteLevel changes only the offsets of tokens, which heed does not compute.
    refuse_type("post-processor", type);
  }
}

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
