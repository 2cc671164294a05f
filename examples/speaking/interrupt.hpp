// SPDX-License-Identifier: MIT
// While an object of this class exists, the first Ctrl-C sets came() instead of ending the program; the second ends it.
#pragma once

#include <csignal>

class interrupt {
 public:
  interrupt() {
    was_noted = 0;
    before_ = std::signal(SIGINT, note);
  }
  interrupt(const interrupt&) = delete;
  interrupt& operator=(const interrupt&) = delete;
  ~interrupt() { std::signal(SIGINT, before_ == SIG_ERR ? SIG_DFL : before_); }

  static bool came() { return was_noted != 0; }

 private:
  static void note(int) {
    was_noted = 1;
    std::signal(SIGINT, SIG_DFL);
  }

  inline static volatile std::sig_atomic_t was_noted = 0;
  void (*before_)(int);
};
