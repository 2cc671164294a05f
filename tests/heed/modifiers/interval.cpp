// SPDX-License-Identifier: MIT
// Intervals and coverage against the sets that they stand for.
#include <heed/modifiers/interval.hpp>

#include <gtest/gtest.h>

namespace {

using heed::coverage;
using heed::interval;

constexpr bool holds(interval i, heed::index place) { return i.first <= place && place < i.last; }

template <class Check>
void for_each_interval(const Check& check) {
  for (int first = -2; first <= 3; ++first)
    for (int last = -2; last <= 3; ++last) check(interval{first, last});
}

TEST(interval, intersect_holds_what_both_hold) {
  for_each_interval([](interval a) {
    for_each_interval([&](interval b) {
      for (int place = -4; place <= 5; ++place)
        EXPECT_EQ(holds(heed::intersect(a, b), place), holds(a, place) && holds(b, place));
    });
  });
}

TEST(interval, hull_is_the_smallest_that_holds_both) {
  for_each_interval([](interval a) {
    for_each_interval([&](interval b) {
      const interval h = heed::hull(a, b);
      for (int place = -4; place <= 5; ++place)
        EXPECT_TRUE(holds(h, place) || !(holds(a, place) || holds(b, place)));
      if (h.empty()) return;
      EXPECT_TRUE(holds(a, h.first) || holds(b, h.first));
      EXPECT_TRUE(holds(a, h.last - 1) || holds(b, h.last - 1));
    });
  });
}

TEST(interval, counts_its_places) {
  for_each_interval([](interval a) {
    int count = 0;
    for (int place = -4; place <= 5; ++place) count += holds(a, place);
    EXPECT_EQ(a.size(), count);
    EXPECT_EQ(a.empty(), count == 0);
  });
}

TEST(interval, far_away_leaves_room_for_a_position) {
  constexpr heed::index most = std::numeric_limits<heed::position>::max();
  static_assert(heed::far_away > 4 * most && heed::far_away + most > heed::far_away);
  static_assert(holds(heed::everywhere, most) && holds(heed::everywhere, -most));
}

// What is true of a && b, a || b and !a where one knows no more than this of a and b.
TEST(coverage, of_composites) {
  using enum coverage;
  for (const coverage a : {none, some, all}) {
    EXPECT_EQ(heed::both(a, none), none);
    EXPECT_EQ(heed::both(a, all), a);
    EXPECT_EQ(heed::either(a, all), all);
    EXPECT_EQ(heed::either(a, none), a);
    EXPECT_EQ(heed::opposite(heed::opposite(a)), a);
  }
  EXPECT_EQ(heed::both(some, some), some);
  EXPECT_EQ(heed::either(some, some), some);
  EXPECT_EQ(heed::opposite(none), all);
  EXPECT_EQ(heed::opposite(some), some);
}

// Every band over every small tile: the answer is not only true but as sharp as it can be.
TEST(coverage, of_bands_is_exact) {
  for (int low = -3; low <= 3; ++low)
    for (int high = low; high <= 3; ++high)
      for (int q = -2; q <= 2; ++q)
        for (int k = 0; k <= 3; ++k)
          for (int queries = 1; queries <= 3; ++queries)
            for (int keys = 1; keys <= 3; ++keys) {
              int seen = 0;
              for (int i = q; i < q + queries; ++i)
                for (int j = k; j < k + keys; ++j) seen += j - i >= low && j - i <= high;
              const coverage told = heed::cover_band(low, high, {q, q + queries}, {k, k + keys});
              EXPECT_EQ(told == coverage::none, seen == 0);
              EXPECT_EQ(told == coverage::all, seen == queries * keys);
            }
}

}  // namespace
