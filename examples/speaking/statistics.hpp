// SPDX-License-Identifier: MIT
// Measures the time of a prompt and an answer, and the memory that the program has used.
#pragma once

#include <heed/core/types.hpp>

#include <chrono>
#include <iomanip>
#include <ostream>
#include <sstream>
#include <string>

#if __has_include(<sys/resource.h>)
#include <sys/resource.h>
#endif

// The peak memory of the program in MiB, including the parts of the model's mapped file that were read; 0 if the
// system does not report it.
inline double memory_used() {
#if __has_include(<sys/resource.h>)
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
#ifdef __APPLE__
  return static_cast<double>(usage.ru_maxrss) / (1 << 20);
#else
  return static_cast<double>(usage.ru_maxrss) / (1 << 10);
#endif
#else
  return 0;
#endif
}

// token() must be called after each token of the answer.
class statistics {
 public:
  explicit statistics(heed::index prompt) : prompt_(prompt), start_(now()), first_(start_) {}

  void token() {
    last_ = now();
    if (++tokens_ == 1) first_ = last_;
  }

  // prompt: 37 tokens in 0.25 s (148.0 a second); then 7 in 0.10 s (70.0 a second); memory: 190 MiB
  friend std::ostream& operator<<(std::ostream& out, const statistics& s) {
    out << "prompt: " << s.prompt_ << " tokens" << rate(s.prompt_, s.first_ - s.start_) << "; then "
        << s.tokens_ << rate(s.tokens_ - 1, s.last_ - s.first_);
    if (const double memory = memory_used(); memory > 0)
      out << "; memory: " << static_cast<long>(memory) << " MiB";
    return out;
  }

 private:
  using clock = std::chrono::steady_clock;

  static clock::time_point now() { return clock::now(); }
  static std::string rate(heed::index tokens, clock::duration time) {
    const double seconds = std::chrono::duration<double>(time).count();
    if (tokens <= 0 || seconds <= 0) return "";
    std::ostringstream text;
    text << std::fixed << std::setprecision(2) << " in " << seconds << " s ("
         << std::setprecision(1) << static_cast<double>(tokens) / seconds << " a second)";
    return text.str();
  }

  heed::index prompt_, tokens_ = 0;
  clock::time_point start_, first_, last_{};
};
