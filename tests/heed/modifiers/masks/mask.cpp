// SPDX-License-Identifier: MIT
// Masks: what each lets through, written out, and what they promise of whole tiles.
#include <heed/attention.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace {

using heed::coverage;
using heed::index;
using heed::interval;
using heed::position;

constexpr heed::at place(int query, int key) { return {query, key, 0, query, 0}; }

// A picture of a mask: one line a query from 0 on, one column a key; # is seen.
template <class Mask>
std::vector<std::string> picture(const Mask& m, int queries, int keys) {
  const heed::scope s{0, 0, 1, 0, 0, queries, keys, 0, queries};
  const auto bound = heed::detail::bind(m, s);
  std::vector<std::string> lines;
  for (int q = 0; q < queries; ++q) {
    lines.emplace_back();
    for (int k = 0; k < keys; ++k) lines.back() += bound(place(q, k)) ? '#' : '.';
  }
  return lines;
}
using lines = std::vector<std::string>;

TEST(mask, pictures) {
  EXPECT_EQ(picture(heed::causal, 3, 4), (lines{"#...", "##..", "###."}));
  EXPECT_EQ(picture(heed::causal(), 3, 4), (lines{"#...", "##..", "###."})) << "the same";
  EXPECT_EQ(picture(!heed::causal() && heed::causal(), 2, 2), (lines{"..", ".."}));
  EXPECT_EQ(picture(!heed::causal() || heed::causal(), 2, 2), (lines{"##", "##"}));
  EXPECT_EQ(picture(heed::causal_from(2), 2, 3), (lines{"#..", "##."})) << "at::query says where";
  EXPECT_EQ(picture(heed::window{.left = 1}, 4, 4), (lines{"####", "####", ".###", "..##"}));
  EXPECT_EQ(picture(heed::window{.left = 1, .right = 0}, 4, 4),
            (lines{"#...", "##..", ".##.", "..##"}));
  EXPECT_EQ(picture(heed::window{.right = 1}, 3, 4), (lines{"##..", "###.", "####"}));
  EXPECT_EQ(picture(heed::window{.left = 0, .right = 0}, 3, 3), (lines{"#..", ".#.", "..#"}));
  EXPECT_EQ(picture(heed::prefix(2), 2, 4), (lines{"##..", "##.."}));
  EXPECT_EQ(picture(heed::key_length(3), 2, 4), (lines{"###.", "###."}));
  EXPECT_EQ(picture(!heed::causal, 3, 3), (lines{".##", "..#", "..."}));
  EXPECT_EQ(picture(heed::causal && heed::window{.left = 1}, 3, 3), (lines{"#..", "##.", ".##"}));
  EXPECT_EQ(picture(heed::causal || heed::prefix(2), 3, 4), (lines{"##..", "##..", "###."}));
  EXPECT_EQ(picture(heed::where([](heed::at i) { return (i.query + i.key) % 2 == 0; }), 2, 3),
            (lines{"#.#", ".#."}));
  const std::vector<int> ids{1, 1, 2};
  EXPECT_EQ(picture(heed::documents(ids), 4, 3), (lines{"##.", "##.", "..#", "..."}));
  Eigen::Matrix<bool, 2, 3> seen;
  seen << true, false, true, false, true, false;
  EXPECT_EQ(picture(heed::keep(seen), 2, 3), (lines{"#.#", ".#."}));
}

// keys() must hold every key that is seen, and cover() must be true of every pair, for all small
// runs of queries (negative positions too) and keys.
template <class Mask>
void keeps_its_promises(const Mask& m) {
  constexpr int most = 9;
  const heed::scope s{0, 0, 1, 0, 0, most, most, 0, most};
  const auto bound = heed::detail::bind(m, s);
  for (int q0 = -4; q0 < most; ++q0)
    for (int q1 = q0 + 1; q1 <= most; ++q1)
      for (int k0 = 0; k0 < most; ++k0)
        for (int k1 = k0 + 1; k1 <= most; ++k1) {
          const interval may = heed::detail::keys_of(bound, {q0, q1});
          const coverage told = heed::detail::cover_of(bound, {q0, q1}, {k0, k1});
          for (int q = q0; q < q1; ++q)
            for (int k = k0; k < k1; ++k) {
              const bool seen = bound(place(q, k));
              ASSERT_TRUE(!seen || (k >= may.first && k < may.last)) << q << " " << k;
              ASSERT_FALSE(seen && told == coverage::none) << q << " " << k;
              ASSERT_FALSE(!seen && told == coverage::all) << q << " " << k;
            }
        }
}

TEST(mask, promises_about_tiles) {
  const std::vector<int> ids{0, 0, 1, 1, 1, 0, 2, 2, 2};
  const auto all_of = [&](const auto& use) {
    use(heed::causal);
    use(heed::window{.left = 2});
    use(heed::window{.right = 1});
    use(heed::window{.left = 1, .right = 2});
    use(heed::prefix(4));
    use(heed::prefix(0));
    use(heed::documents(ids));
    use(heed::where([](heed::at i) { return i.key % 3 != i.query % 2; }));
  };
  all_of([&](const auto& a) {
    keeps_its_promises(a);
    keeps_its_promises(!a);
    all_of([&](const auto& b) {
      keeps_its_promises(a && b);
      keeps_its_promises(a || b);
      keeps_its_promises(!(a && b) || (b && !a));
    });
  });
}

TEST(mask, tiles_are_skipped_where_a_mask_says_so) {
  EXPECT_EQ(heed::causal.cover({0, 8}, {8, 16}), coverage::none);
  EXPECT_EQ(heed::causal.cover({8, 16}, {0, 8}), coverage::all);
  EXPECT_EQ(heed::causal.cover({8, 16}, {8, 16}), coverage::some);
  EXPECT_EQ((heed::causal && heed::window{.left = 4}).cover({20, 24}, {0, 8}), coverage::none);
  EXPECT_EQ((!heed::prefix(8)).cover({0, 4}, {8, 16}), coverage::all);
  const std::vector<int> ids{1, 1, 2, 2};
  EXPECT_EQ(heed::detail::bound_documents<int>(ids).cover({0, 2}, {2, 4}), coverage::none);
  EXPECT_EQ(heed::detail::bound_documents<int>(ids).cover({2, 4}, {2, 4}), coverage::all);
}

// The function must be asked about real queries and keys only.
TEST(mask, functions_are_asked_about_real_places_only) {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Random(70, 4), k = Eigen::MatrixXf::Random(67, 4);
  std::vector<int> asked(70 * 67, 0);
  int outside = 0;
  (void)heed::attention(
      q, k, k, heed::where([&](heed::at i) {
        if (i.row < 0 || i.row >= 70 || i.key < 0 || i.key >= 67 || i.query != i.row - 3)
          ++outside;
        else
          asked[std::size_t(i.row * 67 + i.key)] = 1;
        return true;
      }));
  EXPECT_EQ(outside, 0);
  EXPECT_EQ(std::count(asked.begin(), asked.end(), 1), 70 * 67);
}

}  // namespace
