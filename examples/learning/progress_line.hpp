// SPDX-License-Identifier: MIT
// One line about the progress of training, which is overwritten in a terminal.
#pragma once

#include <heed/core/types.hpp>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>

#if __has_include(<unistd.h>)
#include <unistd.h>
#endif

class progress_line {
 public:
  explicit progress_line(heed::index steps) : steps_(steps), began_(clock::now()) {}

  // step 120/1000  loss 2.3456  rate 0.00195  8123 tokens/s  1 min 48 s left
  void show(heed::index step, double loss, double rate, heed::index tokens) {
    ++done_;
    tokens_ += tokens;
    const double seconds = std::chrono::duration<double>(clock::now() - began_).count();
    const double left = seconds / static_cast<double>(done_) * static_cast<double>(steps_ - step);
    char line[160];
    std::snprintf(line, sizeof line, "step %lld/%lld  loss %.4f  rate %.3g  %.0f tokens/s  %s left",
                  static_cast<long long>(step), static_cast<long long>(steps_), loss, rate,
                  static_cast<double>(tokens_) / seconds, duration(left).c_str());
    last_ = line;
    if (terminal()) std::cerr << '\r' << last_ << "\x1b[K" << std::flush;
  }

  // Ends the line, so that it is not overwritten.
  void end_line() { std::cerr << (terminal() ? std::string() : last_) << '\n'; }

 private:
  using clock = std::chrono::steady_clock;

  static bool terminal() {
#if __has_include(<unistd.h>)
    return isatty(STDERR_FILENO) != 0;
#else
    return false;
#endif
  }
  static std::string duration(double seconds) {
    const auto s = static_cast<long>(seconds);
    if (s >= 3600) return std::to_string(s / 3600) + " h " + std::to_string(s / 60 % 60) + " min";
    if (s >= 60) return std::to_string(s / 60) + " min " + std::to_string(s % 60) + " s";
    return std::to_string(s) + " s";
  }

  heed::index steps_, done_ = 0, tokens_ = 0;
  clock::time_point began_;
  std::string last_;
};
