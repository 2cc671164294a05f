// SPDX-License-Identifier: MIT
// Tokenizers of bytes, written and read again.
#include "support/bytes.hpp"
#include "support/refusal.hpp"

#include <heed/text/save_byte_tokenizer.hpp>
#include <heed/text/tokenizer.hpp>

#include <gtest/gtest.h>

namespace {

using heed::index;

heed::tokenizer written(const support::temporary_folder& folder, const heed::byte_merges& merges) {
  heed::save_byte_tokenizer(folder / "", merges);
  return heed::load_tokenizer((folder / "").string());
}

// The id of every byte is the byte, whatever the text.
TEST(save_byte_tokenizer, of_bytes_alone) {
  const support::temporary_folder folder;
  const heed::tokenizer text = written(folder, {});
  EXPECT_EQ(text.vocabulary_size(), 256);
  const std::string nasty = "a  b\n\t\r\n don't \xC3\xA4\xF0\x9F\x98\x80\x7F";
  std::vector<index> bytes;
  for (const char c : nasty) bytes.push_back(static_cast<unsigned char>(c));
  EXPECT_EQ(text.encode(nasty), bytes);
  EXPECT_EQ(text.decode(bytes), nasty);
}

// "ab" is 256 and "abc" 257, of which the second is made of the first.
TEST(save_byte_tokenizer, with_merges) {
  const support::temporary_folder folder;
  const heed::tokenizer text = written(folder, {{'a', 'b'}, {256, 'c'}, {' ', 256}});
  EXPECT_EQ(text.encode("abc ab"), (std::vector<index>{257, 258}));
  EXPECT_EQ(text.decode({257, 258}), "abc ab");
  EXPECT_EQ(text.vocabulary_size(), 259);
}

TEST(save_byte_tokenizer, refuses_merges_of_what_is_not_known) {
  const support::temporary_folder folder;
  EXPECT_EQ(support::refusal([&] {
              written(folder, {{'a', 256}});
            }),
            "heed::save_byte_tokenizer: a merge is of tokens 97 and 256, but only 256 are known "
            "before it");
}

}  // namespace
