// SPDX-License-Identifier: MIT
// The parts of a tokenizer, applied in order: added tokens, normalizer, pre-tokenizer, model; and the
// decoder and the post-processors.
//
//   std::shared_ptr<detail::text::tokenizer_parts> parts = detail::text::read_tokenizer_json(text_of_file);
//   parts->encode("Hello", {});  // its ids, without those of post-processors
#pragma once

#include <heed/text/added_tokens.hpp>   // added_tokens
#include <heed/text/normalizer.hpp>     // normalizer
#include <heed/text/pre_tokenizer.hpp>  // pre_tokenizer
#include <heed/text/token_decoder.hpp>  // token_decoder
#include <heed/text/token_model.hpp>    // token_model
#include <heed/text/word_cache.hpp>     // word_cache

#include <mutex>  // mutex

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

// The post-processor: tokens before and after those of a text.
struct post_processor {
  std::vector<token_id> before = {}, after = {};
};

// The special tokens, and the chat template.
struct special_tokens {
  std::string bos = {}, eos = {}, unknown = {}, pad = {};
  std::string chat_template = {};
};

// Working memory of an encoding; one for each thread, kept between calls.
struct encode_scratch {
  word_cache cache;
  pieces cut;
  std::vector<token_part> parts, inner;
};

class scratch_pool {
 public:
  std::unique_ptr<encode_scratch> take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return std::make_unique<encode_scratch>();
    auto taken = std::move(free_.back());
    free_.pop_back();
    return taken;
  }
  // Puts working memory back into the pool; frees what a long text took, but keeps the cache.
  void give(std::unique_ptr<encode_scratch> scratch) {
    if (scratch->cut.text.capacity() > largest) scratch->cut = {};
    if (scratch->parts.capacity() > largest) scratch->parts = {};
    if (scratch->inner.capacity() > largest) scratch->inner = {};
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(scratch));
  }

 private:
  static constexpr std::size_t largest = std::size_t(1) << 20;

  std::mutex mutex_;
  std::vector<std::unique_ptr<encode_scratch>> free_;
};

class tokenizer_parts {
 public:
  std::unique_ptr<detail::text::normalizer> normalizer;
  std::unique_ptr<detail::text::pre_tokenizer> pre_tokenizer;
  std::unique_ptr<token_model> model;
  std::unique_ptr<token_decoder> decoder;
  added_tokens added;
  std::vector<post_processor> post_processors;
  special_tokens names;

  // The tokens of a text in UTF-8, without those of post-processors. In the ranges `spoken`, neither added tokens
  // nor the model give control tokens.
  [[nodiscard]] std::vector<token_id> encode(std::string_view text,
                                             const spoken_ranges& spoken) const {
    std::unique_ptr<encode_scratch> scratch = pool_.take();
    std::vector<token_id> ids;
    added.find_in_text(text, spoken, scratch->parts);
    for (const token_part& part : scratch->parts)
      if (part.token != nullptr)
        ids.push_back(part.token->id);
      else
        encode_section(text, part.range, spoken, *scratch, ids);
    pool_.give(std::move(scratch));
    return ids;
  }

  void put_around(std::vector<token_id>& ids) const {
    for (const post_processor& p : post_processors) {
      ids.insert(ids.begin(), p.before.begin(), p.before.end());
      ids.insert(ids.end(), p.after.begin(), p.after.end());
    }
  }

  // The string of a token that decoders read; none for an id that no token has.
  [[nodiscard]] std::optional<std::string> written(token_id id) const {
    if (const added_token* t = added.find(id))
      return t->normal_text.empty() ? t->text : t->normal_text;
    if (!model->tokens().contains(id)) return std::nullopt;
    return std::string(model->tokens().token(id));
  }

  [[nodiscard]] std::string decode(decoded& d) const {
    if (decoder != nullptr) decoder->apply(d);
    std::string text;
    for (std::size_t i = 0; i < d.parts.size(); ++i) {
      if (i > 0 && decoder == nullptr) text += ' ';
      text += d.parts[i];
    }
    return text;
  }

