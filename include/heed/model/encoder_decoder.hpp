// SPDX-License-Identifier: MIT
// An encoder-decoder, whose decoder attends to the encoder's output: translation, summaries, speech recognition.
//
//   heed::encoder_decoder<float> model = ...;
//   auto cache = model.cache(model.encoder.hidden(source), 128);
//   Eigen::MatrixXf next = model.next(std::vector{model.start_id}, cache);  // (1, vocabulary)
//
// Vaswani et al., "Attention Is All You Need", 2017.
#pragma once

#include <heed/model/decoder.hpp>  // decoder
#include <heed/model/encoder.hpp>  // encoder

namespace heed {
inline namespace HEED_ABI {

// The KV caches of the decoder, and the keys and values of the encoder's output for cross-attention,
// which are computed once.
template <class Scalar>
struct encoder_decoder_cache {
  decoder_cache<Scalar> written;
  std::vector<attention_memory<Scalar>> read;  // one for each block

  [[nodiscard]] index position() const { return written.position(); }
  void truncate(index size) { written.truncate(size); }
  void clear() { written.clear(); }
};

template <class Scalar>
struct encoder_decoder {
  heed::encoder<Scalar> encoder;
  heed::decoder<Scalar> decoder;  // its blocks have only causal self-attention
  // cross_blocks[i] follows decoder.blocks[i]: cross-attention and the feed-forward layer.
  std::vector<transformer_block<Scalar>> cross_blocks;
  index start_id = 0;  // the first token of the decoder's input

  // The cache for one source: `hidden` is the encoder's output, (rows, model), and the KV caches have memory for
  // `capacity` tokens.
  template <class... Modifiers>
  [[nodiscard]] encoder_decoder_cache<Scalar> cache(const matrix<Scalar>& hidden, index capacity,
                                                    const Modifiers&... modifiers) const {
    encoder_decoder_cache<Scalar> made{decoder.cache(capacity), {}};
    for (const auto& block : cross_blocks)
      made.read.push_back(block.attention.remember(hidden, modifiers...));
    return made;
  }

  // Logits of the token that follows each token, (ids, vocabulary). The ids follow the tokens in the
  // cache, and their keys and values are appended to it. Throws std::out_of_range for an id outside
  // the vocabulary or more tokens than learned positions, std::length_error if the cache is full.
  template <class Ids, class... Modifiers>
  [[nodiscard]] matrix<Scalar> operator()(const Ids& ids, encoder_decoder_cache<Scalar>& cache,
                                          const Modifiers&... modifiers) const {
    return decoder.logits(hidden(ids, cache, modifiers...), modifiers...);
  }

  // Logits of the token that follows the last token: (1, vocabulary).
  template <class Ids, class... Modifiers>
  [[nodiscard]] matrix<Scalar> next(const Ids& ids, encoder_decoder_cache<Scalar>& cache,
                                    const Modifiers&... modifiers) const {
    const matrix<Scalar> all = hidden(ids, cache, modifiers...);
    return decoder.logits(matrix<Scalar>(all.bottomRows(all.rows() > 0 ? 1 : 0)), modifiers...);
  }

  // The hidden vectors, from which logits are computed: (ids, model).
  template <class Ids, class... Modifiers>
  [[nodiscard]] matrix<Scalar> hidden(const Ids& ids, encoder_decoder_cache<Scalar>& cache,
                                      const Modifiers&... modifiers) const {
    const std::size_t blocks = decoder.blocks.size();
    detail::require(cross_blocks.size() == blocks && cache.read.size() == blocks &&
                        cache.written.layers.size() == blocks,
                    "heed::encoder_decoder: the decoder has ", blocks, " blocks, but there are ",
                    cross_blocks.size(), " blocks of cross-attention, and the cache has ",
                    cache.read.size(), "; make it by encoder_decoder.cache(hidden, capacity)");
    matrix<Scalar> x = decoder.embed(ids, cache.position());
    for (std::size_t i = 0; i < blocks; ++i) {
      const auto layer = static_cast<index>(2 * i);
      decoder.blocks[i](x, cache.written.layers[i], detail::of_layer(modifiers, layer)...);
      cross_blocks[i](x, cache.read[i], detail::of_layer(modifiers, layer + 1)...);
    }
    normalise(decoder.final_norm, x, x);
    return x;
  }
};

}  // namespace HEED_ABI
}  // namespace heed
