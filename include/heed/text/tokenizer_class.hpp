// SPDX-License-Identifier: MIT
// The tokenizer class: encodes text to tokens and decodes tokens to text, with the same results as the
// library of the model's authors.
//
//   heed::tokenizer text = heed::load_tokenizer("SmolLM2-135M-Instruct");
//   std::vector<heed::index> ids = text.encode("Once upon a time");  // {6403, 1980, 253, 655}
//   text.decode(ids);                                                // "Once upon a time"
#pragma once

#include <heed/text/tokenizer_error.hpp>    // tokenizer_error
#include <heed/text/vocabulary_arrays.hpp>  // vocabulary_arrays, index

#include <memory>       // shared_ptr
#include <optional>     // optional
#include <string>       // string
#include <string_view>  // string_view
#include <vector>       // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {
class tokenizer_parts;
}

struct encode_options {
  // Whether the tokens that a model expects around a text are added, [CLS] and [SEP] for example.
  bool add_special_tokens = true;
  // Whether a control token written in the text, "<|im_end|>" for example, becomes that token. If
  // false, no text becomes a control token, which is right for untrusted input. (Added tokens that
  // their file does not mark as special are found in both cases.)
  bool parse_special = true;
};

struct decode_options {
  // Whether control tokens are left out.
  bool skip_special_tokens = false;
};

// One turn of a conversation.
struct chat_message {
  std::string role;  // usually "system", "user" or "assistant"
  std::string content;
};

struct chat_options {
  // Whether the text ends with the beginning of an assistant's turn.
  bool add_generation_prompt = true;
};

// Streaming decoder: turns tokens that come one by one into text, and never returns an incomplete
// character.
//
//   heed::token_stream stream = text.stream();
//   for (heed::index id : ids) std::cout << stream.push(id);
//   std::cout << stream.finish();
class token_stream {
 public:
  // The new text that is complete, which may be empty. The joined texts are decode(ids), except for
  // bytes that are not valid UTF-8: for them, U+FFFD is returned at once.
  std::string push(index id);

  // The text held back: U+FFFD if the tokens end inside a character.
  std::string finish();

 private:
  friend class tokenizer;
  token_stream(std::shared_ptr<const detail::text::tokenizer_parts> parts,
               const decode_options& options)
      : parts_(std::move(parts)), options_(options) {}
  std::string advance(bool last);

  std::shared_ptr<const detail::text::tokenizer_parts> parts_;
  decode_options options_;
  std::vector<index> window_;  // tokens whose text may still change, and those just before them
  std::size_t settled_ = 0;    // how many tokens of the window have been shown
  std::size_t shown_ = 0;      // how many bytes of the window's text have been shown
};

// A vocabulary and the rules to use it; cheap to copy, and const calls may run in any thread. Text is
// UTF-8; bytes that are not have U+FFFD in their place.
class tokenizer {
 public:
  // The ids of a text, as Hugging Face's encode returns them. Throws tokenizer_error for a text that
  // the vocabulary cannot express, std::length_error for a text of 4 GiB or more.
  [[nodiscard]] std::vector<index> encode(std::string_view text,
                                          const encode_options& options = {}) const;

  // The text of tokens. Ids that no token has are left out.
  [[nodiscard]] std::string decode(const std::vector<index>& ids,
                                   const decode_options& options = {}) const;
  [[nodiscard]] token_stream stream(const decode_options& options = {}) const;

  // How many tokens there are, added ones included.
  [[nodiscard]] index vocabulary_size() const;
  // The id of a token as the vocabulary writes it ("Ġthe", not " the"), if there is one.
  [[nodiscard]] std::optional<index> id(std::string_view token) const;
  // The token of an id as the vocabulary writes it, if there is one.
  [[nodiscard]] std::optional<std::string> token(index id) const;
  // Whether the token of an id is a control token.
  [[nodiscard]] bool is_special(index id) const;

  // The special tokens for the beginning and the end of a text, for unknown text, and for padding.
  [[nodiscard]] std::optional<index> bos() const;
  [[nodiscard]] std::optional<index> eos() const;
  [[nodiscard]] std::optional<index> unknown() const;
  [[nodiscard]] std::optional<index> pad() const;

  // A conversation as the model's chat template writes it.
  //   text.chat({{"user", "Hi"}});  // "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
  // Throws tokenizer_error if the model has no template, or the template cannot be rendered.
  [[nodiscard]] std::string chat(const std::vector<chat_message>& messages,
                                 const chat_options& options = {}) const;
  // The tokens of the conversation. The template's control tokens become control tokens; the
  // messages' `content` never becomes one, whatever its text is. Otherwise the ids are those of
  // encode(chat(messages), {.add_special_tokens = false}).
  [[nodiscard]] std::vector<index> chat_ids(const std::vector<chat_message>& messages,
                                            const chat_options& options = {}) const;
  // The chat template in Jinja's language; "" if there is none.
  [[nodiscard]] const std::string& chat_template() const;

  // For load_tokenizer and make_tokenizer.
  explicit tokenizer(std::shared_ptr<const detail::text::tokenizer_parts> parts)
      : parts_(std::move(parts)) {}

 private:
  std::shared_ptr<const detail::text::tokenizer_parts> parts_;
};

// Reads the tokenizer of a folder, as Hugging Face's models have one, or of a single file:
//   tokenizer.json                             Hugging Face tokenizers
//   tokenizer.model, spiece.model, *.model     SentencePiece
//   vocab.json + merges.txt, encoder.json + vocab.bpe   GPT-2 and similar models
//   vocab.txt                                  BERT
//   tok*.bin, tokenizer.bin                    llama2.c
//   *.gguf                                     GGUF: the model's own file
// In a folder the first of these files that exists is read; tokenizer_config.json,
// special_tokens_map.json and chat_template.jinja beside it name special tokens and the chat
// template. Truncation and padding of a tokenizer.json are not applied. Throws tokenizer_error with
// the file's name.
[[nodiscard]] tokenizer load_tokenizer(const std::string& folder_or_file);

namespace detail::text {
// Whether load_tokenizer finds a file in the folder.
[[nodiscard]] bool holds_tokenizer(const std::string& folder);
}  // namespace detail::text

// Makes a tokenizer from arrays, such as those of a GGUF file. Throws tokenizer_error if they do not fit each other.
[[nodiscard]] tokenizer make_tokenizer(const vocabulary_arrays& arrays);

}  // namespace HEED_ABI
}  // namespace heed
