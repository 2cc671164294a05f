// SPDX-License-Identifier: MIT
// An executor of threads that are made for each call.
#pragma once

#include <heed/core/types.hpp>

#include <thread>
#include <vector>

namespace support {

inline constexpr auto on_threads = [](heed::index count, auto&& work) {
  std::vector<std::thread> team;
  for (heed::index i = 0; i < count; ++i) team.emplace_back([&work, i] { work(i); });
  for (auto& t : team) t.join();
};

}  // namespace support
