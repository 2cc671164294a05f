// SPDX-License-Identifier: MIT
// Reads the tokenizer of a model's folder, or of one file.
//
//   detail::text::read_tokenizer("SmolLM2-135M-Instruct");  // the parts of a tokenizer
#pragma once

#include <heed/text/read/arrays.hpp>          // read_llama2c, make_bert
#include <heed/text/read/sentencepiece.hpp>   // read_sentencepiece
#include <heed/text/read/tokenizer_json.hpp>  // read_tokenizer_json

#include <filesystem>  // path
#include <fstream>     // ifstream

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

inline std::string read_whole(const std::filesystem::path& path) {
  constexpr std::streamoff largest = std::streamoff(1) << 30;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = file ? std::streamoff(file.tellg()) : -1;
  require<tokenizer_error>(size >= 0, "it cannot be read");
  require<tokenizer_error>(size <= largest, "it has ", size,
                           " bytes, more than a tokenizer can have");
  std::string bytes(static_cast<std::size_t>(size), '\0');
  file.seekg(0);
  file.read(bytes.data(), size);
  require<tokenizer_error>(file.good() || size == 0, "it cannot be read");
  return bytes;
}

inline bool is_file(const std::filesystem::path& path) {
  std::error_code none;
  return std::filesystem::is_regular_file(path, none);
}

// Calls read() and puts the file's name before its error messages.
template <class Read>
auto reading(const std::filesystem::path& path, const Read& read) {
#if HEED_HAS_EXCEPTIONS
  try {
    return read();
  } catch (const tokenizer_error& error) {
    throw tokenizer_error(path.string() + ": " + error.what());
  }
#else
  static_cast<void>(path);
  return read();
#endif
}

// Reads another file of the same folder; its name is at the beginning of error messages.
inline std::string read_beside(const std::filesystem::path& path) {
  return reading(path, [&] { return read_whole(path); });
}

inline json read_config(const std::filesystem::path& path) {
  if (!is_file(path)) return {};
  return reading(path, [&] { return parse_json(read_whole(path)); });
}

// The text of a token in a config: "<s>" or {"content": "<s>", ...}.
inline std::string token_text(const json& value) {
  const auto* text = value.as<std::string>();
  if (text == nullptr) text = member(value, "content").as<std::string>();
  return text == nullptr ? std::string() : *text;
}

inline std::string template_of(const json& value) {
  if (const auto* text = value.as<std::string>()) return *text;
  if (const auto* list = value.as<json::array>())  // several, by name
    for (const json& entry : *list)
      if (member(entry, "name").is("default")) return text_member(entry, "template", "");
  return {};
}

// The other files of the folder, which have the names of special tokens and the chat template.
class folder_config {
 public:
  explicit folder_config(std::filesystem::path folder)
      : folder_(std::move(folder)),
        config_(read_config(folder_ / "tokenizer_config.json")),
        names_(read_config(folder_ / "special_tokens_map.json")) {}

  [[nodiscard]] const json& config() const { return config_; }
  [[nodiscard]] std::string kind() const { return text_member(config_, "tokenizer_class", ""); }

  void name(tokenizer_parts& parts) const {
    const auto take = [&](const char* key, std::string& name) {
      for (const json* file : {&config_, &names_})
        if (std::string text = token_text(member(*file, key)); !text.empty()) {
          name = std::move(text);
          return;
        }
    };
    take("bos_token", parts.names.bos);
    take("eos_token", parts.names.eos);
    take("unk_token", parts.names.unknown);
    take("pad_token", parts.names.pad);
    parts.names.chat_template = template_of(member(config_, "chat_template"));
    if (is_file(folder_ / "chat_template.jinja"))
      parts.names.chat_template = read_beside(folder_ / "chat_template.jinja");
    else if (parts.names.chat_template.empty())
      parts.names.chat_template =
          template_of(member(read_config(folder_ / "chat_template.json"), "chat_template"));
  }

  // Adds the special tokens, for vocabulary files that do not mark them.
  void add_tokens(tokenizer_parts& parts) const {
    token_adder adder(parts);
    if (const auto* added = member(config_, "added_tokens_decoder").as<json::object>()) {
      for (const auto& [id, entry] : *added)
        adder.add(token_of(entry, text_member(entry, "content")));
      return;
    }
    for (const json* file : {&config_, &names_})
      for (const char* key : {"bos_token", "eos_token", "unk_token", "pad_token", "sep_token",
                              "cls_token", "mask_token"})
        if (std::string text = token_text(member(*file, key)); !text.empty())
          adder.add({.text = std::move(text), .special = true});
  }

