// SPDX-License-Identifier: MIT
// Batched generation: a decoder continues several prompts together, so that each layer reads its
// weights once for all of them.
//
//   heed::generate_all(gpt, {{464, 2068}, {15496}}, {.tokens = 32});  // two vectors of 32 ids
#pragma once

#include <heed/model/generation.hpp>  // decoder, generate_options

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// One of the texts: `seen` are its tokens, whose first cache.position() are in the cache; `given` are
// the new ones.
template <class Scalar>
struct batch_text {
  decoder_cache<Scalar> cache;
  std::vector<index> seen;
  std::vector<index> given = {};
  bool ended = false;

  [[nodiscard]] index waiting() const { return static_cast<index>(seen.size()) - cache.position(); }

  void add(index id, const generate_options& options) {
    seen.push_back(id);
    given.push_back(id);
    ended = static_cast<index>(given.size()) == options.tokens ||
            std::find(options.stop.begin(), options.stop.end(), id) != options.stop.end();
  }
};

// Processes tokens that are not yet in the caches, about options.prefill in all but at least one of each text,
// and adds a new token to each text whose tokens have all been processed.
template <class Scalar>
void batch_step(const decoder<Scalar>& model, const std::vector<batch_text<Scalar>*>& texts,
                const generate_options& options) {
  const index share = (std::max)(index(1), options.prefill / static_cast<index>(texts.size()));
  std::vector<index> ids, starts{0}, lasts;
  std::vector<decoder_cache<Scalar>*> caches;
  std::vector<batch_text<Scalar>*> read;
  for (batch_text<Scalar>* const text : texts) {
    const index count = (std::min)(share, text->waiting());
    const auto first = text->seen.begin() + text->cache.position();
    ids.insert(ids.end(), first, first + count);
    starts.push_back(static_cast<index>(ids.size()));
    caches.push_back(&text->cache);
    if (count < text->waiting()) continue;
    read.push_back(text);
    lasts.push_back(starts.back() - 1);
  }
  const matrix<Scalar> hidden = model.hidden(ids, starts, caches, heed::on(options.on));
  if (read.empty()) return;
  matrix<Scalar> last(static_cast<index>(read.size()), hidden.cols());
  for (std::size_t i = 0; i < read.size(); ++i)
    last.row(static_cast<index>(i)) = hidden.row(lasts[i]);
  matrix<Scalar> scores = model.logits(last, heed::on(options.on));
  for (std::size_t i = 0; i < read.size(); ++i) {
    auto row = scores.row(static_cast<index>(i));
    const std::span<Scalar> of_one(row.data(), static_cast<std::size_t>(row.size()));
    read[i]->add(options.how().choose(of_one, read[i]->seen, read[i]->given.size()), options);
  }
}

}  // namespace detail

// One vector of new tokens for each prompt, the same as of heed::generation for that prompt;
// options.guess is not used. Throws as heed::generation does.
template <class Scalar>
[[nodiscard]] std::vector<std::vector<index>> generate_all(
    const decoder<Scalar>& model, const std::vector<std::vector<index>>& prompts,
    const generate_options& options = {}) {
  std::vector<detail::batch_text<Scalar>> texts;
  for (const std::vector<index>& prompt : prompts) {
    detail::check_prompt(prompt, options);
    texts.push_back({model.cache(static_cast<index>(prompt.size()) + options.tokens), prompt});
    texts.back().ended = options.tokens == 0;
  }
  for (;;) {
    std::vector<detail::batch_text<Scalar>*> going;
    for (auto& text : texts)
      if (!text.ended) going.push_back(&text);
    if (going.empty()) break;
    detail::batch_step(model, going, options);
  }
  std::vector<std::vector<index>> given;
  for (auto& text : texts) given.push_back(std::move(text.given));
  return given;
}

}  // namespace HEED_ABI
}  // namespace heed
