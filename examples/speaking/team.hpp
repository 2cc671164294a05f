// SPDX-License-Identifier: MIT
// A thread pool whose threads sleep when there is no work. (Threads of OpenMP wait actively, which made answers 20
// times slower on a machine that other programs kept busy.)
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
  mutable Eigen::ThreadPool pool_;  // the threads besides the calling one
};
