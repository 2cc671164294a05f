// SPDX-License-Identifier: MIT
#include <heed/io/byte_reader.hpp>

#include "support/bytes.hpp"
#include "support/refusal.hpp"

#include <gtest/gtest.h>

namespace heed::detail {
namespace {

const std::string name = "f";

TEST(ByteReader, ReadsOneAfterTheOther) {
  support::bytes file;
  file.add(std::uint8_t(7)).add(std::uint32_t(0x01020304)).text("abc").add(-2.5f);
  byte_reader reader(file.view(), name);
  EXPECT_EQ(reader.number<std::uint8_t>("x"), 7);
  EXPECT_EQ(reader.number<std::uint32_t>("x"), 0x01020304u);
  EXPECT_EQ(reader.text("x"), "abc");
  EXPECT_EQ(reader.number<float>("x"), -2.5f);
  EXPECT_EQ(reader.left(), 0u);
  EXPECT_EQ(reader.place(), file.size());
}

TEST(ByteReader, RefusesWhatIsBeyondTheEnd) {
  support::bytes file;
  file.zeros(4).add(std::uint16_t(1));
  byte_reader reader(file.view(), name);
  reader.take(4, "x");
  EXPECT_EQ(
      support::refusal<file_error>([&] { (void)reader.number<std::uint32_t>("the version"); }),
      "f: ends within the version: 4 bytes at byte 4 were expected, 2 are left");
  EXPECT_EQ(reader.number<std::uint16_t>("x"), 1);
}

TEST(ByteReader, RefusesLengthsThatOverflow) {
  for (const std::uint64_t length : {std::uint64_t(9), ~std::uint64_t(0), ~std::uint64_t(0) - 7}) {
    support::bytes file;
    file.add(length).zeros(8);
    byte_reader reader(file.view(), name);
    EXPECT_THROW((void)reader.text("a text"), file_error) << length;
  }
}

TEST(ByteReader, CountsWhatTheFileCanHold) {
  support::bytes file;
  file.add(std::uint64_t(3)).zeros(11);
  byte_reader three(file.view(), name);
  EXPECT_EQ(support::refusal<file_error>([&] { (void)three.count(4, "the number of pairs"); }),
            "f: the number of pairs is 3, but only 11 bytes are left");
  byte_reader again(file.view(), name);
  EXPECT_EQ(again.count(3, "the number of pairs"), 3u);
}

}  // namespace
}  // namespace heed::detail
