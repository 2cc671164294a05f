// SPDX-License-Identifier: MIT
#include <heed/io/file_error.hpp>

#include "support/refusal.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace heed::detail {
namespace {

std::string said(std::string_view text) {
  std::string sentence;
  append(sentence, quoted{text});
  return sentence;
}

TEST(FileError, QuotesWhatAFileHolds) {
  EXPECT_EQ(said("wte.weight"), "\"wte.weight\"");
  EXPECT_EQ(said(""), "\"\"");
  EXPECT_EQ(said("a\x1b[31m\n\x7f"), "\"a?[31m??\"");
  EXPECT_EQ(said("ü"), "\"ü\"");
  EXPECT_EQ(said(std::string(80, 'x')).size(), 82u);
  EXPECT_EQ(said(std::string(81, 'x')), '"' + std::string(80, 'x') + "...\"");
}

TEST(FileError, SaysShapes) {
  const auto shape = [](const std::vector<int>& sizes) {
    std::string sentence;
    append(sentence, shape_text{sizes});
    return sentence;
  };
  EXPECT_EQ(shape({2, 3, 4}), "2x3x4");
  EXPECT_EQ(shape({7}), "7");
  EXPECT_EQ(shape({}), "a single value");
}

TEST(FileError, IsThrownUnlessItHolds) {
  EXPECT_EQ(support::refusal<file_error>([] { require_file(true, "never"); }), "accepted");
  EXPECT_EQ(
      support::refusal<file_error>([] { require_file(false, "f: ", 3, " of ", quoted{"x"}); }),
      "f: 3 of \"x\"");
  EXPECT_EQ(support::refusal<std::runtime_error>([] { refuse_file("f: no"); }), "f: no");
}

}  // namespace
}  // namespace heed::detail
