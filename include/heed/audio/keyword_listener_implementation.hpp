// SPDX-License-Identifier: MIT
// The definitions of keyword_listener.hpp. A program that links CMake's heed_models, which contains
// these compiled, does not include this file.
//
//   #include <heed/audio/keyword_listener.hpp>  // includes this file
#pragma once

#include <heed/audio/keyword_listener.hpp>  // what is defined here

namespace heed {
inline namespace HEED_ABI {

HEED_MODELS_INLINE keyword_listener::keyword_listener(const keyword_model& model, index step,
                                                      const mel_sizes& sizes)
    : model_(model), features_(sizes), step_(step) {
  detail::require(step > 0 && step % sizes.hop == 0, name, ": step is ", step,
                  " samples, but it must be a multiple of the hop of ", sizes.hop);
  detail::require(model.features() == sizes.coefficients && sizes.hop <= sizes.window, name,
                  ": the model takes ", model.features(), " features, but there are ",
                  sizes.coefficients, " coefficients; hop is ", sizes.hop, ", window is ",
                  sizes.window);
  pending_.resize(static_cast<std::size_t>(sizes.window));
  last_.setZero(model.frames(), model.features());
  probabilities_.setZero(model.labels());
}

HEED_MODELS_INLINE void keyword_listener::take_frame() {
  std::copy(last_.data() + last_.cols(), last_.data() + last_.size(), last_.data());
  features_.frame(pending_, last_.row(last_.rows() - 1));
  const auto hop = static_cast<std::ptrdiff_t>(features_.sizes().hop);
  std::copy(pending_.begin() + hop, pending_.end(), pending_.begin());
  filled_ = pending_.size() - static_cast<std::size_t>(hop);
  ++frames_;
}

HEED_MODELS_INLINE heard keyword_listener::listen() {
  model_(last_, probabilities_, in(scratch_));
  probabilities_.array() -= probabilities_.maxCoeff();
  probabilities_ = probabilities_.array().exp();
  probabilities_ /= probabilities_.sum();
  return {(frames_ - 1) * features_.sizes().hop + features_.sizes().window, probabilities_};
}

}  // namespace HEED_ABI
}  // namespace heed
