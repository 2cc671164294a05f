// SPDX-License-Identifier: MIT
// The same bits on every machine: digests of results, equal for AVX2, AVX-512 and NEON, since a lane's
// arithmetic is one fixed sequence of fused multiply-adds however many lanes there are. Machines
// without fused multiply-adds agree among themselves.
#include <heed/attention.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>

namespace {

using heed::index;

// Numbers in [-1, 1) that are the same everywhere.
template <class Scalar>
heed::matrix<Scalar> numbers(index rows, index cols, std::uint32_t seed) {
  heed::matrix<Scalar> m(rows, cols);
  std::uint32_t state = seed;
  for (index i = 0; i < m.size(); ++i) {
    state = state * 1664525u + 1013904223u;
    m.data()[i] = static_cast<Scalar>(static_cast<std::int32_t>(state)) / Scalar(2147483648.0);
  }
  return m;
}

// FNV-1a over the bytes.
template <class Scalar>
std::uint64_t digest(const heed::matrix<Scalar>& m) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (index i = 0; i < m.size(); ++i) {
    unsigned char bytes[sizeof(Scalar)];
    std::memcpy(bytes, m.data() + i, sizeof(Scalar));
    for (const unsigned char byte : bytes) hash = (hash ^ byte) * 0x100000001b3u;
  }
  return hash;
}

// 83 queries over 150 keys: whole tiles and parts of them, whole blocks of lanes and parts of them.
template <class Scalar, class... Modifiers>
std::uint64_t of(const Modifiers&... modifiers) {
  const heed::matrix<Scalar> q = numbers<Scalar>(83, 4 * 24, 1),
                             k = numbers<Scalar>(150, 2 * 24, 2),
                             v = numbers<Scalar>(150, 2 * 20, 3);
  return digest(heed::matrix<Scalar>(
      heed::attention(q, k, v, heed::heads{4, 2}, heed::scale(3), modifiers...)));
}

// What a machine must come to, with and without fused multiply-adds.
struct expected {
  std::uint64_t fused, unfused;
};

void expect(std::uint64_t got, const expected& want, const char* what) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
  EXPECT_EQ(got, want.fused) << what << std::hex << " 0x" << got;
#else
  EXPECT_EQ(got, want.unfused) << what << std::hex << " 0x" << got;
#endif
}

TEST(attention_digest, is_the_same_on_every_machine) {
  const heed::matrix<float> added = numbers<float>(83, 150, 4);
  expect(of<float>(), {0x1068e5af5f6adb98u, 0xd3d066a69247ba24u}, "float");
  expect(of<double>(), {0x3147d01d3266eb94u, 0xae9e9047766bdae7u}, "double");
  expect(of<float>(heed::causal), {0x7d6cd0a109db0581u, 0x1520048576a48de9u}, "causal");
  expect(of<float>(heed::causal, heed::window{.left = 30}),
         {0x32e76f259797deeau, 0x3d5e43922d6882fbu}, "window");
  expect(of<float>(heed::causal, heed::alibi()), {0xdcc9cbbaf505c184u, 0x8dcbd60736d6a77fu},
         "alibi");
  expect(of<float>(heed::soft_cap(2)), {0x8daf4159a2cb8593u, 0x11c38aafd2c5a3c5u}, "soft_cap");
  expect(of<float>(heed::bias(added)), {0x999a412b0d0acc36u, 0xf61e08cd2495f86u}, "bias");
}

}  // namespace
