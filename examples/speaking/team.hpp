// SPDX-License-Identifier: MIT
// Who computes: a pool of threads that sleep when there is nothing to do. (Threads of OpenMP keep asking for
// work instead, and where other programs keep the machine busy, that made answers 20 times slower.)
#pragma once

#include <heed/core/execute.hpp>

#include <unsupported/Eigen/CXX11/ThreadPool>

#include <algorithm>
#include <string>
#include <thread>

class team {
 public:
  static constexpr int most = 1024;

  // 0: as many threads as the machine runs at once.
  explicit team(int threads)
      : threads_((std::max)(1, threads > 0 ? threads : at_once())), pool_(threads_ - 1, false) {}

  heed::executor executor() const { return heed::executor_of(pool_); }

  // "4 threads"
  std::string text() const {
    return std::to_string(threads_) + (threads_ == 1 ? " thread" : " threads");
  }

 private:
  static int at_once() { return static_cast<int>(std::thread::hardware_concurrency()); }

  int threads_;
  mutable Eigen::ThreadPool pool_;  // besides the thread that asks
};
