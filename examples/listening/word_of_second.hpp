// SPDX-License-Identifier: MIT
// The word of each second, from the probabilities of its windows.
#pragma once

#include <heed/audio/keyword_listener.hpp>

struct second_heard {
  long second;
  heed::index label;
  float probability;  // the mean over the windows of the second
};

// A window belongs to the second of its middle. The label of a second is the one with the largest sum of
// probabilities over its windows, so that windows with the whole word outweigh those that cut it off.
class word_of_second {
 public:
  // rate: samples a second; window: samples of a window; before: samples that were pushed before the sound.
  word_of_second(long rate, long window, long before) : rate_(rate), behind_(before + window / 2) {}

  // Adds a window; calls say(second_heard) when a second is complete.
  template <class Say>
  void add(const heed::heard& h, const Say& say) {
    const long second = (static_cast<long>(h.end) - behind_) / rate_;
    if (second != second_) finish(say);
    second_ = second;
    if (windows_ == 0) sums_.setZero(h.probabilities.size());
    sums_ += h.probabilities;
    ++windows_;
  }

  template <class Say>
  void finish(const Say& say) {
    if (windows_ == 0) return;
    heed::index label = 0;
    const float sum = sums_.maxCoeff(&label);
    say(second_heard{second_, label, sum / static_cast<float>(windows_)});
    windows_ = 0;
  }

 private:
  long rate_, behind_;
  long second_ = 0, windows_ = 0;
  Eigen::RowVectorXf sums_;
};
