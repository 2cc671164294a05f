// SPDX-License-Identifier: MIT
// A decoder whose cache several processes share: the text of one process.
//
//   heed::decoder_across<float, heed::cache_by_keys<float>> shared(model.decoder, MPI_COMM_WORLD, 1 << 20);
//   heed::matrix<float> scores = shared.next(ids);  // (1, vocabulary), the same bits on all ranks
//   scores = shared.next({id});                     // of a token that follows
#pragma once

#include <heed/model/decoder.hpp>           // decoder
#include <heed/parallel/shared_caches.hpp>  // cache_by_heads, cache_by_keys

#include <cstddef>  // size_t
#include <vector>   // vector

namespace heed {
inline namespace HEED_ABI {

// Refers to the decoder. All ranks call with the same tokens. Memory is cache_by_keys or cache_by_heads, of
// each layer. Scores have the bits of one process.
template <class Scalar, class Memory>
class decoder_across {
 public:
  decoder_across(const decoder<Scalar>& model, MPI_Comm comm, index capacity) : model_(&model) {
    for (const auto& block : model.blocks) layers_.emplace_back(block, comm, capacity);
  }

  [[nodiscard]] index position() const { return layers_.empty() ? 0 : layers_.front().position(); }

  // Scores of what may follow the last of these tokens, which follow those before: (1, vocabulary).
  // Modifiers: in, on. Throws std::out_of_range for an id outside the vocabulary, std::length_error if
  // there is no more room.
  template <class... Modifiers>
  [[nodiscard]] matrix<Scalar> next(const std::vector<index>& ids, const Modifiers&... modifiers) {
    detail::require(!ids.empty(), "heed::decoder_across: next needs an id at least");
    matrix<Scalar> x = model_->embed(ids, position());
    for (std::size_t i = 0; i < layers_.size(); ++i) model_->blocks[i](x, layers_[i], modifiers...);
    normalise(model_->final_norm, x, x);
    const matrix<Scalar> last = x.bottomRows(1);
    return model_->logits(last, modifiers...);
  }

 private:
  const decoder<Scalar>* model_;
  std::vector<Memory> layers_;
};

}  // namespace HEED_ABI
}  // namespace heed
