// SPDX-License-Identifier: MIT
// A decoder: from token ids to a score for each token that may come next.
//
//   heed::decoder<float> gpt({.vocabulary = 50257, .positions = 1024, .model = 768, .layers = 12, .heads = 12});
//   Eigen::MatrixXf logits = gpt(ids);                 // (tokens, vocabulary)
//   auto cache = gpt.cache(1024);
//   auto next = gpt.next(ids, cache);                  // (1, vocabulary): of the last token alone
//
// Radford et al., "Language Models are Unsupervised Multitask Learners", 2019.
#pragma once

#include <heed/layer/position_embedding.hpp>  // position_embedding
#include <heed/layer/token_embedding.hpp>     // token_embedding
#include <heed/model/decoder_cache.hpp>       // decoder_cache
#include <heed/model/transformer_block.hpp>   // transformer_block

#include <cmath>  // tanh
#include <span>   // span

namespace heed {
inline namespace HEED_ABI {

// Sizes of a decoder made from nothing: GPT-2 where it has positions, else Llama, with rotary positions,
// rms_norm and a gated feed-forward layer. A loaded model sets the members themselves.
struct decoder_sizes {
  index vocabulary;
  index positions = 0;  // of learned positions
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
  index first_place = 0;  // row of `places` at which the first token stands
  double embedding_scale = 1;
  normalisation<Scalar> embedding_norm;
  std::vector<transformer_block<Scalar>> blocks;
  normalisation<Scalar> final_norm;
  linear<Scalar>
      head;  // (model, vocabulary); without weights, `words` turns vectors into scores too
  double logit_scale = 1;
  double logit_cap = 0;  // logits become cap tanh(logit / cap); 0: they do not

  decoder() = default;
  explicit decoder(const sizes& s) : words({s.vocabulary, s.model, s.seed}) {
    constexpr const char* name = "heed::decoder";
    detail::require_given(name, "layers", s.layers, "the number of blocks");
    detail::require_given(name, "heads", s.heads, "the number of query heads");
    detail::require(s.layers > 0 && s.positions >= 0 && s.hidden >= 0, name, ": layers is ",
                    s.layers, ", positions is ", s.positions, ", hidden is ", s.hidden,
                    "; none may be negative");
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
  [[nodiscard]] index model() const { return words.model(); }

  // Room for the keys and values of `capacity` tokens.
  [[nodiscard]] decoder_cache<Scalar> cache(index capacity) const {
    decoder_cache<Scalar> made;
    for (const auto& block : blocks)
      made.layers.emplace_back(typename kv_cache<Scalar>::sizes{capacity, block.attention.heads.kv,
                                                                block.attention.width(),
                                                                block.attention.value_width()});
    return made;
  }

  // Scores of what may follow each token: (ids, vocabulary). ids: any range or Eigen vector of integers.
  // Throws std::out_of_range for an id outside the vocabulary or more tokens than learned positions.
  template <class Ids, class... Modifiers>
  [[nodiscard]] matrix<Scalar> operator()(const Ids& ids, const Modifiers&... modifiers) const {
    return logits(hidden(ids, modifiers...), modifiers...);
  }

  // The same for tokens that follow those in the cache, which grows by them.
  template <class Ids, class... Modifiers>
  [[nodiscard]] matrix<Scalar> operator()(const Ids& ids, decoder_cache<Scalar>& cache,
                                          const Modifiers&... modifiers) const {
    return logits(hidden(ids, cache, modifiers...), modifiers...);
  }

  // Scores of what may follow the last token alone: (1, vocabulary).
  template <class Ids, class... Modifiers>
  [[nodiscard]] matrix<Scalar> next(const Ids& ids, decoder_cache<Scalar>& cache,
                                    const Modifiers&... modifiers) const {
    const matrix<Scalar> all = hidden(ids, cache, modifiers...);
    return logits(all.bottomRows(all.rows() > 0 ? 1 : 0), modifiers...);
  }

  // The vectors that `head` turns into scores: (ids, model).
  template <class Ids, class... Modifiers>
  [[nodiscard]] matrix<Scalar> hidden(const Ids& ids, const Modifiers&... modifiers) const {
    matrix<Scalar> x = embed(ids, 0);
    for (const auto& block : blocks) block(x, modifiers...);
    normalise(final_norm, x, x);
    return x;
  }
  template <class Ids, class... Modifiers>
  [[nodiscard]] matrix<Scalar> hidden(const Ids& ids, decoder_cache<Scalar>& cache,
                                      const Modifiers&... modifiers) const {
    detail::require(cache.layers.size() == blocks.size(), "heed::decoder: the cache has ",
                    cache.layers.size(), " layers, but the decoder has ", blocks.size(),
                    "; make it by decoder.cache(capacity)");
    matrix<Scalar> x = embed(ids, cache.position());
    for (std::size_t i = 0; i < blocks.size(); ++i) blocks[i](x, cache.layers[i], modifiers...);
    normalise(final_norm, x, x);
    return x;
  }

  // What the first block is given: (ids, model).
  template <class Ids>
  [[nodiscard]] matrix<Scalar> embed(const Ids& ids, index first) const {
    matrix<Scalar> x = words(ids);
    if (!detail::exactly_equal(embedding_scale, 1.0)) x *= static_cast<Scalar>(embedding_scale);
    if (places) places->add(x, first_place + first);
    normalise(embedding_norm, x, x);
    return x;
  }

  // Scores from hidden vectors, (tokens, model).
  template <class X, class... Modifiers>
  [[nodiscard]] matrix<Scalar> logits(const X& x, const Modifiers&... modifiers) const {
    matrix<Scalar> scores(x.rows(), vocabulary());
    const auto options = detail::gather_settings<Scalar>(modifiers...);
    scratch& room = options.memory ? *options.memory : detail::default_scratch();
    if (head.outputs() > 0) {
      head(x, scores, in(room), on(options.on));
    } else {
      const stored_matrix& stored = words.weight.stored;
      const auto w = stored.given()
                         ? detail::view<const Scalar>{nullptr, stored.cols, stored.rows, 0, 0}
                         : detail::view<const Scalar>(detail::view_of(words.weight)).transposed();
      detail::gemm(detail::gemm_call<Scalar>{detail::view_of(scores),
                                             detail::view_of(x),
                                             w,
                                             {},
                                             stored.given() ? &stored : nullptr},
                   options.on, room);
    }
    if (!detail::exactly_equal(logit_scale, 1.0)) scores *= static_cast<Scalar>(logit_scale);
    if (logit_cap > 0) {
      const auto cap = static_cast<Scalar>(logit_cap);
      scores = scores.unaryExpr([cap](Scalar s) { return cap * std::tanh(s / cap); });
    }
    return scores;
  }
};

}  // namespace HEED_ABI
}  // namespace heed
