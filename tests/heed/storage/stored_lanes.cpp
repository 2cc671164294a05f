// SPDX-License-Identifier: MIT
// Values of many stored rows at once, against those of each row alone.
#include <heed/storage/convert.hpp>
#include <heed/storage/stored_lanes.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

namespace {

using heed::dtype;
using heed::index;

// Every byte pattern, so also infinities, NaN and the largest and smallest of every field.
std::vector<std::byte> random_bytes(index count, std::uint32_t seed) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(count));
  for (std::byte& byte : bytes) {
    seed = seed * 1664525 + 1013904223;
    byte = static_cast<std::byte>(seed >> 24);
  }
  return bytes;
}

// Where a scale is infinite, what has a zero may be infinite or NaN.
bool same(float a, float b) {
  return heed::detail::exactly_equal(a, b) || (!std::isfinite(a) && !std::isfinite(b));
}

// Blocks of rows that lie farther apart than they are long, at an odd address, up to the last byte.
template <class Lanes, int Packets>
void has_the_values_of_rows(dtype type) {
  using panel = heed::detail::word_panel<Packets>;
  using s = heed::detail::simd<float>;
  const index row_bytes = 2 * Lanes::bytes + 3;
  const std::vector<std::byte> bytes = random_bytes((panel::lanes - 1) * row_bytes + Lanes::bytes,
                                                    1 + static_cast<std::uint32_t>(type));
  std::vector<std::uint32_t> words(static_cast<std::size_t>(panel::lanes * Lanes::words));
  std::vector<float> got(static_cast<std::size_t>(panel::lanes * Lanes::values));
  index next = 0;
  Lanes::read(panel(words.data()), bytes.data(), row_bytes);
  Lanes::each(panel(words.data()), [&](index column, const auto& value_of) {
    ASSERT_EQ(column, next++) << "columns come in their order";
    for (index p = 0; p < Packets; ++p)
      s::store(got.data() + column * panel::lanes + p * s::size, value_of(p));
  });
  ASSERT_EQ(next, Lanes::values);
  for (index lane = 0; lane < panel::lanes; ++lane) {
    float want[static_cast<std::size_t>(Lanes::values)];
    heed::detail::to_float(type, bytes.data() + lane * row_bytes, Lanes::values, want);
    for (index i = 0; i < Lanes::values; ++i)
      ASSERT_TRUE(same(got[static_cast<std::size_t>(i * panel::lanes + lane)], want[i]))
          << heed::name_of(type) << ", row " << lane << ", value " << i << ": "
          << got[static_cast<std::size_t>(i * panel::lanes + lane)] << ", but " << want[i];
  }
}

TEST(stored_lanes, have_the_values_of_rows) {
  for (index t = 0; t < heed::detail::dtypes; ++t) {
    const auto type = static_cast<dtype>(t);
    const bool known = heed::detail::with_lanes(type, [&](auto format) {
      using lanes = decltype(format);
      EXPECT_EQ(lanes::values, heed::detail::lane_values(type));
      EXPECT_EQ(lanes::bytes, heed::bytes_of(type, lanes::values));
      EXPECT_LE(lanes::words, heed::detail::most_words);
      has_the_values_of_rows<lanes, 1>(type);
      has_the_values_of_rows<lanes, 4>(type);
    });
    EXPECT_EQ(known, heed::detail::lane_values(type) > 0) << heed::name_of(type);
  }
}

TEST(stored_lanes, know_the_dtypes_that_weights_come_in) {
  for (const dtype type : {dtype::f32, dtype::f16, dtype::bf16, dtype::q4_0, dtype::q8_0})
    EXPECT_GT(heed::detail::lane_values(type), 0) << heed::name_of(type);
  EXPECT_EQ(heed::detail::lane_values(dtype::i64), 0);
}

// By hand: Q4_1 with a scale of 2 and a least of -3; byte k is (k, 15 - k).
TEST(stored_lanes, of_one_block_by_hand) {
  using panel = heed::detail::word_panel<1>;
  using s = heed::detail::simd<float>;
  std::vector<std::byte> bytes(static_cast<std::size_t>(panel::lanes) * 20);
  for (index lane = 0; lane < panel::lanes; ++lane) {
    std::uint8_t block[20] = {0x00, 0x40, 0x00, 0xC2};
    for (unsigned k = 0; k < 16; ++k) block[4 + k] = static_cast<std::uint8_t>(k | (15 - k) << 4);
    std::memcpy(bytes.data() + lane * 20, block, 20);
  }
  std::vector<std::uint32_t> words(static_cast<std::size_t>(panel::lanes) * 5);
  heed::detail::q4_1_lanes::read(panel(words.data()), bytes.data(), 20);
  heed::detail::q4_1_lanes::each(panel(words.data()), [&](index column, const auto& value_of) {
    float lanes[static_cast<std::size_t>(s::size)];
    s::store(lanes, value_of(0));
    for (const float value : lanes)
      EXPECT_EQ(value, 2 * float(column < 16 ? column : 31 - column) - 3);
  });
}

}  // namespace
