// SPDX-License-Identifier: MIT
// A random number generator with the same numbers on every machine: SplitMix64.
//
// Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

class chance {
 public:
  explicit chance(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t x = state_ += 0x9E3779B97F4A7C15;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
    return x ^ (x >> 31);
  }

  // A number from 0 to count - 1. The remainder favours none by more than count / 2^64.
  std::size_t below(std::size_t count) {
    const std::uint64_t number = next() % count;
    return std::size_t(number);
  }
  std::size_t between(std::size_t least, std::size_t most) {
    return least + below(most - least + 1);
  }

  template <class List>
  const auto& one_of(const List& list) {
    return list[below(std::size(list))];
  }

  template <class T>
  void shuffle(std::vector<T>& list) {
    for (std::size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[below(i)]);
  }

 private:
  std::uint64_t state_;
};
