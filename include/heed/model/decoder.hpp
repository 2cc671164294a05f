// SPDX-License-Identifier: MIT
// A decoder: computes, from token ids, the logits of the next token.
//
//   heed::decoder<float> gpt({.vocabulary = 50257, .positions = 1024, .model = 768, .layers = 12, .heads = 12});
//   Eigen::MatrixXf logits = gpt(ids);                 // (tokens, vocabulary)
//   auto cache = gpt.cache(1024);
//   auto next = gpt.next(ids, cache);                  // (1, vocabulary): logits after the last token only
//   gpt.next(id, cache, scores);                       // writes them to scores; allocates nothing
//
// Radford et al., "Language Models are Unsupervised Multitask Learners", 2019.
#pragma once

#include <heed/cache/rollback.hpp>            // rollback
#include <heed/gemm/gemm.hpp>                 // gemm
#include <heed/layer/position_embedding.hpp>  // position_embedding
#include <heed/layer/token_embedding.hpp>     // token_embedding
#include <heed/model/decoder_cache.hpp>       // decoder_cache
#include <heed/model/transformer_block.hpp>   // transformer_block

#include <cmath>     // tanh
#include <optional>  // optional
#include <vector>    // vector

namespace heed {
inline namespace HEED_ABI {

// Sizes of a decoder with random weights: of GPT-2's kind if `positions` is given, otherwise of Llama's, with rotary
// positions, rms_norm and a gated feed-forward layer. Loaders set the members of a decoder instead.
struct decoder_sizes {
  index vocabulary;
  index positions = 0;  // the number of learned positions; 0: rotary positions
  index model;
  index layers;
  index heads;
  index kv_heads = 0;  // 0: as many as heads
  index hidden = 0;    // 0: 4 * model
  std::uint64_t seed = 0;
};

template <class Scalar>
struct decoder {
  using sizes = decoder_sizes;

  token_embedding<Scalar> words;
  std::optional<position_embedding<Scalar>> places;
  index first_place = 0;  // row of `places` for the first token
  double embedding_scale = 1;
  linear<Scalar> embedding_projection;  // (columns of words, model), or empty
  normalisation<Scalar> embedding_norm;
  std::vector<transformer_block<Scalar>> blocks;
  normalisation<Scalar> final_norm;
  linear<Scalar> head_projection;  // (model, inputs of head), or empty
  linear<Scalar> head;  // (model, vocabulary); empty: the transpose of `words` (tied weights)
  double logit_scale = 1;
  double logit_cap = 0;  // logits become cap tanh(logit / cap); 0: no cap

  decoder() = default;
  explicit decoder(const sizes& s) : words({s.vocabulary, s.model, s.seed}) {
    detail::require_given(name, "layers", s.layers, "the number of blocks");
    detail::require_given(name, "heads", s.heads, "the number of query heads");
    detail::require(s.layers > 0 && s.positions >= 0 && s.hidden >= 0, name, ": layers is ",
                    s.layers, ", positions is ", s.positions, ", hidden is ", s.hidden,
                    "; the first must be positive, and no other negative");
    const bool learned = s.positions > 0;
    if (learned)
      places.emplace(typename position_embedding<Scalar>::sizes{s.positions, s.model, s.seed + 1});
    const auto norm = [&]() -> normalisation<Scalar> {
      if (learned) return layer_norm<Scalar>({s.model});
      return rms_norm<Scalar>({s.model});
    };
    for (index i = 0; i < s.layers; ++i) {
      const std::uint64_t seed = s.seed + 16 * static_cast<std::uint64_t>(i + 1);
      transformer_block<Scalar> block;
      block.attention = attention_layer<Scalar>({.model = s.model,
                                                 .heads = s.heads,
                                                 .kv_heads = s.kv_heads,
                                                 .bias = learned,
                                                 .seed = seed});
      block.attention_norm = norm();
      block.feed_norm = norm();
      block.feed =
          feed_forward<Scalar>({.model = s.model,
                                .hidden = s.hidden == 0 ? 4 * s.model : s.hidden,
                                .activation = learned ? activation::gelu_tanh : activation::silu,
                                .gated = !learned,
                                .bias = learned,
                                .seed = seed + 8});
      if (!learned)
        block.attention.rotary.emplace(
            typename rotary_embedding<Scalar>::sizes{.width = block.attention.width()});
      blocks.push_back(std::move(block));
    }
    final_norm = norm();
  }

  [[nodiscard]] index vocabulary() const {
    return head.outputs() > 0 ? head.outputs() : words.vocabulary();
  }
  [[nodiscard]] index model() const {
    return embedding_projection.outputs() > 0 ? embedding_projection.outputs() : words.model();
  }

  // An empty KV cache with memory for `capacity` tokens.
  [[nodiscard]] decoder_cache<Scalar> cache(index capacity) const {
    decoder_cache<Scalar> made;
    for (const auto& block : blocks)
      made.layers.emplace_back(
          typename kv_cache<Scalar>::sizes{capacity, block.attention.kv_heads(),
                                           block.attention.width(), block.attention.value_width()});
    return made;
  }

  // Logits of the token that follows each token: (ids, vocabulary). ids: any range or Eigen vector
  // of integers. Modifiers: in, on, observe_weights. Throws std::out_of_range for an id outside the
  // vocabulary or more tokens than learned positions.
  template <class Ids, class... Modifiers>
  [[nodiscard]] matrix<Scalar> operator()(const Ids& ids, const Modifiers&... modifiers) const {
    return logits(hidden(ids, modifiers...), modifiers...);
  }

  // The same for tokens that follow those in the cache; the keys and values of the new tokens are
  // appended to the cache. Throws std::length_error if the cache is full; after any exception, the
  // cache is unchanged.
  template <class Ids, class... Modifiers>
  [[nodiscard]] matrix<Scalar> operator()(const Ids& ids, decoder_cache<Scalar>& cache,
                                          const Modifiers&... modifiers) const {
    detail::rollback undo(cache);
    matrix<Scalar> scores = logits(hidden(ids, cache, modifiers...), modifiers...);
    undo.keep();
    return scores;
  }

  // Logits of the token that follows the last token: (1, vocabulary). Throws shape_error if ids are empty.
  template <class Ids, class... Modifiers>
  requires((!detail::eigen_object<Modifiers> && ...))
      [[nodiscard]] matrix<Scalar> next(const Ids& ids, decoder_cache<Scalar>& cache,
                                        const Modifiers&... modifiers) const {
    matrix<Scalar> scores(1, vocabulary());
    next(ids, cache, scores, modifiers...);
    return scores;
  }

  // Writes these logits to `scores`, (1, vocabulary): a call after the first allocates nothing.
  // Throws shape_error, before the cache grows, if `scores` has another size.
  template <class Ids, class Scores, class... Modifiers>
  requires detail::eigen_object<Scores>
  void next(const Ids& ids, decoder_cache<Scalar>& cache, Scores&& scores,
            const Modifiers&... modifiers) const {
    if constexpr (detail::output_is_good<Scores, matrix<Scalar>>()) {
      detail::require(count_of(ids) > 0, name, ": next needs an id at least, but is given none");
      detail::check_size(name, "scores", detail::view<const Scalar>(detail::view_of(scores)),
                         {1, vocabulary()});
      const auto options = detail::gather_settings<Scalar>(modifiers...);
      scratch& room = options.memory ? *options.memory : detail::default_scratch();
      scratch::frame frame(room);
      auto x = frame.take_matrix<Scalar>(count_of(ids), model());
      detail::rollback undo(cache);
      hidden(ids, cache, x, modifiers...);
      logits(x.bottomRows(1), scores, modifiers...);
      undo.keep();
    }
  }

  // The hidden vectors, from which `head` computes logits: (ids, model).
  template <class Ids, class... Modifiers>
  [[nodiscard]] matrix<Scalar> hidden(const Ids& ids, const Modifiers&... modifiers) const {
    matrix<Scalar> x = embed(ids, 0);
    for (std::size_t i = 0; i < blocks.size(); ++i)
      blocks[i](x, detail::of_layer(modifiers, static_cast<index>(i))...);
    normalise(final_norm, x, x);
    return x;
  }
  template <class Ids, class... Modifiers>
  requires((!detail::eigen_object<Modifiers> && ...))
      [[nodiscard]] matrix<Scalar> hidden(const Ids& ids, decoder_cache<Scalar>& cache,
                                          const Modifiers&... modifiers) const {
    matrix<Scalar> x(count_of(ids), model());
    hidden(ids, cache, x, modifiers...);
    return x;
  }

  // The same into memory of the caller, x: (ids, model).
  template <class Ids, class X, class... Modifiers>
  requires detail::eigen_object<X>
  void hidden(const Ids& ids, decoder_cache<Scalar>& cache, X&& x,
              const Modifiers&... modifiers) const {
    check(cache);
    detail::rollback undo(cache);
    embed(ids, cache.position(), x);
    for (std::size_t i = 0; i < blocks.size(); ++i)
      blocks[i](x, cache.layers[i], detail::of_layer(modifiers, static_cast<index>(i))...);
    normalise(final_norm, x, x);
    undo.keep();
  }

  // The input of the first block, (ids, model), for tokens the first of which has position `first`.
  template <class Ids>
  [[nodiscard]] matrix<Scalar> embed(const Ids& ids, index first) const {
    matrix<Scalar> x(count_of(ids), model());
    embed(ids, first, x);
    return x;
  }
  template <class Ids, class X>
  void embed(const Ids& ids, index first, X&& x) const {
    embed_with(ids, x, [&] { places->add(x, first_place + first); });
  }

  // The hidden vectors of several sequences at once, (ids, model): sequence i is the ids starts[i] ...
  // starts[i + 1] - 1, which follow the tokens in caches[i]. The bits are those of a call for each
  // sequence.
  template <class Ids, class... Modifiers>
  [[nodiscard]] matrix<Scalar> hidden(const Ids& ids, const std::vector<index>& starts,
                                      const std::vector<decoder_cache<Scalar>*>& caches,
                                      const Modifiers&... modifiers) const {
    matrix<Scalar> x(count_of(ids), model());
    embed_with(ids, x, [&] {
      for (std::size_t s = 0; s < caches.size(); ++s)
        places->add(x.middleRows(starts[s], starts[s + 1] - starts[s]),
                    first_place + caches[s]->position());
    });
    std::vector<kv_cache<Scalar>*> layer(caches.size());
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      for (std::size_t s = 0; s < caches.size(); ++s) layer[s] = &caches[s]->layers[i];
      blocks[i](x, cached_sequences<Scalar>{starts, layer},
                detail::of_layer(modifiers, static_cast<index>(i))...);
    }
    normalise(final_norm, x, x);
    return x;
  }

  // Logits from hidden vectors, (tokens, model).
  template <class X, class... Modifiers>
  requires((!detail::eigen_object<Modifiers> && ...))
      [[nodiscard]] matrix<Scalar> logits(const X& x, const Modifiers&... modifiers) const {
    matrix<Scalar> scores(x.rows(), vocabulary());
    logits(x, scores, modifiers...);
    return scores;
  }
  // scores: (tokens, vocabulary), which must not overlap x in memory.
  template <class X, class Scores, class... Modifiers>
  requires detail::eigen_object<Scores>
  void logits(const X& x, Scores&& scores, const Modifiers&... modifiers) const {
    if constexpr (detail::layer_call_is_good<Scalar, X, Modifiers...>() &&
                  detail::output_is_good<Scores, X>()) {
      const auto options = detail::gather_settings<Scalar>(modifiers...);
      scratch& room = options.memory ? *options.memory : detail::default_scratch();
      if (head_projection.outputs() > 0) {
        scratch::frame frame(room);
        auto projected = frame.take_matrix<Scalar>(x.rows(), head_projection.outputs());
        head_projection(x, projected, in(room), on(options.on));
        score(detail::view_of(projected), detail::view_of(scores), options);
      } else {
        score(detail::view_of(x), detail::view_of(scores), options);
      }
      if (!detail::exactly_equal(logit_scale, 1.0)) scores *= static_cast<Scalar>(logit_scale);
      if (logit_cap > 0) {
        const auto cap = static_cast<Scalar>(logit_cap);
        scores = scores.unaryExpr([cap](Scalar s) { return cap * std::tanh(s / cap); });
      }
    }
  }

 private:
  static constexpr const char* name = "heed::decoder";

  // x = the input of the first block; add_places() adds learned positions.
  template <class Ids, class X, class AddPlaces>
  void embed_with(const Ids& ids, X& x, const AddPlaces& add_places) const {
    if (embedding_projection.outputs() > 0) {
      scratch::frame frame(detail::default_scratch());
      auto narrow = frame.take_matrix<Scalar>(x.rows(), words.model());
      words(ids, narrow);
      embedding_projection(narrow, x);
    } else {
      words(ids, x);
    }
    if (!detail::exactly_equal(embedding_scale, 1.0)) x *= static_cast<Scalar>(embedding_scale);
    if (places) add_places();
    normalise(embedding_norm, x, x);
  }

  template <class Ids>
  static index count_of(const Ids& ids) {
    return detail::number_span<index>(ids, name).size();
  }

  void check(const decoder_cache<Scalar>& cache) const {
    detail::require(cache.layers.size() == blocks.size(), name, ": the cache has ",
                    cache.layers.size(), " layers, but the decoder has ", blocks.size(),
                    "; make it by decoder.cache(capacity)");
    for (const auto& layer : cache.layers)
      detail::require(layer.position() == cache.position(), name, ": a layer of the cache has ",
                      layer.position(), " tokens, but the first layer has ", cache.position());
  }

  // scores = x times the head or, without one, times the transpose of the token embedding.
  void score(const detail::view<const Scalar>& x, const detail::view<Scalar>& scores,
             const detail::settings<Scalar>& options) const {
    const bool tied = head.outputs() == 0;
    const stored_matrix& stored = tied ? words.weight.stored : head.weight.stored;
    const index inputs = tied ? words.model() : head.inputs();
    detail::require(x.cols == inputs, name, ": x is ", x, ", but the vectors of the head have ",
                    inputs, " elements");
    detail::require(head.bias.size() == 0 || head.bias.size() == vocabulary(), name,
                    ": head.bias has ", head.bias.size(), " elements, but vocabulary is ",
                    vocabulary());
    detail::check_size(name, "scores", scores, {x.rows, vocabulary()});
    detail::check_apart(name, "scores", scores, "x", x);
    detail::gemm_call<Scalar> call{scores, x, {nullptr, inputs, vocabulary(), 0, 0}, {}};
    if (stored.given())
      call.stored = &stored;
    else
      call.w = tied ? detail::view<const Scalar>(detail::view_of(words.weight)).transposed()
                    : detail::view<const Scalar>(detail::view_of(head.weight));
    if (head.bias.size() > 0) call.bias = detail::view_of(head.bias);
    detail::gemm(call, options.on, options.memory ? *options.memory : detail::default_scratch());
  }
};

}  // namespace HEED_ABI
}  // namespace heed
