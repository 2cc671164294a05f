// SPDX-License-Identifier: MIT
// Forward and backward of an encoder-decoder for training, on pairs of a source and a target of tokens.
//
//   heed::saved<heed::encoder_decoder<float>> kept;
//   heed::forward(t5, sources, ids, starts, kept);            // kept.target.hidden: (ids, model)
//   heed::backward(t5, sources, ids, starts, kept, d_hidden, gradient);  // gradient = heed::zeros_like(t5)
//   heed::forward(whisper, sound, ids, {0, 5}, kept);         // sound: (frames, features), one source
//
// Vaswani et al., "Attention Is All You Need", 2017.
#pragma once

#include <heed/model/backward/decoder.hpp>  // forward_embedding, saved of decoder
#include <heed/model/backward/encoder.hpp>  // backward of encoder
#include <heed/model/encoder_decoder.hpp>   // encoder_decoder

namespace heed {
inline namespace HEED_ABI {

template <class Scalar>
struct saved<encoder_decoder<Scalar>> {
  saved<encoder<Scalar>> source;  // cross-attention attends to source.hidden, (source rows, model)
  saved<decoder<Scalar>> target;  // target.blocks are those of self-attention
  std::vector<saved<transformer_block<Scalar>>> cross_blocks;
};

namespace detail {

template <class Scalar>
std::vector<index> starts_of(const encoder<Scalar>&, const token_sequences& sources, index) {
  return sources.starts;
}

}  // namespace detail

// kept.target.hidden = model.hidden(ids) of each target with a cache of its source, with the same bits. Target i is
// the ids starts[i] ... starts[i + 1] - 1, whose first id is usually model.start_id, and belongs to sequence i of the
// sources. Sources are token_sequences, or an Eigen matrix of images or of features, which is one source. Throws
// shape_error if there are not as many targets as sources, std::out_of_range for an id outside the vocabulary or a
// sequence longer than the learned positions.
template <class Scalar, class Sources>
void forward(const encoder_decoder<Scalar>& model, const Sources& sources,
             const std::vector<index>& ids, const std::vector<index>& starts,
             saved<encoder_decoder<Scalar>>& kept, const executor& run = {}) {
  const std::size_t blocks = model.decoder.blocks.size();
  detail::require(model.cross_blocks.size() == blocks,
                  "heed::forward of encoder_decoder: there are ", blocks,
                  " blocks of the decoder and ", model.cross_blocks.size(), " of cross-attention");
  forward(model.encoder, sources, kept.source, run);
  const std::vector<index> source_starts =
      detail::starts_of(model.encoder, sources, kept.source.hidden.rows());
  detail::forward_embedding(model.decoder, ids, starts, kept.target, run);
  kept.target.blocks.resize(blocks);
  kept.cross_blocks.resize(blocks);
  matrix<Scalar>& x = kept.target.last;
  for (std::size_t i = 0; i < blocks; ++i) {
    forward(model.decoder.blocks[i], x, starts, kept.target.blocks[i], run);
    forward(model.cross_blocks[i], x, kept.source.hidden, starts, source_starts,
            kept.cross_blocks[i], run);
  }
  kept.target.hidden.resizeLike(x);
  detail::normalise_on(run, model.decoder.final_norm, x, kept.target.hidden);
}

// d_hidden: (ids, model), the gradient of kept.target.hidden; the gradients of the weights are added to `gradient`.
// Sources, ids and starts are those of the forward. The gradient of a relative position bias
// (attention_rules::distance_bias) is computed where the layer in `gradient` has such a table: see
// heed::shared_distance_bias.
template <class Scalar, class Sources>
void backward(const encoder_decoder<Scalar>& model, const Sources& sources,
              const std::vector<index>& ids, const std::vector<index>& starts,
              saved<encoder_decoder<Scalar>>& kept, const matrix<Scalar>& d_hidden,
              encoder_decoder<Scalar>& gradient, const executor& run = {}) {
  const matrix<Scalar>& memory = kept.source.hidden;
  const std::vector<index> source_starts = detail::starts_of(model.encoder, sources, memory.rows());
  // hidden = final_norm(last)
  matrix<Scalar> d = matrix<Scalar>::Zero(d_hidden.rows(), d_hidden.cols());
  matrix<Scalar> d_memory = matrix<Scalar>::Zero(memory.rows(), memory.cols());
  backward(model.decoder.final_norm, kept.target.last, d_hidden, d, gradient.decoder.final_norm,
           run);
  for (std::size_t i = model.cross_blocks.size(); i-- > 0;) {
    // x = cross_block(block(x), memory)
    backward(model.cross_blocks[i], memory, starts, source_starts, kept.cross_blocks[i], d,
             d_memory, gradient.cross_blocks[i], run);
    backward(model.decoder.blocks[i], starts, kept.target.blocks[i], d, gradient.decoder.blocks[i],
             run);
  }
  detail::backward_embedding(model.decoder, ids, starts, kept.target, d, gradient.decoder, run);
  // memory = encoder(sources)
  backward(model.encoder, sources, kept.source, d_memory, gradient.encoder, run);
}

}  // namespace HEED_ABI
}  // namespace heed
