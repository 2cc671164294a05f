// SPDX-License-Identifier: MIT
// Compiles and links where the compiler and its library know the C++20 that heed is written in.
#include <bit>
#include <concepts>
#include <numbers>
#include <span>
#include <type_traits>

struct options {
  int queries = 1, keys = 1;
};

template <std::integral... Sizes>
constexpr auto sum(Sizes... sizes) {
  return (sizes + ... + 0);
}

template <class T>
requires std::is_aggregate_v<T>
constexpr int read(T value) { return value.queries - value.keys; }

int main() {
  static_assert(std::bit_width(7u) == 3 && std::numbers::pi > 3);
  constexpr auto twice = []<class T>(T value) { return value + value; };
  const int sizes[] = {1, -1};
  return sum(std::span(sizes)[0], sizes[1]) + read(options{.keys = 2}) + twice(0) + 1;
}
