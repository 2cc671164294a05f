// SPDX-License-Identifier: MIT
// An encoder: computes a hidden vector for each token, patch of an image or frame of features, by
// attention to all of them.
//
//   heed::encoder<float> bert({.vocabulary = 30522, .positions = 512, .types = 2, .model = 384, .layers = 6, .heads = 12});
//   Eigen::MatrixXf hidden = bert.hidden(ids);       // (tokens, 384)
//   Eigen::MatrixXf pooled = bert.pooler(hidden, {0, 12});  // of a loaded BERT: (1, 384), for 12 tokens
//
// Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding", 2019.
#pragma once

#include <heed/layer/convolution.hpp>         // convolution
#include <heed/layer/patch_embedding.hpp>     // patch_embedding
#include <heed/layer/position_embedding.hpp>  // position_embedding
#include <heed/layer/token_embedding.hpp>     // token_embedding
#include <heed/model/output_head.hpp>         // output_head
#include <heed/model/token_sequences.hpp>     // token_sequences
#include <heed/model/transformer_block.hpp>   // transformer_block

#include <algorithm>  // all_of

namespace heed {
inline namespace HEED_ABI {

// Sizes of an encoder of tokens with random weights, with learned positions and norms after residual sums, as in BERT.
// Loaders set the members of an encoder instead.
struct encoder_sizes {
  index vocabulary;
  index positions;
  index types = 0;  // of tokens: first and second text, for example
  index model;
  index layers;
  index heads;
  index hidden = 0;  // 0: 4 * model
  std::uint64_t seed = 0;
};

template <class Scalar>
struct encoder {
  using sizes = encoder_sizes;

  token_embedding<Scalar> words;                  // of tokens
  token_embedding<Scalar> types;                  // (types, model), or empty
  patch_embedding<Scalar> patches;                // of images
  std::vector<convolution<Scalar>> convolutions;  // of features, such as sound
  std::optional<position_embedding<Scalar>> places;
  index first_place = 0;  // row of `places` for the first token
  // If given, tokens of this id have position first_place - 1, and later tokens do not count them.
  std::optional<index> uncounted_id;
  double embedding_scale = 1;  // of words
  normalisation<Scalar> embedding_norm;
  std::vector<transformer_block<Scalar>> blocks;
  normalisation<Scalar> final_norm;
  output_head<Scalar> pooler;  // a vector for each sequence
  output_head<Scalar> head;    // logits of words for each token, or of classes for each sequence

  encoder() = default;
  explicit encoder(const sizes& s) : words({s.vocabulary, s.model, s.seed}) {
    detail::require_given(name, "layers", s.layers, "the number of blocks");
    detail::require_given(name, "heads", s.heads, "the number of query heads");
    detail::require_given(name, "positions", s.positions, "the number of learned positions");
    detail::require(s.layers > 0 && s.types >= 0 && s.hidden >= 0, name, ": layers is ", s.layers,
                    ", types is ", s.types, ", hidden is ", s.hidden, "; none may be negative");
    if (s.types > 0) types = token_embedding<Scalar>({s.types, s.model, s.seed + 1});
    places.emplace(typename position_embedding<Scalar>::sizes{s.positions, s.model, s.seed + 2});
    embedding_norm = layer_norm<Scalar>({s.model});
    for (index i = 0; i < s.layers; ++i) {
      const std::uint64_t seed = s.seed + 16 * static_cast<std::uint64_t>(i + 1);
      transformer_block<Scalar> block;
      block.attention = attention_layer<Scalar>({.model = s.model, .heads = s.heads, .seed = seed});
      block.attention.rules.causal = false;
      block.attention_norm_of_sum = layer_norm<Scalar>({s.model});
      block.feed = feed_forward<Scalar>(
          {.model = s.model, .hidden = s.hidden == 0 ? 4 * s.model : s.hidden, .seed = seed + 8});
      block.feed_norm_of_sum = layer_norm<Scalar>({s.model});
      blocks.push_back(std::move(block));
    }
  }

  // The last hidden state of one sequence of tokens, (tokens, model). ids: any range or Eigen vector of
  // integers. Modifiers: in, on, observe_weights. Throws std::out_of_range for an id outside the vocabulary or more tokens
  // than positions.
  template <class Ids, class... Modifiers>
  requires detail::numbers_for<Ids, index>
  [[nodiscard]] matrix<Scalar> hidden(const Ids& ids, const Modifiers&... modifiers) const {
    const detail::number_span<index> given(ids, name);
    std::vector<index> one(static_cast<std::size_t>(given.size()));
    for (index i = 0; i < given.size(); ++i) one[static_cast<std::size_t>(i)] = given[i];
    return hidden(token_sequences(std::move(one)), modifiers...);
  }

  // The last hidden state of several sequences, which do not attend to each other: (tokens of all
  // sequences, model).
  template <class... Modifiers>
  [[nodiscard]] matrix<Scalar> hidden(const token_sequences& sequences,
                                      const Modifiers&... modifiers) const {
    return run(embed(sequences), sequences.starts, modifiers...);
  }

  // The last hidden state of images, (images * channels * height, width): (images *
  // patches.tokens(), model).
  template <class Images, class... Modifiers>
  [[nodiscard]] matrix<Scalar> hidden_of_images(const Images& images,
                                                const Modifiers&... modifiers) const {
    matrix<Scalar> x = embed_images(images);
    normalise(embedding_norm, x, x);
    const std::vector<index> starts = starts_of_images(patches.count(images.rows(), images.cols()));
    return run(std::move(x), starts, modifiers...);
  }

  // The last hidden state of features, (frames, features): a row for each row of the last
  // convolution's output.
  template <class Features, class... Modifiers>
  [[nodiscard]] matrix<Scalar> hidden_of_features(const Features& features,
                                                  const Modifiers&... modifiers) const {
    detail::require(reads_features(), name, ": this encoder reads no features");
    matrix<Scalar> x = features;
    for (const convolution<Scalar>& layer : convolutions) x = layer(x);
    if (places) places->add(x, first_place);
    normalise(embedding_norm, x, x);
    const std::vector<index> starts{0, x.rows()};
    return run(std::move(x), starts, modifiers...);
  }

  [[nodiscard]] bool reads_features() const { return !convolutions.empty(); }

  // The first row of each of `count` images in the hidden state, and the end of the last image.
  [[nodiscard]] std::vector<index> starts_of_images(index count) const {
    std::vector<index> starts;
    for (index i = 0; i <= count; ++i) starts.push_back(i * patches.tokens());
    return starts;
  }

  // The sum of patch embeddings and positions of images, without embedding_norm,
  // (images * patches.tokens(), model).
  template <class Images>
  [[nodiscard]] matrix<Scalar> embed_images(const Images& images) const {
    detail::require(patches.given(), name, ": this encoder reads no images");
    matrix<Scalar> x = patches(images);
    for (index i = 0; places && i < x.rows(); i += patches.tokens())
      places->add(x.middleRows(i, patches.tokens()), first_place);
    return x;
  }

  // The input of the first block for tokens, (tokens, model).
  [[nodiscard]] matrix<Scalar> embed(const token_sequences& s) const {
    matrix<Scalar> x = embed_plainly(s);
    normalise(embedding_norm, x, x);
    return x;
  }

  // The same without embedding_norm.
  [[nodiscard]] matrix<Scalar> embed_plainly(const token_sequences& s) const {
    detail::require(!s.starts.empty() && s.starts.front() == 0 &&
                        s.starts.back() == static_cast<index>(s.ids.size()),
                    name, ": the starts of the sequences must begin at 0 and end at ", s.ids.size(),
                    ", the number of ids");
    detail::require((s.types.empty() || s.types.size() == s.ids.size()) &&
                        (s.places.empty() || s.places.size() == s.ids.size()),
                    name, ": there are ", s.ids.size(), " ids, but ", s.types.size(), " types and ",
                    s.places.size(), " places");
    matrix<Scalar> x = words(s.ids);
    if (!detail::exactly_equal(embedding_scale, 1.0)) x *= static_cast<Scalar>(embedding_scale);
    add_types(s, x);
    if (places) {
      const std::vector<index> rows = rows_of_places(s);
      for (std::size_t token = 0; token < rows.size(); ++token)
        places->add(x.middleRows(static_cast<index>(token), 1), rows[token]);
    }
    return x;
  }

  // The type of each token.
  [[nodiscard]] static std::vector<index> types_of(const token_sequences& s) {
    return s.types.empty() ? std::vector<index>(s.ids.size()) : s.types;
  }

  // The row of `places` for each token.
  [[nodiscard]] std::vector<index> rows_of_places(const token_sequences& s) const {
    std::vector<index> rows;
    rows.reserve(s.ids.size());
    for (std::size_t i = 0; i + 1 < s.starts.size(); ++i) {
      index counted = 0;
      for (index token = s.starts[i]; token < s.starts[i + 1]; ++token) {
        if (!uncounted_id)
          rows.push_back(first_place + s.place(i, token));
        else if (s.ids[static_cast<std::size_t>(token)] == *uncounted_id)
          rows.push_back(first_place - 1);
        else
          rows.push_back(first_place + counted++);
      }
    }
    return rows;
  }

 private:
  static constexpr const char* name = "heed::encoder";

  template <class... Modifiers>
  matrix<Scalar> run(matrix<Scalar> x, const std::vector<index>& starts,
                     const Modifiers&... modifiers) const {
    for (std::size_t i = 0; i < blocks.size(); ++i)
      blocks[i](x, starts, detail::of_layer(modifiers, static_cast<index>(i))...);
    normalise(final_norm, x, x);
    return x;
  }

  void add_types(const token_sequences& s, matrix<Scalar>& x) const {
    if (types.vocabulary() > 0) {
      x += types(types_of(s));
    } else {
      const bool plain =
          std::all_of(s.types.begin(), s.types.end(), [](index t) { return t == 0; });
      detail::require<std::out_of_range>(
          plain, name, ": this encoder has no types of tokens; types other than 0 were given");
    }
  }
};

}  // namespace HEED_ABI
}  // namespace heed
