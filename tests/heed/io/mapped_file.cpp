// SPDX-License-Identifier: MIT
#include <heed/io/mapped_file.hpp>

#include "support/bytes.hpp"
#include "support/refusal.hpp"

#include <gtest/gtest.h>

#if defined(__unix__)
#include <sys/stat.h>
#endif

namespace heed {
namespace {

std::string text_of(const mapped_file& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}
std::string refusal(const std::filesystem::path& path) {
  return support::refusal<file_error>([&] { mapped_file file(path); });
}

TEST(MappedFile, HasTheBytes) {
  const support::temporary_folder folder;
  EXPECT_EQ(text_of(mapped_file(folder.write("a", "some bytes"))), "some bytes");
  EXPECT_EQ(text_of(mapped_file(folder.write("ä 東", "2"))), "2");
}

// Pages that were released are read again, and those that bytes only begin or end in stay.
TEST(MappedFile, HasTheBytesAfterItsPagesWereReleased) {
  const support::temporary_folder folder;
  const std::string text(50000, 'x');
  const mapped_file file(folder.write("a", text));
  detail::release_pages(file.bytes());
  EXPECT_EQ(text_of(file), text);
  detail::release_pages(file.bytes().subspan(1, 3));
  detail::release_pages({});
  EXPECT_EQ(text_of(file), text);
}

TEST(MappedFile, MayBeEmpty) {
  const support::temporary_folder folder;
  EXPECT_TRUE(mapped_file(folder.write("empty", "")).bytes().empty());
  EXPECT_TRUE(mapped_file().bytes().empty());
}

TEST(MappedFile, Moves) {
  const support::temporary_folder folder;
  mapped_file a(folder.write("a", "one")), b(folder.write("b", "three"));
  const std::byte* address = a.bytes().data();
  mapped_file c = std::move(a);
  EXPECT_EQ(c.bytes().data(), address);
  EXPECT_TRUE(a.bytes().empty());
  b = std::move(c);
  EXPECT_EQ(text_of(b), "one");
}

TEST(MappedFile, KeepsWhatItMappedWhenTheFileIsReplaced) {
  const support::temporary_folder folder;
  const mapped_file file(folder.write("a", "old"));
  std::filesystem::rename(folder.write("b", "newer"), folder / "a");
  EXPECT_EQ(text_of(file), "old");
  EXPECT_EQ(text_of(mapped_file(folder / "a")), "newer");
}

TEST(MappedFile, RefusesInWords) {
  const support::temporary_folder folder;
  EXPECT_EQ(refusal(folder / "none"),
            (folder / "none").string() + ": cannot be opened: No such file or directory");
  EXPECT_EQ(refusal(folder.path()), folder.path().string() + ": is no plain file but a folder");
}

#if defined(__unix__)
TEST(MappedFile, DoesNotWaitForAPipe) {
  const support::temporary_folder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(refusal(folder / "pipe"), (folder / "pipe").string() + ": is no plain file");
}
#endif

}  // namespace
}  // namespace heed
