// SPDX-License-Identifier: MIT
#include <heed/storage/dtype.hpp>

#include <gtest/gtest.h>

#include <string>

namespace heed {
namespace {

TEST(Dtype, HasTheNameThatFilesWrite) {
  EXPECT_STREQ(name_of(dtype::f64), "F64");
  EXPECT_STREQ(name_of(dtype::bf16), "BF16");
  EXPECT_STREQ(name_of(dtype::f8_e4m3), "F8_E4M3");
  EXPECT_STREQ(name_of(dtype::u64), "U64");
  EXPECT_STREQ(name_of(dtype::boolean), "BOOL");
  EXPECT_STREQ(name_of(dtype::q4_0), "Q4_0");
  EXPECT_STREQ(name_of(dtype::q6_k), "Q6_K");
  EXPECT_STREQ(name_of(dtype::q8_k), "Q8_K");
}

// Bits a value by hand: Q4_K has 2 halves, 8 parts' scales and leasts of 6 bits, 256 numbers of 4 bits.
TEST(Dtype, KnowsTheSizeOfABlock) {
  EXPECT_EQ(bytes_of(dtype::f64, 3), 24);
  EXPECT_EQ(bytes_of(dtype::f16, 3), 6);
  EXPECT_EQ(bytes_of(dtype::q4_0, 64), 2 * (2 + 16));
  EXPECT_EQ(bytes_of(dtype::q4_1, 32), 2 + 2 + 16);
  EXPECT_EQ(bytes_of(dtype::q5_0, 32), 2 + 4 + 16);
  EXPECT_EQ(bytes_of(dtype::q5_1, 32), 2 + 2 + 4 + 16);
  EXPECT_EQ(bytes_of(dtype::q8_0, 32), 2 + 32);
  EXPECT_EQ(bytes_of(dtype::q2_k, 256), 2 * 2 + 16 + 64);
  EXPECT_EQ(bytes_of(dtype::q3_k, 256), 2 + 12 + 64 + 32);
  EXPECT_EQ(bytes_of(dtype::q4_k, 512), 2 * (2 * 2 + 8 * 12 / 8 + 128));
  EXPECT_EQ(bytes_of(dtype::q5_k, 256), 2 * 2 + 12 + 128 + 32);
  EXPECT_EQ(bytes_of(dtype::q6_k, 256), 2 + 16 + 128 + 64);
  EXPECT_EQ(bytes_of(dtype::q8_k, 256), 4 + 256 + 16 * 2);
}

TEST(Dtype, HasAName) {
  EXPECT_EQ(dtype_named("q8_0"), dtype::q8_0);
  EXPECT_EQ(dtype_named("BF16"), dtype::bf16);
  EXPECT_EQ(dtype_named("f8_E4m3"), dtype::f8_e4m3);
  for (const char* const none : {"", "q8", "q8_00", "int8"})
    EXPECT_EQ(dtype_named(none), std::nullopt);
}

TEST(Dtype, BelongsToAType) {
  EXPECT_EQ(dtype_of<float>, dtype::f32);
  EXPECT_EQ(dtype_of<Eigen::half>, dtype::f16);
  EXPECT_EQ(dtype_of<Eigen::bfloat16>, dtype::bf16);
  EXPECT_EQ(dtype_of<std::int8_t>, dtype::i8);
  EXPECT_EQ(dtype_of<std::uint64_t>, dtype::u64);
  EXPECT_EQ(dtype_of<bool>, dtype::boolean);
  EXPECT_EQ(facts_of(dtype_of<double>).block_bytes, index(sizeof(double)));
}

}  // namespace
}  // namespace heed