 private:
  std::filesystem::path folder_;
  json config_, names_;
};

inline std::shared_ptr<tokenizer_parts> read_bert_words(std::string_view text, const json& config) {
  vocabulary tokens;
  for (std::size_t at = 0, line = 0; at < text.size(); ++line) {
    const std::size_t end = (std::min)(text.find('\n', at), text.size());
    std::string_view word = text.substr(at, end - at);
    while (!word.empty() && (word.back() == '\r' || word.back() == ' ')) word.remove_suffix(1);
    tokens.assign(word, static_cast<token_id>(line));
    at = end + 1;
  }
  require<tokenizer_error>(tokens.size() > 0, "the vocabulary has no tokens");
  const bool lowercase = flag_member(config, "do_lower_case", true);
  return make_bert(std::move(tokens), {},
                   {.handle_chinese_chars = flag_member(config, "tokenize_chinese_chars", true),
                    .strip_accents = flag_member(config, "strip_accents", lowercase),
                    .lowercase = lowercase});
}

// Adds the tokens that tokenizer_config.json puts around a text, for a SentencePiece model in a folder of Hugging
// Face.
inline void wrap_sentencepiece(tokenizer_parts& parts, const json& config) {
  if (config.is_null()) return;
  const bool llama = text_member(config, "tokenizer_class", "").find("Llama") != std::string::npos;
  post_processor around;
  const auto add = [&](const char* flag, bool other, const std::string& name,
                       std::vector<token_id>& to) {
    const token_id id = parts.model->tokens().find(name);
    if (flag_member(config, flag, other) && id != no_token) to.push_back(id);
  };
  add("add_bos_token", llama, parts.names.bos, around.before);
  add("add_eos_token", false, parts.names.eos, around.after);
  parts.post_processors.push_back(std::move(around));
}

inline std::shared_ptr<tokenizer_parts> read_tokenizer_file(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.parent_path();
  const std::string name = path.filename().string(), ending = path.extension().string();
  const folder_config config(folder);
  std::shared_ptr<tokenizer_parts> parts;
  const auto read_pair = [&](const char* merges) {
    const bool space = flag_member(config.config(), "add_prefix_space", false);
    parts = read_byte_level(read_whole(path), read_beside(folder / merges), config.kind(), space);
  };
  if (name == "vocab.json" || name == "encoder.json") {
    read_pair(name == "vocab.json" ? "merges.txt" : "vocab.bpe");
    config.add_tokens(*parts);
  } else if (ending == ".json") {
    parts = read_tokenizer_json(read_whole(path));
  } else if (ending == ".model") {
    parts = read_sentencepiece(read_whole(path));
    config.add_tokens(*parts);
    wrap_sentencepiece(*parts, config.config());
  } else if (ending == ".bin") {
    parts = read_llama2c(read_whole(path));
  } else if (ending == ".txt") {
    parts = read_bert_words(read_whole(path), config.config());
    config.add_tokens(*parts);
  } else {
    refuse<tokenizer_error>(
        "a tokenizer is a folder, or a file that ends in .json, .model, .txt, .bin or .gguf");
  }
  config.name(*parts);
  return parts;
}

// The file of a folder from which the tokenizer is read; an empty path if there is none.
inline std::filesystem::path find_tokenizer_file(const std::filesystem::path& folder) {
  for (const char* const name :
       {"tokenizer.json", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model",
        "vocab.json", "encoder.json", "vocab.txt", "tokenizer.bin", "tok512.bin"})
    if (is_file(folder / name)) return folder / name;
  return {};
}

inline std::shared_ptr<const tokenizer_parts> read_tokenizer(const std::string& folder_or_file) {
  std::filesystem::path path(folder_or_file);
  std::error_code none;
  if (std::filesystem::is_directory(path, none)) {
    path = find_tokenizer_file(path);
    require<tokenizer_error>(!path.empty(), folder_or_file,
                             ": the folder holds no tokenizer.json, tokenizer.model, spiece.model, "
                             "vocab.json, encoder.json, vocab.txt or tokenizer.bin");
  }
  return reading(path, [&] { return read_tokenizer_file(path); });
}

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
