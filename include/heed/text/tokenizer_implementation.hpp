// SPDX-License-Identifier: MIT
// What tokenizer.hpp declares: a program that links a library in which it is compiled defines
// HEED_MODELS_COMPILED and never reads this.
//
//   #include <heed/text/tokenizer.hpp>  // includes it
#pragma once

#include <heed/text/chat/chat_template.hpp>  // render_chat
#include <heed/text/read/arrays.hpp>         // read_arrays
#include <heed/text/read/folder.hpp>         // read_tokenizer
#include <heed/text/tokenizer.hpp>           // tokenizer
#include <heed/text/tokenizer_parts.hpp>     // tokenizer_parts

namespace heed {
inline namespace HEED_ABI {
namespace detail {

inline token_id token_id_of(index id) {
  return id < 0 || id >= index(no_token) ? no_token : static_cast<token_id>(id);
}

inline std::vector<index> as_indices(const std::vector<token_id>& ids) {
  return {ids.begin(), ids.end()};
}

inline std::optional<index> id_of_name(const tokenizer_parts& parts, const std::string& name) {
  const added_token* added = name.empty() ? nullptr : parts.added.find(name);
  const token_id id = added != nullptr ? added->id
                      : name.empty()   ? no_token
                                       : parts.model->tokens().find(name);
  if (id == no_token) return std::nullopt;
  return index(id);
}

inline decoded written(const tokenizer_parts& parts, const std::vector<index>& ids,
                       const decode_options& options) {
  decoded d;
  for (const index id : ids) {
    const token_id t = token_id_of(id);
    if (options.skip_special_tokens && parts.added.specials().contains(t)) continue;
    if (auto text = parts.written(t)) d.parts.push_back(std::move(*text));
  }
  return d;
}

inline void check_size(std::string_view text) {
  require<std::length_error>(text.size() < std::numeric_limits<std::uint32_t>::max(),
                             "heed::tokenizer: a text of ", text.size(),
                             " bytes; it can have 2^32 - 2 at most");
}

}  // namespace detail

inline std::vector<index> tokenizer::encode(std::string_view text,
                                            const encode_options& options) const {
  detail::check_size(text);
  std::string mended;
  if (detail::find_fault(text).length > 0) text = mended = detail::repaired(text);
  detail::spoken_ranges spoken;
  if (!options.parse_special) spoken.push_back({0, text.size()});
  std::vector<detail::token_id> ids = parts_->encode(text, spoken);
  if (options.add_special_tokens) parts_->put_around(ids);
  return detail::as_indices(ids);
}

inline std::string tokenizer::decode(const std::vector<index>& ids,
                                     const decode_options& options) const {
  detail::decoded d = detail::written(*parts_, ids, options);
  return parts_->decode(d);
}

inline token_stream tokenizer::stream(const decode_options& options) const {
  return token_stream(parts_, options);
}

inline index tokenizer::vocabulary_size() const {
  index size = static_cast<index>(parts_->model->tokens().size());
  for (const detail::added_token& t : parts_->added.all())
    if (!parts_->model->tokens().contains(t.id)) ++size;
  return size;
}

inline std::optional<index> tokenizer::id(std::string_view token) const {
  return detail::id_of_name(*parts_, std::string(token));
}

inline std::optional<std::string> tokenizer::token(index id) const {
  const detail::token_id t = detail::token_id_of(id);
  if (const detail::added_token* added = parts_->added.find(t)) return added->text;
  if (!parts_->model->tokens().contains(t)) return std::nullopt;
  return std::string(parts_->model->tokens().token(t));
}

inline bool tokenizer::is_special(index id) const {
  return parts_->added.specials().contains(detail::token_id_of(id));
}

inline std::optional<index> tokenizer::bos() const {
  return detail::id_of_name(*parts_, parts_->names.bos);
}
inline std::optional<index> tokenizer::eos() const {
  return detail::id_of_name(*parts_, parts_->names.eos);
}
inline std::optional<index> tokenizer::unknown() const {
  return detail::id_of_name(*parts_, parts_->names.unknown);
}
inline std::optional<index> tokenizer::pad() const {
  return detail::id_of_name(*parts_, parts_->names.pad);
}

inline std::string tokenizer::chat(const std::vector<chat_message>& messages,
                                   const chat_options& options) const {
  return detail::render_chat(parts_->names, messages, options).text();
}

inline std::vector<index> tokenizer::chat_ids(const std::vector<chat_message>& messages,
                                              const chat_options& options) const {
  const detail::marked_text text = detail::render_chat(parts_->names, messages, options);
  return detail::as_indices(parts_->encode(text.text(), text.spoken_parts()));
}

inline const std::string& tokenizer::chat_template() const { return parts_->names.chat_template; }

inline std::string token_stream::push(index id) {
  window_.push_back(id);
  return advance(false);
}

inline std::string token_stream::finish() { return advance(true); }

inline std::string token_stream::advance(bool last) {
  detail::decoded d = detail::written(*parts_, window_, options_);
  d.is_stream = true;
  const std::string text = parts_->decode(d);
  // A window of many tokens whose last character never ends is garbage: it is shown as it is.
  const bool whole = last || !d.cut_off || window_.size() - settled_ > 64;
  const std::size_t certain =
      whole ? text.size() : text.size() - detail::replacement_character.size();
  std::string more;
  if (certain > shown_) {
    more = text.substr(shown_);
    more.resize(certain - shown_);
    shown_ = certain;
  }
  if (!whole || text.empty()) return more;
  // The tokens shown last stay in the window, since a decoder may treat the first token differently.
  window_.erase(window_.begin(), window_.begin() + static_cast<std::ptrdiff_t>(settled_));
  settled_ = window_.size();
  d = detail::written(*parts_, window_, options_);
  d.is_stream = true;
  shown_ = parts_->decode(d).size();
  return more;
}

inline tokenizer load_tokenizer(const std::string& folder_or_file) {
  return tokenizer(detail::read_tokenizer(folder_or_file));
}

inline tokenizer make_tokenizer(const vocabulary_arrays& arrays) {
  return tokenizer(detail::read_arrays(arrays));
}

}  // namespace HEED_ABI
}  // namespace heed
