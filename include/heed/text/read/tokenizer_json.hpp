// SPDX-License-Identifier: MIT
// Reads Hugging Face's tokenizer.json.
//
//   detail::text::read_tokenizer_json(text);  // the parts of a tokenizer
#pragma once

#include <heed/text/byte_pair_model.hpp>         // byte_pair_model
#include <heed/text/read/steps.hpp>              // make_normalizer, ...
#include <heed/text/read/vocabulary_reader.hpp>  // vocabulary_reader
#include <heed/text/unigram_model.hpp>           // unigram_model
#include <heed/text/word_piece_model.hpp>        // word_piece_model

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

inline std::unique_ptr<token_model> make_unigram(vocabulary_reader& reader, const json& model) {
  unigram_settings s{.scores = reader.scores(),
                     .unknown = count_member(model, "unk_id", no_token),
                     .byte_fallback = flag_member(model, "byte_fallback", false)};
  require<tokenizer_error>(s.unknown == no_token || s.unknown < s.scores.size(), "unk_id is ",
                           s.unknown, ", and the vocabulary has ", s.scores.size(), " tokens");
  double least = std::numeric_limits<double>::infinity();
  for (const double score : s.scores) least = (std::min)(least, score);
  s.unknown_score = least - 10;
  return std::make_unique<unigram_model<double>>(reader.take_tokens(), std::move(s));
}

inline std::unique_ptr<token_model> make_model(vocabulary_reader& reader, const json& model,
                                               bool byte_level) {
  std::string type = text_member(model, "type", "");
  if (type.empty())  // files of the first versions leave it out
    type = reader.merges().size() > 0                             ? "BPE"
           : !reader.scores().empty()                             ? "Unigram"
           : !member(model, "max_input_chars_per_word").is_null() ? "WordPiece"
                                                                  : "WordLevel";
  require<tokenizer_error>((type == "Unigram") == !reader.scores().empty() || type == "BPE",
                           "the vocabulary of a model of the type ", type,
                           type == "Unigram" ? " has no scores" : " has scores");
  if (type == "Unigram") return make_unigram(reader, model);
  if (type == "BPE") {
    const json& dropout = member(model, "dropout");
    const auto* share = dropout.as<double>();
    require<tokenizer_error>(dropout.is_null() || (share != nullptr && exactly_equal(*share, 0.0)),
                             "dropout is given, so the tokens of a text would be random");
    byte_pair_settings s{.byte_level = byte_level,
                         .byte_fallback = flag_member(model, "byte_fallback", false),
                         .ignore_merges = flag_member(model, "ignore_merges", false),
                         .fuse_unknown = flag_member(model, "fuse_unk", false),
                         .unknown = text_member(model, "unk_token", ""),
                         .prefix = text_member(model, "continuing_subword_prefix", ""),
                         .suffix = text_member(model, "end_of_word_suffix", "")};
    merge_table merges = reader.merges().table(reader.tokens(), s.prefix);
    return std::make_unique<byte_pair_model>(reader.take_tokens(), std::move(merges), std::move(s));
  }
  if (type == "WordPiece")
    return std::make_unique<word_piece_model>(
        reader.take_tokens(),
        word_piece_settings{.unknown = text_member(model, "unk_token", "[UNK]"),
                            .prefix = text_member(model, "continuing_subword_prefix", "##"),
                            .longest_word = count_member(model, "max_input_chars_per_word", 100)});
  if (type == "WordLevel")
    return std::make_unique<word_level_model>(reader.take_tokens(),
                                              text_member(model, "unk_token", "<unk>"));
  refuse_type("model", type);
}

// Gives added tokens their ids as Hugging Face's library does: the id of that text in the model's vocabulary
// or, if it is not there, the next number after the vocabulary and the tokens added before.
class token_adder {
 public:
  explicit token_adder(tokenizer_parts& parts) : parts_(parts) {
    const std::size_t size = parts.model->tokens().size();
    for (const added_token& t : parts.added.all()) next_ = (std::max)(next_, std::size_t(t.id) + 1);
    next_ = (std::max)(next_, size);
  }

  void add(added_token token) {
    if (token.text.empty()) return;
    if (const added_token* known = parts_.added.find(token.text))
      token.id = known->id;
    else if (const token_id id = parts_.model->tokens().find(token.text); id != no_token)
      token.id = id;
    else
      token.id = static_cast<token_id>(next_++);
    if (token.normalized && parts_.normalizer != nullptr) {
      token.normal_text = token.text;
      parts_.normalizer->apply(token.normal_text);
      if (token.normal_text == token.text) token.normal_text.clear();
    }
    parts_.added.insert(std::move(token));
  }

 private:
  tokenizer_parts& parts_;
  std::size_t next_ = 0;
};

inline added_token token_of(const json& entry, std::string text) {
  const bool special = flag_member(entry, "special", false);
  return {.text = std::move(text),
          .special = special,
          .single_word = flag_member(entry, "single_word", false),
          .strip_left = flag_member(entry, "lstrip", false),
          .strip_right = flag_member(entry, "rstrip", false),
          .normalized = flag_member(entry, "normalized", !special)};
}

// Truncation and padding of the file are not applied: a text keeps all of its tokens.
inline std::shared_ptr<tokenizer_parts> read_tokenizer_json(std::string_view text) {
  vocabulary_reader reader(vocabulary_reader::tokenizer_json);
  read_json(text, reader);
  const json file = reader.take();
  const json& model = member(file, "model");
  require<tokenizer_error>(model.as<json::object>() != nullptr,
                           "it has no member model, which a tokenizer.json has");

  auto parts = std::make_shared<tokenizer_parts>();
  const json& cuts = member(file, "pre_tokenizer");
  const bool byte_level = ends_in_byte_level(cuts) &&
                          (text_member(model, "type", "") == "BPE" || reader.merges().size() > 0);
  parts->normalizer = make_normalizer(member(file, "normalizer"));
  parts->pre_tokenizer = make_pre_tokenizer(cuts, byte_level);
  parts->model = make_model(reader, model, byte_level);
  parts->decoder = make_decoder(member(file, "decoder"));
  add_post_processors(member(file, "post_processor"), parts->post_processors);
  if (const json& added = member(file, "added_tokens"); !added.is_null()) {
    token_adder adder(*parts);
    for (const json& entry : list_member(file, "added_tokens"))
      adder.add(token_of(entry, text_member(entry, "content")));
  }
  return parts;
}

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
