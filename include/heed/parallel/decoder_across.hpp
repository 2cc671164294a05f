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
#include <cstdint>  // uint64_t
#include <vector>   // vector

namespace heed {
inline namespace HEED_ABI {

// Refers to the decoder. All ranks call with the same tokens. Memory is cache_by_keys or cache_by_heads, of
// each layer. Scores have the bits of one process.
template <class Scalar, class Memory>
class decoder_across {
 public:
  decoder_across(const decoder<Scalar>& model, MPI_Comm comm, index capacity)
      : model_(&model), ranks_(comm) {
    for (const auto& block : model.blocks) layers_.emplace_back(block, comm, capacity);
  }

  [[nodiscard]] index position() const { return layers_.empty() ? 0 : layers_.front().position(); }

  // Scores of what may follow the last of these tokens, which follow those before: (1, vocabulary).
  // Modifiers: in, on. Throws std::out_of_range for an id outside the vocabulary, std::length_error if
  // there is no more room, and shape_error on all ranks where their tokens differ.
  template <class... Modifiers>
  [[nodiscard]] matrix<Scalar> next(const std::vector<index>& ids, const Modifiers&... modifiers) {
    require_same(ids);
    detail::require(!ids.empty(), "heed::decoder_across: next needs an id at least");
    matrix<Scalar> x = model_->embed(ids, position());
    for (std::size_t i = 0; i < layers_.size(); ++i) model_->blocks[i](x, layers_[i], modifiers...);
    normalise(model_->final_norm, x, x);
    const matrix<Scalar> last = x.bottomRows(1);
    return model_->logits(last, modifiers...);
  }

 private:
  // A rank that goes on with other tokens, or from another place, would wait for ever.
  void require_same(const std::vector<index>& ids) const {
    struct step {
      index position, tokens;
      std::uint64_t digest;
    };
    std::uint64_t hash = 14695981039346656037U;  // FNV-1a
    for (const index id : ids) hash = (hash ^ static_cast<std::uint64_t>(id)) * 1099511628211U;
    const std::vector<step> all =
        ranks_.all_gather(step{position(), static_cast<index>(ids.size()), hash});
    for (std::size_t r = 1; r < all.size(); ++r) {
      detail::require(all[r].position == all[0].position && all[r].tokens == all[0].tokens,
                      "heed::decoder_across: rank ", r, " is given ", all[r].tokens,
                      " tokens at position ", all[r].position, ", and rank 0 ", all[0].tokens,
                      " at position ", all[0].position);
      detail::require(all[r].digest == all[0].digest, "heed::decoder_across: rank ", r,
                      " is given other tokens than rank 0");
    }
  }

  const decoder<Scalar>* model_;
  detail::communicator ranks_;
  std::vector<Memory> layers_;
};

}  // namespace HEED_ABI
}  // namespace heed
