// SPDX-License-Identifier: MIT
// Features of sound for models of speech: mel-frequency cepstral coefficients (MFCC).
//
//   heed::mel_features features({.rate = 16000, .window = 480, .hop = 160, .bands = 80, .coefficients = 40});
//   heed::matrix<float> x = features(sound);  // sound: 16,000 samples within ± 1, x: (98, 40)
//
// Davis and Mermelstein, "Comparison of Parametric Representations for Monosyllabic Word Recognition", 1980.
#pragma once

#include <heed/core/check.hpp>  // require

#include <unsupported/Eigen/FFT>  // FFT

#include <cmath>    // log, cos
#include <complex>  // complex
#include <numbers>  // pi
#include <span>     // span

namespace heed {
inline namespace HEED_ABI {

struct mel_sizes {
  index rate = 16000;     // samples a second
  index window = 480;     // samples of a frame, which a Hann window multiplies
  index hop = 160;        // samples from one frame to the next
  index transform = 512;  // points of the Fourier transform: the window, then zeros
  index bands = 80;       // triangles, equally far from each other on the mel scale
  index coefficients = 40;
  double lowest = 20, highest = 7600;  // Hz: the ends of the bands
  double quietest = 1e-12;             // least sum of a band, before the logarithm
};

// For each frame: the magnitudes of its spectrum, weighted by the triangle of each band and summed; the
// logarithms of these sums; and the first coefficients of the cosine transform (DCT-II) of the logarithms, times
// √(2 / bands). All steps compute in double. One thread at a time may use an object; nothing is allocated after
// the first frame.
class mel_features {
 public:
  // Throws shape_error for sizes that do not fit each other.
  explicit mel_features(const mel_sizes& given = {}) : sizes_(given) {
    const mel_sizes& s = sizes_;
    detail::require(s.rate > 0 && s.hop > 0 && s.bands > 0 && s.coefficients > 0, name,
                    ": rate is ", s.rate, ", hop is ", s.hop, ", bands is ", s.bands,
                    ", coefficients is ", s.coefficients, "; all must be positive");
    detail::require(s.window > 0 && s.window <= s.transform && s.transform % 4 == 0, name,
                    ": window is ", s.window, ", transform is ", s.transform,
                    "; transform must be a multiple of 4, and no smaller than window");
    detail::require(s.coefficients <= s.bands, name, ": coefficients is ", s.coefficients,
                    ", bands is ", s.bands, "; there can be no more coefficients than bands");
    const double nyquist = static_cast<double>(s.rate) / 2;
    detail::require(s.lowest >= 0 && s.lowest < s.highest && s.highest <= nyquist, name,
                    ": bands from ", s.lowest, " to ", s.highest, " Hz; half of the rate is ",
                    nyquist, " Hz");
    fft_.SetFlag(Eigen::FFT<double>::HalfSpectrum);
    make_window();
    make_bands();
    make_cosines();
    frame_.setZero(s.transform);
    spectrum_.resize(s.transform / 2 + 1);
    magnitudes_.resize(s.transform / 2 + 1);
    sums_.resize(s.bands);
  }

  [[nodiscard]] const mel_sizes& sizes() const { return sizes_; }

  // The number of whole frames in `samples` samples.
  [[nodiscard]] index frames(index samples) const {
    return samples < sizes_.window ? 0 : (samples - sizes_.window) / sizes_.hop + 1;
  }

  // The features of one frame. samples: `window` samples; to: (coefficients). Throws shape_error for other sizes.
  template <class Row>
  void frame(std::span<const float> samples, Row&& to) {
    detail::require(
        static_cast<index>(samples.size()) == sizes_.window && to.size() == sizes_.coefficients,
        name, ": a frame has ", sizes_.window, " samples and ", sizes_.coefficients,
        " coefficients, but there are ", samples.size(), " and ", to.size());
    for (index i = 0; i < sizes_.window; ++i)
      frame_(i) = static_cast<double>(samples[static_cast<std::size_t>(i)]) * window_(i);
    fft_.fwd(spectrum_.data(), frame_.data(), sizes_.transform);
    magnitudes_ = spectrum_.cwiseAbs();
    sums_.noalias() = bands_ * magnitudes_;
    sums_ = sums_.cwiseMax(sizes_.quietest).array().log();
    for (index i = 0; i < sizes_.coefficients; ++i)
      to(i) = static_cast<float>(cosines_.row(i).dot(sums_));
  }

  // All whole frames of a sound: (frames, coefficients).
  [[nodiscard]] matrix<float> operator()(std::span<const float> samples) {
    matrix<float> x(frames(static_cast<index>(samples.size())), sizes_.coefficients);
    for (index i = 0; i < x.rows(); ++i)
      frame(samples.subspan(static_cast<std::size_t>(i * sizes_.hop),
                            static_cast<std::size_t>(sizes_.window)),
            x.row(i));
    return x;
  }

 private:
  static constexpr const char* name = "heed::mel_features";

  static double mel(double frequency) { return 1127 * std::log1p(frequency / 700); }

  // Hann's window, periodic: 1/2 - cos(2 π i / window) / 2.
  void make_window() {
    window_.resize(sizes_.window);
    for (index i = 0; i < sizes_.window; ++i)
      window_(i) = 0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(i) /
                                        static_cast<double>(sizes_.window));
  }

  // Triangles with corners at equal distances on the mel scale; the constant component (0 Hz) is in no band.
  void make_bands() {
    const index points = sizes_.transform / 2 + 1;
    const double first = mel(sizes_.lowest),
                 step = (mel(sizes_.highest) - first) / static_cast<double>(sizes_.bands + 1);
    bands_.setZero(sizes_.bands, points);
    for (index point = 1; point < points; ++point) {
      const double at =
          mel(static_cast<double>(point * sizes_.rate) / static_cast<double>(sizes_.transform));
      for (index band = 0; band < sizes_.bands; ++band) {
        const double away = std::abs((at - first) / step - static_cast<double>(band + 1));
        bands_(band, point) = (std::max)(0.0, 1 - away);
      }
    }
  }

  void make_cosines() {
    const auto bands = static_cast<double>(sizes_.bands);
    cosines_.resize(sizes_.coefficients, sizes_.bands);
    for (index i = 0; i < sizes_.coefficients; ++i)
      for (index band = 0; band < sizes_.bands; ++band)
        cosines_(i, band) =
            std::sqrt(2 / bands) * std::cos(std::numbers::pi / bands * static_cast<double>(i) *
                                            (static_cast<double>(band) + 0.5));
  }

  mel_sizes sizes_;
  Eigen::FFT<double> fft_;
  matrix<double> bands_;    // (bands, transform / 2 + 1)
  matrix<double> cosines_;  // (coefficients, bands)
  Eigen::VectorXd window_, frame_, magnitudes_, sums_;
  Eigen::VectorXcd spectrum_;
};

}  // namespace HEED_ABI
}  // namespace heed
