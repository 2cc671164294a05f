// SPDX-License-Identifier: MIT
// Prints the progress of a task on standard error, after its first second.
#pragma once

#include "terminal.hpp"  // is_terminal

#include <chrono>  // steady_clock
#include <cstdio>  // fprintf

namespace complete {

class progress {
 public:
  explicit progress(const char* task, bool silent = false) : task_(task), silent_(silent) {}
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;
  ~progress() {
    if (shown_ && on_terminal_) std::fputs("\r\033[K", stderr);
  }

  void operator()(long long done, long long all) {
    using namespace std::chrono_literals;
    const auto now = clock::now();
    if (silent_ || now < next_) return;
    next_ = now + (on_terminal_ ? 100ms : 5000ms);
    shown_ = true;
    std::fprintf(stderr, on_terminal_ ? "\r%s %lld of %lld tokens " : "%s %lld of %lld tokens\n",
                 task_, done, all);
    std::fflush(stderr);
  }

 private:
  using clock = std::chrono::steady_clock;

  const char* task_;
  bool silent_;
  bool on_terminal_ = is_terminal(stderr);
  bool shown_ = false;
  clock::time_point next_ = clock::now() + std::chrono::milliseconds(1000);
};

}  // namespace complete
