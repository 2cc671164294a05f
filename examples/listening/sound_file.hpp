// SPDX-License-Identifier: MIT
// Reads sound from a file or from standard input: samples within ± 1, the mean of the channels.
#pragma once

#include <sndfile.h>

#include <cmath>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

class sound_file {
 public:
  // A file of any format that libsndfile reads; "" is standard input: raw 16-bit little-endian samples of one
  // channel, as `arecord -t raw -f S16_LE -r 16000` writes them. `rate`: samples a second. Throws
  // std::runtime_error if the file cannot be read or has another rate.
  sound_file(const std::string& path, int rate) : name_(path.empty() ? "standard input" : path) {
    SF_INFO info{};
    if (path.empty()) {
      info.samplerate = rate;
      info.channels = 1;
      info.format = SF_FORMAT_RAW | SF_FORMAT_PCM_16 | SF_ENDIAN_LITTLE;
      file_.reset(sf_open_fd(0, SFM_READ, &info, SF_FALSE));
    } else {
      file_.reset(sf_open(path.c_str(), SFM_READ, &info));
    }
    if (file_ == nullptr)
      throw std::runtime_error(name_ + ": cannot be read as sound: " + sf_strerror(nullptr));
    if (info.samplerate != rate)
      throw std::runtime_error(name_ + ": has " + std::to_string(info.samplerate) +
                               " samples a second, but the model hears " + std::to_string(rate) +
                               "; `sox FILE -r " + std::to_string(rate) +
                               " NEW.wav` makes a file that has");
    channels_ = static_cast<std::size_t>(info.channels);
  }

  // The next samples, `most` at most; none at the end. They are valid until the next call.
  std::span<const float> read(std::size_t most) {
    raw_.resize(most * channels_);
    mean_.resize(most);
    const auto count = static_cast<std::size_t>(
        (std::max)(sf_count_t(0), sf_readf_float(file_.get(), raw_.data(), sf_count_t(most))));
    for (std::size_t i = 0; i < count; ++i) {
      double sum = 0;
      for (std::size_t c = 0; c < channels_; ++c) sum += double(raw_[i * channels_ + c]);
      mean_[i] = static_cast<float>(sum / double(channels_));
      if (!std::isfinite(mean_[i]))
        throw std::runtime_error(name_ + ": sample " + std::to_string(samples_ + i) +
                                 " is no finite number");
    }
    samples_ += count;
    return std::span(mean_).first(count);
  }

  // The number of samples read so far.
  [[nodiscard]] std::size_t samples() const { return samples_; }

 private:
  struct close {
    void operator()(SNDFILE* file) const { sf_close(file); }
  };

  std::string name_;
  std::unique_ptr<SNDFILE, close> file_;
  std::size_t channels_ = 1, samples_ = 0;
  std::vector<float> raw_, mean_;
};
