// SPDX-License-Identifier: MIT
#include <heed/io/tensor_file.hpp>

#include "support/bytes.hpp"
#include "support/refusal.hpp"

#include <gtest/gtest.h>

namespace heed {
namespace {

tensor_view named(const std::string& name) { return {name, dtype::u8, {1}, {}}; }

TEST(TensorFile, FindsByName) {
  const tensor_file file("m", {}, {named("b"), named("a"), named("c")},
                         config("m", {{"format", {std::string("pt")}}}));
  ASSERT_EQ(file.tensors().size(), 3u);
  EXPECT_EQ(file.tensors()[0].name, "a");
  EXPECT_EQ(file.find("b"), &file.tensors()[1]);
  EXPECT_EQ(file.find("bb"), nullptr);
  EXPECT_EQ(file.find("d"), nullptr);
  EXPECT_EQ(file["c"].name, "c");
  EXPECT_TRUE(file.contains("a"));
  EXPECT_EQ(file.metadata().text("format"), "pt");
  EXPECT_EQ(support::refusal<file_error>([&] { (void)file["wte"]; }),
            "m: there is no tensor \"wte\" among its 3");
}

TEST(TensorFile, RefusesANameTwice) {
  EXPECT_EQ(support::refusal<file_error>([&] {
              const tensor_file file("m", {}, {named("b"), named("a"), named("b")}, {});
            }),
            "m: there are two tensors \"b\"");
}

TEST(TensorFile, ViewsStayWhereTheyAreWhenItMoves) {
  const support::temporary_folder folder;
  tensor_file file = detail::read_tensors(
      folder.write("x", "abc"), [](std::span<const std::byte> bytes, const std::string&) {
        return detail::tensors_and_metadata{{{"x", dtype::u8, {3}, bytes}}, {}};
      });
  const std::byte* address = file["x"].bytes.data();
  const tensor_file moved = std::move(file);
  EXPECT_EQ(moved["x"].bytes.data(), address);
  EXPECT_EQ(detail::to_index(moved["x"]), (std::vector<index>{'a', 'b', 'c'}));
  EXPECT_EQ(moved.name(), (folder / "x").string());
}

}  // namespace
}  // namespace heed
