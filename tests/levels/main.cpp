// SPDX-License-Identifier: MIT
// Several instruction sets in one program: each level computes with its own code and no other's.
#include "levels/attend.hpp"

#include <heed/dispatch.hpp>

#include <gtest/gtest.h>

#include "support/digest.hpp"

namespace {

using built = std::integer_sequence<int, HEED_BUILT_LEVELS>;

std::uint64_t wanted(int level) {
  return level >= 3 ? support::plain_float.fused : support::plain_float.unfused;
}

template <int Level>
void expect_own_bits() {
  if (Level > heed::machine_level())
    std::cout << "level " << Level << " cannot run on this machine\n";
  else
    EXPECT_EQ(attention_digest_of<Level>(), wanted(Level)) << "level " << Level;
}

template <int... Levels>
void expect_own_bits_of_all(std::integer_sequence<int, Levels...>) {
  (expect_own_bits<Levels>(), ...);
}

TEST(levels, compute_with_their_own_code) { expect_own_bits_of_all(built{}); }

#ifdef LEVELS_ARE_KEPT_APART
TEST(levels, keep_the_inline_functions_of_a_program_apart) {
  EXPECT_EQ(register_size_of<1>(), 4);
  EXPECT_EQ(register_size_of<2>(), 4);
  EXPECT_EQ(register_size_of<3>(), 8);
  EXPECT_EQ(register_size_of<4>(), 16);
}
#endif

TEST(levels, picks_the_highest_that_was_built_and_runs) {
  const auto pick = [](auto levels, int most) {
    return heed::dispatch_among(levels, most, [](auto level) { return int(level); });
  };
  using all = std::integer_sequence<int, 4, 3, 2, 1>;
  for (const int most : {1, 2, 3, 4}) EXPECT_EQ(pick(all{}, most), most);
  using some = std::integer_sequence<int, 3, 1>;
  EXPECT_EQ(pick(some{}, 4), 3);
  EXPECT_EQ(pick(some{}, 3), 3);
  EXPECT_EQ(pick(some{}, 2), 1);
  EXPECT_EQ(pick(std::integer_sequence<int, 1>{}, 4), 1);
}

TEST(levels, dispatch_hands_back_what_the_call_returns) {
  const int level = heed::dispatch([](auto l) { return int(l); });
  EXPECT_LE(level, heed::machine_level());
  EXPECT_EQ(heed::dispatch([](auto l) { return attention_digest_of<l>(); }), wanted(level));
  int target = 0;
  heed::dispatch([&](auto) -> int& { return target; }) = 7;
  EXPECT_EQ(target, 7);
}

}  // namespace
