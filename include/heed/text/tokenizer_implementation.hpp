// SPDX-License-Identifier: MIT
// The definitions of tokenizer_class.hpp. A program that links a library which contains these
// compiled (CMake's heed_models) has HEED_MODELS_COMPILED defined and does not include this file.
//
//   #include <heed/text/tokenizer.hpp>  // includes this file
#pragma once

#include <heed/text/chat/chat_template.hpp>  // render_chat
#include <heed/text/read/arrays.hpp>         // read_arrays
#include <heed/text/read/folder.hpp>         // read_tokenizer
#include <heed/text/read/gguf.hpp>           // read_vocabulary
#include <heed/text/tokenizer_class.hpp>     // tokenizer
#include <heed/text/tokenizer_parts.hpp>     // tokenizer_parts

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

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
  require<std::length_error>(text.size() < (std::numeric_limits<std::uint32_t>::max)(),
                             "heed::tokenizer: a text of ", text.size(),
                             " bytes; it can have 2^32 - 2 at most");
}

}  // namespace detail::text

HEED_MODELS_INLINE std::vector<index> tokenizer::encode(std::string_view text,
                                                        const encode_options& options) const {
  detail::text::check_size(text);
  std::string mended;
  if (detail::text::find_fault(text).length > 0) text = mended = detail::text::repaired(text);
  detail::text::spoken_ranges spoken;
  if (!options.parse_special) spoken.push_back({0, text.size()});
  std::vector<detail::text::token_id> ids = parts_->encode(text, spoken);
  if (options.add_special_tokens) parts_->put_around(ids);
  return detail::text::as_indices(ids);
}

HEED_MODELS_INLINE std::string tokenizer::decode(const std::vector<index>& ids,
                                                 const decode_options& options) const {
  detail::text::decoded d = detail::text::written(*parts_, ids, options);
  return parts_->decode(d);
}

HEED_MODELS_INLINE token_stream tokenizer::stream(const decode_options& options) const {
  return token_stream(parts_, options);
}

HEED_MODELS_INLINE index tokenizer::vocabulary_size() const {
  index size = static_cast<index>(parts_->model->tokens().size());
  for (const detail::text::added_token& t : parts_->added.all())
    if (!parts_->model->tokens().contains(t.id)) ++size;
  return size;
}

HEED_MODELS_INLINE std::optional<index> tokenizer::id(std::string_view token) const {
  return detail::text::id_of_name(*parts_, std::string(token));
}

HEED_MODELS_INLINE std::optional<std::string> tokenizer::token(index id) const {
  const detail::text::token_id t = detail::text::token_id_of(id);
  if (const detail::text::added_token* added = parts_->added.find(t)) return added->text;
  if (!parts_->model->tokens().contains(t)) return std::nullopt;
  return std::string(parts_->model->tokens().token(t));
}

HEED_MODELS_INLINE bool tokenizer::is_special(index id) const {
  return parts_->added.specials().contains(detail::text::token_id_of(id));
}

HEED_MODELS_INLINE std::optional<index> tokenizer::bos() const {
  return detail::text::id_of_name(*parts_, parts_->names.bos);
}
HEED_MODELS_INLINE std::optional<index> tokenizer::eos() const {
  return detail::text::id_of_name(*parts_, parts_->names.eos);
}
HEED_MODELS_INLINE std::optional<index> tokenizer::unknown() const {
  return detail::text::id_of_name(*parts_, parts_->names.unknown);
}
HEED_MODELS_INLINE std::optional<index> tokenizer::pad() const {
  return detail::text::id_of_name(*parts_, parts_->names.pad);
}

HEED_MODELS_INLINE std::string tokenizer::chat(const std::vector<chat_message>& messages,
                                               const chat_options& options) const {
  return detail::text::render_chat(parts_->names, messages, options).text();
}

HEED_MODELS_INLINE std::vector<index> tokenizer::chat_ids(const std::vector<chat_message>& messages,
                                                          const chat_options& options) const {
  const detail::text::marked_text text =
      detail::text::render_chat(parts_->names, messages, options);
  return detail::text::as_indices(parts_->encode(text.text(), text.spoken_parts()));
}

HEED_MODELS_INLINE const std::string& tokenizer::chat_template() const {
  return parts_->names.chat_template;
}

HEED_MODELS_INLINE std::string token_stream::push(index id) {
  if (detail::text::written(*parts_, {id}, options_).parts.empty()) return {};
  window_.push_back(id);
  return advance(false);
}

HEED_MODELS_INLINE std::string token_stream::finish() { return advance(true); }

HEED_MODELS_INLINE std::string token_stream::advance(bool last) {
  detail::text::decoded d = detail::text::written(*parts_, window_, options_);
  d.is_stream = true;
  const std::string text = parts_->decode(d);
  // More than 64 tokens whose last character is still incomplete are not valid text: they are shown as they are.
  const bool whole = last || !d.cut_off || window_.size() - settled_ > 64;
  const std::size_t certain =
      whole ? text.size() : text.size() - detail::text::replacement_character.size();
  std::string more;
  if (certain > shown_) {
    more = text.substr(shown_);
    more.resize(certain - shown_);
    shown_ = certain;
  }
  if (!whole) return more;
  // The window is cut to the tokens after the settled ones, if they decode to some text: a decoder may treat the
  // first token of a text differently.
  std::vector<index> rest(window_.begin() + static_cast<std::ptrdiff_t>(settled_), window_.end());
  d = detail::text::written(*parts_, rest, options_);
  d.is_stream = true;
  const std::size_t shown = parts_->decode(d).size();
  if ((more.empty() || shown == 0) && window_.size() < 64) return more;
  window_.swap(rest);
  settled_ = window_.size();
  shown_ = shown;
  return more;
}

HEED_MODELS_INLINE tokenizer load_tokenizer(const std::string& folder_or_file) {
  if (detail::text::names_gguf(folder_or_file))
    return make_tokenizer(detail::text::read_vocabulary(read_gguf(folder_or_file).metadata()));
  return tokenizer(detail::text::read_tokenizer(folder_or_file));
}

HEED_MODELS_INLINE bool detail::text::holds_tokenizer(const std::string& folder) {
  return !find_tokenizer_file(folder).empty();
}

HEED_MODELS_INLINE tokenizer make_tokenizer(const vocabulary_arrays& arrays) {
  return tokenizer(detail::text::read_arrays(arrays));
}

}  // namespace HEED_ABI
}  // namespace heed
