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
  const heed::matrix<float> added = support::numbers<float>(83, 550, 4);
  expect(attention_digest<float>(), support::plain_float, "float");
  expect(attention_digest<double>(), {0x1909f649da7663f8u, 0xa6fb30b0c10fcfddu}, "double");
  expect(attention_digest<float>(heed::causal), {0x65ee2ef62c407652u, 0x55d20546be71fb8fu},
         "causal");
  expect(attention_digest<float>(heed::causal, heed::window{.left = 30}),
         {0x8843e34676e36aacu, 0x562c1d6bf0229766u}, "window");
  expect(attention_digest<float>(heed::causal, heed::alibi()),
         {0x696a47c5de9ad54bu, 0xee559f43934fa89au}, "alibi");
  expect(attention_digest<float>(heed::soft_cap(2)), {0xff4cd1cfe449163bu, 0x86b0488a988412fu},
         "soft_cap");
  expect(attention_digest<float>(heed::bias(added)), {0x5da96f684f1c92feu, 0xfe7e6f1adda71bfbu},
         "bias");
}

}  // namespace
