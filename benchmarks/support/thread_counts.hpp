// SPDX-License-Identifier: MIT
// 1, 2, 4, ... threads, and as many as the machine runs at once.
#pragma once

#include <algorithm>
#include <thread>
#include <vector>

namespace support {

inline std::vector<int> thread_counts() {
  const int most = std::max(2, static_cast<int>(std::thread::hardware_concurrency()));
  std::vector<int> counts;
  for (int count = 1; count < most; count *= 2) counts.push_back(count);
  counts.push_back(most);
  return counts;
}

}  // namespace support
