// SPDX-License-Identifier: MIT
#include <heed/io/new_file.hpp>

#include "support/bytes.hpp"
#include "support/data.hpp"
#include "support/refusal.hpp"

#include <gtest/gtest.h>

namespace heed::detail {
namespace {

std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}
std::string content(const std::filesystem::path& path) {
  const std::vector<char> read = support::read_file<char>(path);
  return {read.begin(), read.end()};
}

TEST(NewFile, AppearsWhenItIsWhole) {
  const support::temporary_folder folder;
  new_file file(folder / "a");
  file.write(as_bytes("some "));
  file.write(as_bytes("bytes"));
  EXPECT_FALSE(std::filesystem::exists(folder / "a"));
  file.commit();
  EXPECT_EQ(content(folder / "a"), "some bytes");
  EXPECT_EQ(folder.files(), 1u);
}

TEST(NewFile, LeavesTheOldOneUntilThen) {
  const support::temporary_folder folder;
  folder.write("a", "old");
  {
    new_file file(folder / "a");
    file.write(as_bytes("new"));
    EXPECT_EQ(content(folder / "a"), "old");
  }
  EXPECT_EQ(content(folder / "a"), "old");
  EXPECT_EQ(folder.files(), 1u);
}

TEST(NewFile, FollowsALink) {
  const support::temporary_folder folder;
  folder.write("a", "old");
  std::error_code error;
  std::filesystem::create_symlink(folder / "a", folder / "link", error);
  if (error) GTEST_SKIP() << "no links here";
  new_file file(folder / "link");
  file.write(as_bytes("new"));
  file.commit();
  EXPECT_EQ(content(folder / "a"), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
}

TEST(NewFile, RefusesInWords) {
  const support::temporary_folder folder;
  const auto sentence = [](const std::filesystem::path& path) {
    return support::refusal<file_error>([&] { new_file file(path); });
  };
  EXPECT_EQ(sentence(folder / "none" / "a"),
            (folder / "none" / "a").string() + ": cannot be written: No such file or directory");
  EXPECT_EQ(sentence(folder.path()),
            folder.path().string() + ": cannot be written: it is no plain file");
  EXPECT_EQ(folder.files(), 0u);
}

}  // namespace
}  // namespace heed::detail
