// SPDX-License-Identifier: MIT
// The same bits on every machine: digests of results, equal for AVX2, AVX-512 and NEON, since a lane's
// arithmetic is one fixed sequence of fused multiply-adds however many lanes there are. Machines
// without fused multiply-adds agree among themselves.
#include "support/digest.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace {

using support::attention_digest;
using support::expected;

void expect(std::uint64_t got, const expected& want, const char* what) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
  EXPECT_EQ(got, want.fused) << what << std::hex << " 0x" << got;
#else
  EXPECT_EQ(got, want.unfused) << what << std::hex << " 0x" << got;
#endif
}

TEST(attention_digest, is_the_same_on_every_machine) {
  const heed::matrix<float> added = support::numbers<float>(83, 150, 4);
  expect(attention_digest<float>(), support::plain_float, "float");
  expect(attention_digest<double>(), {0x3147d01d3266eb94u, 0xae9e9047766bdae7u}, "double");
  expect(attention_digest<float>(heed::causal), {0x7d6cd0a109db0581u, 0x1520048576a48de9u},
         "causal");
  expect(attention_digest<float>(heed::causal, heed::window{.left = 30}),
         {0x32e76f259797deeau, 0x3d5e43922d6882fbu}, "window");
  expect(attention_digest<float>(heed::causal, heed::alibi()),
         {0xdcc9cbbaf505c184u, 0x8dcbd60736d6a77fu}, "alibi");
  expect(attention_digest<float>(heed::soft_cap(2)), {0x8daf4159a2cb8593u, 0x11c38aafd2c5a3c5u},
         "soft_cap");
  expect(attention_digest<float>(heed::bias(added)), {0x999a412b0d0acc36u, 0xf61e08cd2495f86u},
         "bias");
}

}  // namespace
