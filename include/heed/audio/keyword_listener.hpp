// SPDX-License-Identifier: MIT
// Keyword spotting in a stream of sound: classifies the last second of sound, every 0.1 seconds.
//
//   heed::keyword_listener listener(model);
//   listener.push(samples, [&](const heed::heard& h) {     // any number of samples at a time
//     std::cout << h.end << ": label " << h.best() << '\n';  // 16000: label 2; then at 17600, ...
//   });
#pragma once

#include <heed/audio/keyword_model.hpp>  // keyword_model
#include <heed/audio/mel_features.hpp>   // mel_features
#include <heed/config.hpp>               // HEED_MODELS_INLINE

#include <algorithm>  // copy

namespace heed {
inline namespace HEED_ABI {

// The result for one window. Refers to the listener's probabilities, which the next window overwrites.
struct heard {
  index end;  // of the window, in samples from the begin of the stream
  const Eigen::RowVectorXf& probabilities;  // (labels)

  // The label with the largest probability.
  [[nodiscard]] index best() const {
    index label = 0;
    probabilities.maxCoeff(&label);
    return label;
  }
};

// Features are computed once for each frame, whatever the number of windows that contain the frame.
// push may run in the callback of a sound card: it allocates nothing after the first window and takes
// no lock. Refers to the model; one thread at a time may use a listener.
class keyword_listener {
 public:
  // A window ends every `step` samples. Throws shape_error unless step is a positive multiple of the hop, the hop
  // is at most the frame's window, and the model has as many features as there are coefficients.
  explicit keyword_listener(const keyword_model& model, index step = 1600,
                            const mel_sizes& sizes = {});

  // The number of samples in a window.
  [[nodiscard]] index window() const {
    return (model_.frames() - 1) * features_.sizes().hop + features_.sizes().window;
  }

  // Takes the next samples, within ± 1, and calls hear(heard) for each window that ends among them.
  template <class Hear>
  void push(std::span<const float> samples, Hear&& hear) {
    while (!samples.empty()) {
      const std::size_t some = (std::min)(samples.size(), pending_.size() - filled_);
      std::copy_n(samples.data(), some, pending_.data() + filled_);
      filled_ += some;
      samples = samples.subspan(some);
      if (filled_ < pending_.size()) return;
      take_frame();
      if (frames_ >= model_.frames() &&
          (frames_ - model_.frames()) * features_.sizes().hop % step_ == 0)
        hear(listen());
    }
  }

 private:
  static constexpr const char* name = "heed::keyword_listener";

  // Computes the features of the full frame and appends them; keeps the samples that the next frame
  // shares with it.
  void take_frame();
  heard listen();

  const keyword_model& model_;
  mel_features features_;
  index step_;
  std::vector<float> pending_;  // samples of the frame that is being filled
  std::size_t filled_ = 0;
  index frames_ = 0;    // frames so far
  matrix<float> last_;  // (frames of a window, features)
  Eigen::RowVectorXf probabilities_;
  scratch scratch_;
};

}  // namespace HEED_ABI
}  // namespace heed

#ifndef HEED_MODELS_COMPILED
#include <heed/audio/keyword_listener_implementation.hpp>  // what the file above declares
#endif
