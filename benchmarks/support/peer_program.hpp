// SPDX-License-Identifier: MIT
// What the programs of benchmarks/peers share, each of which a script starts and asks for times.
//
//   int main(int count, char** arguments) {
//     return support::peer_program("benchmark_attend", count, arguments,
//                                  [](const std::vector<std::string>& words) { ... });
//   }
#pragma once

#include <heed/config.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

namespace support {

#define NAME_OF(macro) NAME_OF_TEXT(macro)
#define NAME_OF_TEXT(text) #text
// What the program is compiled for: "avx2", ...
inline constexpr const char* instruction_set = NAME_OF(HEED_ABI_SIMD);
#undef NAME_OF
#undef NAME_OF_TEXT

// The median duration of a call, of as many calls as fill `run_for` seconds.
template <class Call>
double median_seconds(double run_for, const Call& call) {
  using clock = std::chrono::steady_clock;
  std::vector<double> seconds;
  const auto begin = clock::now();
  for (auto from = begin; std::chrono::duration<double>(from - begin).count() < run_for;) {
    call();
    const auto to = clock::now();
    seconds.push_back(std::chrono::duration<double>(to - from).count());
    from = to;
  }
  const auto middle = seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2);
  std::nth_element(seconds.begin(), middle, seconds.end());
  return *middle;
}

// Runs run(words) of the command line; the exit status is 1, and the message is printed, if it throws.
template <class Run>
int peer_program(const char* name, int count, char** arguments, const Run& run) {
  try {
    run(std::vector<std::string>(arguments + 1, arguments + count));
  } catch (const std::exception& error) {
    std::cerr << name << ": " << error.what() << '\n';
    return 1;
  }
  return 0;
}

}  // namespace support
