// SPDX-License-Identifier: MIT
// A hash map from 64-bit numbers to small values, by open addressing: built once, read often.
//
//   detail::text::number_map<int> squares;
//   squares.insert(12, 144);
//   *squares.find(12);  // 144
#pragma once

#include <heed/config.hpp>  // HEED_ABI

#include <cstddef>  // size_t
#include <cstdint>  // uint64_t
#include <vector>   // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

inline std::uint64_t mixed_bits(std::uint64_t x) {
  x *= 0x9E3779B97F4A7C15U;
  return x ^ x >> 32;
}

// The largest 64-bit number cannot be a key.
template <class Value>
class number_map {
 public:
  // Does nothing if the key exists: it keeps its value.
  void insert(std::uint64_t key, const Value& value) {
    if (2 * (count_ + 1) > slots_.size()) grow();
    slot& s = slots_[place_of(key)];
    if (s.key == key) return;
    s = {key, value};
    ++count_;
  }

  [[nodiscard]] const Value* find(std::uint64_t key) const {
    if (slots_.empty()) return nullptr;
    const slot& s = slots_[place_of(key)];
    return s.key == key ? &s.value : nullptr;
  }

  [[nodiscard]] std::size_t size() const { return count_; }

 private:
  static constexpr std::uint64_t no_key = ~std::uint64_t(0);
  struct slot {
    std::uint64_t key = no_key;
    Value value{};
  };

  [[nodiscard]] std::size_t place_of(std::uint64_t key) const {
    std::size_t at = mixed_bits(key) & (slots_.size() - 1);
    while (slots_[at].key != key && slots_[at].key != no_key) at = (at + 1) & (slots_.size() - 1);
    return at;
  }

  void grow() {
    std::vector<slot> old(slots_.empty() ? 16 : 2 * slots_.size());
    old.swap(slots_);
    for (const slot& s : old)
      if (s.key != no_key) slots_[place_of(s.key)] = s;
  }

  std::vector<slot> slots_;
  std::size_t count_ = 0;
};

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
