// SPDX-License-Identifier: MIT
// Who computes: threads of OpenMP where the program is compiled with it, else the calling thread.
#pragma once

#include <heed/core/execute.hpp>

#include <string>

class team {
 public:
  // 0: as many threads as the machine runs at once.
  explicit team([[maybe_unused]] int threads) {
#ifdef _OPENMP
    run_.threads = threads;
#endif
  }

  heed::executor executor() const { return heed::executor_of(run_); }

  // "4 threads (OpenMP)"
  std::string text() const {
#ifdef _OPENMP
    const heed::index count = run_.workers();
    return std::to_string(count) + (count == 1 ? " thread" : " threads") + " (OpenMP)";
#else
    return "1 thread (compiled without OpenMP)";
#endif
  }

 private:
#ifdef _OPENMP
  heed::openmp run_;
#else
  heed::serial run_;
#endif
};