 private:
  // Encodes a part of the text in which find_in_text has found no token.
  void encode_section(std::string_view text, const text_range& r, const spoken_ranges& spoken,
                      encode_scratch& scratch, std::vector<token_id>& ids) const {
    std::string section(text.substr(r.begin, r.end - r.begin));
    const bool start = r.begin == 0;
    const bool is_spoken = overlaps(spoken, r);
    if (!added.any_in_normal_text()) {
      if (normalizer != nullptr) normalizer->apply(section);
      encode_pieces(std::move(section), start, is_spoken, scratch, ids);
      return;
    }
    const spoken_ranges spoken_here =
        is_spoken ? spoken_in_normal_text(section, r, spoken) : spoken_ranges{};
    if (normalizer != nullptr) normalizer->apply(section);
    added.find_in_normal_text(section, spoken_here, scratch.inner);
    for (const token_part& part : scratch.inner)
      if (part.token != nullptr)
        ids.push_back(part.token->id);
      else
        encode_pieces(section.substr(part.range.begin, part.range.end - part.range.begin),
                      start && part.range.begin == 0, is_spoken, scratch, ids);
  }

  // The spoken ranges of a section after normalisation. The new place of a range's begin or end is the size of the
  // normalised text before it, if the normalised section begins with that text; otherwise the whole section
  // counts as spoken.
  [[nodiscard]] spoken_ranges spoken_in_normal_text(std::string_view section, const text_range& r,
                                                    const spoken_ranges& spoken) const {
    const auto normal = [&](std::size_t size) {
      std::string form(section.substr(0, size));
      if (normalizer != nullptr) normalizer->apply(form);
      return form;
    };
    const std::string whole = normal(section.size());
    spoken_ranges found;
    for (const text_range& s : spoken) {
      if (s.end <= r.begin || s.begin >= r.end) continue;
      const std::string before = normal((std::max)(s.begin, r.begin) - r.begin);
      const std::string until = normal((std::min)(s.end, r.end) - r.begin);
      if (whole.compare(0, before.size(), before) != 0 ||
          whole.compare(0, until.size(), until) != 0)
        return {{0, whole.size()}};
      found.push_back({before.size(), until.size()});
    }
    return found;
  }

  void encode_pieces(std::string section, bool start, bool is_spoken, encode_scratch& scratch,
                     std::vector<token_id>& ids) const {
    pieces& cut = scratch.cut;
    cut.begin(std::move(section), start);
    if (pre_tokenizer != nullptr) pre_tokenizer->cut(cut);
    const std::string_view mark = model->cut_before();
    for (const text_range& r : cut.ranges) {
      const std::string_view piece = cut.view(r);
      if (mark.empty()) {
        encode_piece(piece, is_spoken, scratch.cache, ids);
        continue;
      }
      for (std::size_t at = 0; at < piece.size();) {
        std::size_t end = at;
        while (piece.substr(end, mark.size()) == mark) end += mark.size();
        end = (std::min)(piece.find(mark, end), piece.size());
        encode_piece(piece.substr(at, end - at), is_spoken, scratch.cache, ids);
        at = end;
      }
    }
  }

  void encode_piece(std::string_view piece, bool is_spoken, word_cache& cache,
                    std::vector<token_id>& ids) const {
    const std::size_t before = ids.size();
    if (piece.size() <= word_cache::longest) {
      word_cache::entry& e = cache.place_of(piece);
      if (word_cache::holds(e, piece)) {
        ids.insert(ids.end(), e.ids, e.ids + e.count);
      } else {
        model->encode(piece, nullptr, ids);
        word_cache::keep(e, piece, ids.data() + before, ids.size() - before);
      }
    } else {
      model->encode(piece, nullptr, ids);
    }
    if (!is_spoken) return;
    const auto is_control = [&](token_id id) {
      return id != model->unknown() && added.specials().contains(id);
    };
    for (std::size_t i = before; i < ids.size(); ++i)
      if (is_control(ids[i])) {
        ids.resize(before);
        token_set refused = added.specials();
        if (model->unknown() != no_token) refused.erase(model->unknown());
        model->encode(piece, &refused, ids);
        return;
      }
  }

  mutable scratch_pool pool_;
};

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
