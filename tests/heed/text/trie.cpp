// SPDX-License-Identifier: MIT
#include <heed/text/trie.hpp>

#include <gtest/gtest.h>

namespace {

namespace text = heed::detail::text;

TEST(Trie, FindsEveryStringThatATextBeginsWith) {
  text::trie words;
  EXPECT_TRUE(words.empty());
  words.insert("in", 0);
  words.insert("into", 1);
  words.insert("tolerable", 2);
  std::vector<std::pair<std::size_t, unsigned>> found;
  words.for_each_prefix("intolerable", 0, [&](std::size_t length, unsigned value) {
    found.emplace_back(length, value);
  });
  EXPECT_EQ(found, (std::vector<std::pair<std::size_t, unsigned>>{{2, 0}, {4, 1}}));
  EXPECT_EQ(words.longest("intolerable").value, 1u);
  EXPECT_EQ(words.longest("intolerable", 2).length, 9u);
  EXPECT_EQ(words.longest("nothing").length, 0u);
  EXPECT_EQ(words.longest("in", 2).length, 0u);
  EXPECT_TRUE(words.begins('t'));
  EXPECT_FALSE(words.begins('x'));
}

TEST(Trie, TheLastValueOfAStringCounts) {
  text::trie words;
  words.insert("a", 1);
  words.insert("a", 2);
  EXPECT_EQ(words.longest("a").value, 2u);
}

TEST(NumberMap, KeepsWhatCameFirstAndGrows) {
  text::number_map<int> map;
  for (int i = 0; i < 1000; ++i) map.insert(static_cast<std::uint64_t>(i) << 40, i);
  map.insert(0, 7);
  EXPECT_EQ(map.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(*map.find(static_cast<std::uint64_t>(i) << 40), i);
  EXPECT_EQ(map.find(1), nullptr);
}

}  // namespace
