// SPDX-License-Identifier: MIT
// The bits of a result in one number, and what machines with and without fused multiply-adds must
// come to.
#pragma once

#include <heed/attention.hpp>

#include <cstdint>
#include <cstring>

// As in the library: files built for different instruction sets must not share these functions.
namespace support {
inline namespace HEED_ABI {

// Numbers in [-1, 1) that are the same everywhere.
template <class Scalar>
heed::matrix<Scalar> numbers(heed::index rows, heed::index cols, std::uint32_t seed) {
  heed::matrix<Scalar> m(rows, cols);
  std::uint32_t state = seed;
  for (heed::index i = 0; i < m.size(); ++i) {
    state = state * 1664525u + 1013904223u;
    m.data()[i] = static_cast<Scalar>(static_cast<std::int32_t>(state)) / Scalar(2147483648.0);
  }
  return m;
}

// FNV-1a over the bytes.
template <class Scalar>
std::uint64_t digest(const heed::matrix<Scalar>& m) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (heed::index i = 0; i < m.size(); ++i) {
    unsigned char bytes[sizeof(Scalar)];
    std::memcpy(bytes, m.data() + i, sizeof(Scalar));
    for (const unsigned char byte : bytes) hash = (hash ^ byte) * 0x100000001b3u;
  }
  return hash;
}

// 83 queries over 550 keys: whole chunks, tiles and blocks of lanes, and parts of them.
template <class Scalar, class... Modifiers>
std::uint64_t attention_digest(const Modifiers&... modifiers) {
  const heed::matrix<Scalar> q = numbers<Scalar>(83, 4 * 24, 1),
                             k = numbers<Scalar>(550, 2 * 24, 2),
                             v = numbers<Scalar>(550, 2 * 20, 3);
  return digest(heed::matrix<Scalar>(
      heed::attention(q, k, v, heed::heads{4, 2}, heed::scale(3), modifiers...)));
}

// What a machine must come to, with and without fused multiply-adds.
struct expected {
  std::uint64_t fused, unfused;
};
inline constexpr expected plain_float{0xc98667ecc86e91a8u, 0x2c72d8968168d13bu};

}  // namespace HEED_ABI
}  // namespace support
