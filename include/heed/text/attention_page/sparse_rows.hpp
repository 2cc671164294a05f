// SPDX-License-Identifier: MIT
// Attention probabilities in few bytes: the largest of each row, 8 bits each, and the sum of the
// others.
//
//   detail::sparse_rows rows(w);              // w: (queries, keys)
//   std::string bytes = rows.bytes(12);       // at most 12 keys of each row
#pragma once

#include <heed/core/types.hpp>  // index

#include <algorithm>    // clamp, min, partial_sort, sort
#include <cmath>        // lround, sqrt
#include <cstdint>      // uint8_t
#include <string>       // string
#include <string_view>  // string_view
#include <vector>       // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// A probability p as one byte, 255 √p: the error is at most √p / 255 + 4e-6, small where p is small.
inline std::uint8_t probability_byte(double p) {
  return static_cast<std::uint8_t>(std::lround(255 * std::sqrt((std::clamp)(p, 0.0, 1.0))));
}

class sparse_rows {
 public:
  static constexpr index most_keys = 64;       // in a row
  static constexpr double least = 1.0 / 1024;  // smaller probabilities are among the others

  template <class Weights>
  explicit sparse_rows(const Weights& w) {
    std::vector<entry> all;
    for (index i = 0; i < w.rows(); ++i) {
      all.clear();
      double sum = 0;
      for (index j = 0; j < w.cols(); ++j) {
        const auto p = static_cast<double>(w(i, j));
        sum += p;
        if (p >= least) all.push_back({j, static_cast<float>(p)});
      }
      const auto kept =
          all.begin() + static_cast<std::ptrdiff_t>((std::min)(all.size(), std::size_t{most_keys}));
      std::partial_sort(all.begin(), kept, all.end(), [](const entry& a, const entry& b) {
        return a.p > b.p || (!(a.p < b.p) && a.key < b.key);
      });
      entries_.insert(entries_.end(), all.begin(), kept);
      rows_.push_back({kept - all.begin(), sum});
    }
  }

  // For each row: the number of keys, the sum of the other probabilities, and, for each key in order, its distance
  // from the key before (of the first: from key 0) in base 128, low digits first, with 128 added to all digits but
  // the last, and then its probability. Sums and probabilities are bytes of probability_byte.
  [[nodiscard]] std::string bytes(index keys) const {
    std::string out;
    auto first = entries_.begin();
    std::vector<entry> some;
    for (const row& r : rows_) {
      some.assign(first, first + (std::min)(keys, r.count));
      first += r.count;
      std::sort(some.begin(), some.end(),
                [](const entry& a, const entry& b) { return a.key < b.key; });
      double others = r.sum;
      for (const entry& e : some) others -= static_cast<double>(e.p);
      put(out, static_cast<index>(some.size()));
      put(out, probability_byte(others));
      index before = 0;
      for (const entry& e : some) {
        index distance = e.key - before;
        for (; distance >= 128; distance /= 128) put(out, distance % 128 + 128);
        put(out, distance);
        put(out, probability_byte(static_cast<double>(e.p)));
        before = e.key;
      }
    }
    return out;
  }

 private:
  struct entry {
    index key;
    float p;
  };
  struct row {
    index count;  // of its entries, the largest first
    double sum;   // of all its probabilities
  };

  static void put(std::string& out, index byte) {
    out += static_cast<char>(static_cast<std::uint8_t>(byte));
  }

  std::vector<entry> entries_;
  std::vector<row> rows_;
};

// Base64 (RFC 4648): four characters for each three bytes.
inline std::string base64(std::string_view bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t k) -> unsigned {
      return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0;
    };
    const unsigned three = byte(0) << 16 | byte(1) << 8 | byte(2);
    for (std::size_t k = 0; k < 4; ++k)
      out += i + k <= bytes.size() ? digits[three >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
