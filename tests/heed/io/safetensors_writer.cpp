// SPDX-License-Identifier: MIT
#include <heed/io/safetensors.hpp>
#include <heed/io/safetensors_writer.hpp>

#include "support/bytes.hpp"
#include "support/data.hpp"
#include "support/refusal.hpp"

#include <gtest/gtest.h>

namespace heed {
namespace {

TEST(SafetensorsWriter, WritesWhatTheFormatSays) {
  const support::temporary_folder folder;
  const std::vector<std::uint8_t> small = {1, 2, 3};
  matrix<float> large(1, 2);
  large << 1, -2;
  const std::vector<tensor_view> tensors = {{"a", dtype::u8, {3}, std::as_bytes(std::span(small))},
                                            tensor_view_of("b\"\n", large)};
  write_safetensors(folder / "x", tensors, {{"format", "pt"}});

  support::bytes expected;
  std::string header = R"({"__metadata__":{"format":"pt"},)"
                       R"("b\"\n":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},)"
                       R"("a":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}})";
  while (header.size() % 8 != 0) header += ' ';
  expected.text(header).add(1.0f).add(-2.0f).raw("\1\2\3");
  const auto written = support::read_file(folder / "x");
  EXPECT_TRUE(std::ranges::equal(written, expected.view()));
  EXPECT_EQ(folder.files(), 1u);
}

TEST(SafetensorsWriter, IsReadBack) {
  const support::temporary_folder folder;
  std::vector<std::byte> data(64);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::byte>(7 * i + 1);
  std::vector<tensor_view> tensors;
  for (index i = 0; i <= index(dtype::boolean); ++i) {
    const auto type = static_cast<dtype>(i);
    tensors.push_back({std::string("t.") + name_of(type),
                       type,
                       {2, 1, 3},
                       std::span(data).first(static_cast<std::size_t>(bytes_of(type, 6)))});
  }
  tensors.push_back({"empty", dtype::f32, {0, 5}, {}});
  tensors.push_back({"ü", dtype::i64, {}, std::span(data).first(8)});
  write_safetensors(folder / "x", tensors);
  const tensor_file file = read_safetensors(folder / "x");
  ASSERT_EQ(file.tensors().size(), tensors.size());
  for (const tensor_view& t : tensors) {
    const tensor_view& back = file[t.name];
    EXPECT_EQ(back.type, t.type);
    EXPECT_EQ(back.shape, t.shape) << t.name;
    EXPECT_TRUE(std::ranges::equal(back.bytes, t.bytes)) << t.name;
    const auto place = reinterpret_cast<std::uintptr_t>(back.bytes.data());
    EXPECT_TRUE(t.size() == 0 ||
                place % static_cast<std::uintptr_t>(facts_of(t.type).block_bytes) == 0)
        << t.name;
  }
}

TEST(SafetensorsWriter, MayWriteNothing) {
  const support::temporary_folder folder;
  write_safetensors(folder / "x", {});
  EXPECT_TRUE(read_safetensors(folder / "x").tensors().empty());
  write_safetensors(folder / "y", {}, {{"a", ""}});
  EXPECT_EQ(read_safetensors(folder / "y").metadata().text("a"), "");
}

TEST(SafetensorsWriter, ReplacesAFileThatItReads) {
  const support::temporary_folder folder;
  const Eigen::VectorXf one = Eigen::VectorXf::Constant(1000, 1), two = one * 2;
  write_safetensors(folder / "x", std::vector{tensor_view_of("v", one)});
  const tensor_file old = read_safetensors(folder / "x");
  write_safetensors(folder / "x", std::vector{tensor_view_of("w", two), old["v"]});
  const tensor_file file = read_safetensors(folder / "x");
  std::vector<float> v(1000), w(1000);
  detail::to_float(file["v"], v.data());
  detail::to_float(file["w"], w.data());
  EXPECT_EQ(v, std::vector<float>(1000, 1));
  EXPECT_EQ(w, std::vector<float>(1000, 2));
}

TEST(SafetensorsWriter, RefusesInWordsAndWritesNothing) {
  const support::temporary_folder folder;
  const std::string x = (folder / "x").string();
  const std::vector<std::byte> data(64);
  const auto refusal = [&](const std::vector<tensor_view>& tensors,
                           const std::map<std::string, std::string>& metadata = {}) {
    return support::refusal<file_error>(
        [&] { write_safetensors(folder / "x", tensors, metadata); });
  };
  const auto floats = [&](const std::string& name) {
    return tensor_view{name, dtype::f32, {2}, std::span(data).first(8)};
  };
  EXPECT_EQ(refusal({floats("a"), floats("a")}), x + ": the name \"a\" is twice in an object");
  EXPECT_EQ(refusal({floats("__metadata__")}), x + ": no tensor can be called __metadata__");
  EXPECT_EQ(refusal({floats("\xFF")}), x + ": \"\xFF\" is no UTF-8");
  EXPECT_EQ(refusal({floats("a")}, {{"k", "\xC3"}}), x + ": \"\xC3\" is no UTF-8");
  EXPECT_EQ(refusal({{"a", dtype::f32, {3}, std::span(data).first(8)}}),
            x + ": tensor \"a\" is 3 of F32, which takes 12 bytes, but has 8");
  EXPECT_EQ(refusal({{"a", dtype::q8_0, {32}, std::span(data).first(34)}}),
            x + ": tensor \"a\" is of Q8_0, which safetensors files do not have");
  EXPECT_EQ(folder.files(), 0u);
}

}  // namespace
}  // namespace heed
