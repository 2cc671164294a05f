// SPDX-License-Identifier: MIT
// Files written byte by byte, and one that PyPI's gguf wrote.
#include <heed/io/gguf.hpp>
#include <heed/io/safetensors.hpp>

#include "support/bytes.hpp"
#include "support/data.hpp"
#include "support/refusal.hpp"

#include <gtest/gtest.h>

namespace heed {
namespace {

using support::bytes;

enum : std::uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, text, list, u64, i64, f64 };

bytes begun(std::uint64_t tensors, std::uint64_t pairs, std::uint32_t version = 3) {
  bytes file("GGUF");
  file.add(version).add(tensors).add(pairs);
  return file;
}
bytes& add_tensor(bytes& file, std::string_view name, const std::vector<std::uint64_t>& sizes,
                  std::uint32_t type, std::uint64_t offset) {
  file.text(name).add(static_cast<std::uint32_t>(sizes.size()));
  for (const std::uint64_t size : sizes) file.add(size);
  return file.add(type).add(offset);
}
detail::tensors_and_metadata parsed(const bytes& file) {
  return detail::parse_gguf(file.view(), "f");
}
std::string refusal(const bytes& file) {
  return support::refusal<file_error>([&] { parsed(file); });
}

TEST(Gguf, ReadsMetadataOfEveryKind) {
  bytes file = begun(0, 14);
  file.text("a.u8").add(u8).add(std::uint8_t(200));
  file.text("b.i8").add(i8).add(std::int8_t(-7));
  file.text("c.u16").add(u16).add(std::uint16_t(60000));
  file.text("d.i16").add(i16).add(std::int16_t(-300));
  file.text("e.u32").add(u32).add(4000000000u);
  file.text("f.i32").add(i32).add(-5);
  file.text("g.f32").add(f32).add(0.5f);
  file.text("h.bool").add(boolean).add(std::uint8_t(1));
  file.text("i.text").add(text).text("ü\n");
  file.text("j.list").add(list).add(text).add(std::uint64_t(2)).text("").text("b");
  file.text("k.u64").add(u64).add(~std::uint64_t(0));
  file.text("l.i64").add(i64).add(std::int64_t(-1) << 40);
  file.text("m.f64").add(f64).add(0.1);
  file.text("n.nested").add(list).add(list).add(std::uint64_t(2));
  file.add(i32).add(std::uint64_t(1)).add(3).add(boolean).add(std::uint64_t(0));
  const config c = parsed(file).metadata;
  EXPECT_EQ(c.integer("a.u8"), 200);
  EXPECT_EQ(c.integer("b.i8"), -7);
  EXPECT_EQ(c.integer("c.u16"), 60000);
  EXPECT_EQ(c.integer("d.i16"), -300);
  EXPECT_EQ(c.integer("e.u32"), 4000000000);
  EXPECT_EQ(c.integer("f.i32"), -5);
  EXPECT_EQ(c.number("g.f32"), 0.5);
  EXPECT_TRUE(c.flag("h.bool"));
  EXPECT_EQ(c.text("i.text"), "ü\n");
  EXPECT_EQ(c.texts("j.list"), (std::vector<std::string>{"", "b"}));
  EXPECT_EQ(std::get<std::uint64_t>(c.value("k.u64").is), ~std::uint64_t(0));
  EXPECT_EQ(c.integer("l.i64"), -(std::int64_t(1) << 40));
  EXPECT_EQ(c.number("m.f64"), 0.1);
  const auto& nested = std::get<config_value::list>(c.value("n.nested").is);
  ASSERT_EQ(nested.size(), 2u);
  EXPECT_EQ(std::get<std::int64_t>(std::get<config_value::list>(nested[0].is).at(0).is), 3);
  EXPECT_TRUE(std::get<config_value::list>(nested[1].is).empty());
}

// Two tensors, the second after a gap that the alignment leaves. GGUF names the fastest axis first.
bytes two_tensors(std::uint32_t alignment, std::uint32_t version = 3) {
  bytes file = begun(2, 1, version);
  file.text("general.alignment").add(u32).add(alignment);
  add_tensor(file, "x", {3, 2}, 0, 0);
  add_tensor(file, "y", {32}, 8, detail::aligned_up(24, alignment));
  file.pad_to(alignment);
  for (int i = 0; i < 6; ++i) file.add(float(i));
  file.pad_to(alignment).add(std::uint16_t(0x3C00));
  for (int i = 0; i < 32; ++i) file.add(static_cast<std::int8_t>(-i));
  return file;
}

TEST(Gguf, ReadsTensors) {
  for (const std::uint32_t alignment : {1u, 32u, 64u})
    for (const std::uint32_t version : {2u, 3u}) {
      const bytes file = two_tensors(alignment, version);
      const auto found = parsed(file);
      ASSERT_EQ(found.tensors.size(), 2u);
      const tensor_view& x = found.tensors[0];
      EXPECT_EQ(x.shape, (std::vector<index>{2, 3}));
      std::vector<float> values(6);
      detail::to_float(x, values.data());
      EXPECT_EQ(values, (std::vector<float>{0, 1, 2, 3, 4, 5}));
      EXPECT_EQ(found.tensors[1].type, dtype::q8_0);
      values.resize(32);
      detail::to_float(found.tensors[1], values.data());
      EXPECT_EQ(values[31], -31);
    }
}

TEST(Gguf, EveryPrefixIsRefused) {
  const bytes whole = two_tensors(32);
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(support::refusal<file_error>([&] {
                detail::parse_gguf(whole.first(size), "f");
              }).find("f: "),
              0u)
        << size;
}

TEST(Gguf, RefusesOtherFilesAndVersions) {
  EXPECT_EQ(refusal(bytes("GGML....")),
            "f: this is no GGUF file: its first four bytes are not \"GGUF\"");
  EXPECT_EQ(refusal(begun(0, 0)), "accepted");
  EXPECT_EQ(refusal(begun(0, 0, 1)), "f: this GGUF file has version 1; 2 and 3 are read");
  EXPECT_EQ(refusal(begun(0, 0, 4)), "f: this GGUF file has version 4; 2 and 3 are read");
  EXPECT_EQ(refusal(begun(0, 0, 0x03000000)), "f: this GGUF file is big-endian; it is not read");
}

TEST(Gguf, RefusesCountsThatTheFileCannotHold) {
  EXPECT_EQ(refusal(begun(std::uint64_t(1) << 60, 0)),
            "f: the number of tensors is 1152921504606846976, but only 8 bytes are left");
  EXPECT_EQ(refusal(begun(0, 2).zeros(20)),
            "f: the number of key-value pairs is 2, but only 20 bytes are left");
  constexpr std::size_t tensors = (std::size_t(1) << 20) + 1;
  EXPECT_EQ(refusal(begun(tensors, 0).zeros(24 * tensors)),
            "f: the number of tensors is 1048577; at most 1048576 are read");
  bytes file = begun(0, 1);
  file.text("k").add(list).add(u8).add(~std::uint64_t(0));
  EXPECT_EQ(refusal(file),
            "f: the length of a list is 18446744073709551615, but only 0 bytes are left");
  bytes long_text = begun(0, 1);
  long_text.text("k").add(text).add(std::uint64_t(100)).zeros(99);
  EXPECT_EQ(refusal(long_text),
            "f: ends within a text: 100 bytes at byte 45 were expected, 99 are left");
}

TEST(Gguf, RefusesMetadata) {
  EXPECT_EQ(refusal(begun(0, 1).text("k").add(13u).zeros(8)),
            "f: the value of \"k\" is of kind 13; there are 0 to 12");
  bytes twice = begun(0, 2);
  twice.text("k").add(u8).add(std::uint8_t(1)).text("k").add(u8).add(std::uint8_t(1));
  EXPECT_EQ(refusal(twice), "f: the key \"k\" is there twice");
  bytes deep = begun(0, 1);
  deep.text("k").add(list);
  for (int i = 0; i < 40; ++i) deep.add(list).add(std::uint64_t(1));
  EXPECT_EQ(refusal(deep.zeros(100)), "f: the lists of \"k\" are nested more than 32 deep");
  bytes many = begun(0, 1);
  many.text("k")
      .add(list)
      .add(u8)
      .add<std::uint64_t>(detail::most_values)
      .zeros(std::size_t(detail::most_values));
  EXPECT_EQ(refusal(many), "f: more than 4194304 values of metadata");
  for (const std::uint32_t alignment : {0u, 3u, 48u, 0x80000000u})
    EXPECT_EQ(refusal(begun(0, 1).text("general.alignment").add(u32).add(alignment)),
              "f: general.alignment: expected a power of two up to 2^30, found " +
                  std::to_string(alignment));
}

TEST(Gguf, RefusesOnePartOfAModel) {
  const auto parts = [](std::uint16_t count) {
    return refusal(begun(0, 1).text("split.count").add(u16).add(count));
  };
  EXPECT_EQ(parts(1), "accepted");
  EXPECT_EQ(parts(3), "f: this is one of 3 files of a model that was split; join them first");
}

TEST(Gguf, RefusesTensors) {
  const auto one = [](const std::vector<std::uint64_t>& sizes, std::uint32_t type,
                      std::uint64_t offset, std::size_t data) {
    bytes file = begun(1, 0);
    add_tensor(file, "x", sizes, type, offset);
    return refusal(file.pad_to(32).zeros(data));
  };
  EXPECT_EQ(one({4}, 0, 0, 16), "accepted");
  EXPECT_EQ(one({4}, 0, 0, 1000), "accepted");
  EXPECT_EQ(one({4}, 20, 0, 16).find("f: tensor \"x\" has GGUF's type 20; F64, "), 0u);
  EXPECT_EQ(one({4}, 0, 0, 15),
            "f: tensor \"x\" takes 16 bytes from byte 0 of the data on, which has 15");
  EXPECT_EQ(one({4}, 0, 64, 16),
            "f: tensor \"x\" takes 16 bytes from byte 64 of the data on, which has 16");
  EXPECT_EQ(one({4}, 0, ~std::uint64_t(31), 16)
                .find("f: tensor \"x\" takes 16 bytes from byte 18446744073709551584"),
            0u);
  EXPECT_EQ(one({4}, 0, 8, 64),
            "f: tensor \"x\" begins at byte 8 of the data, which is no multiple of 32");
  EXPECT_EQ(one({4}, 0, 32, 64).find("f: 32 bytes before tensor \"x\" belong to no tensor"), 0u);
  EXPECT_EQ(one({33}, 8, 0, 64), "f: tensor \"x\" is 33, but rows of Q8_0 are multiples of 32");
  EXPECT_EQ(one({~std::uint64_t(0)}, 0, 0, 64),
            "f: tensor \"x\": axis 0 has the size 18446744073709551615");
  EXPECT_EQ(one({std::uint64_t(1) << 40, std::uint64_t(1) << 40}, 0, 0, 64),
            "f: tensor \"x\": no tensor has the shape 1099511627776x1099511627776");
  EXPECT_EQ(one(std::vector<std::uint64_t>(17, 1), 0, 0, 64),
            "f: tensor \"x\" has 17 axes; at most 16 are read");

  bytes overlapping = begun(2, 0);
  add_tensor(overlapping, "x", {16}, 0, 0);
  add_tensor(overlapping, "y", {16}, 0, 32);
  EXPECT_EQ(refusal(overlapping.pad_to(32).zeros(128)).find("f: tensors \"x\" and \"y\" overlap"),
            0u);
}

TEST(Gguf, RefusesATensorTwice) {
  const support::temporary_folder folder;
  bytes file = begun(2, 0);
  add_tensor(file, "x", {8}, 0, 0);
  add_tensor(file, "x", {8}, 0, 32);
  folder.write("a.gguf", file.pad_to(32).zeros(64).view());
  EXPECT_EQ(support::refusal<file_error>([&] { read_gguf(folder / "a.gguf"); }),
            (folder / "a.gguf").string() + ": there are two tensors \"x\"");
}

TEST(Gguf, EveryTypeHasTheValuesOfPyPIsGguf) {
  const auto folder = support::data_folder("gguf");
  if (!folder) GTEST_SKIP() << support::data_is_missing("gguf");
  const tensor_file file = read_gguf(*folder / "types.gguf");
  const tensor_file golden = read_safetensors(*folder / "golden.safetensors");
  ASSERT_EQ(file.tensors().size(), 13u);
  ASSERT_EQ(golden.tensors().size(), 13u);
  for (const tensor_view& t : file.tensors()) {
    const tensor_view& g = golden[t.name];
    EXPECT_EQ(t.shape, g.shape) << t.name;
    std::vector<float> values(static_cast<std::size_t>(t.size()), -1), expected(values.size());
    detail::to_float(t, values.data());
    detail::to_float(g, expected.data());
    EXPECT_EQ(std::memcmp(values.data(), expected.data(), values.size() * sizeof(float)), 0)
        << t.name;
  }
  const config& c = file.metadata();
  EXPECT_EQ(c.text("general.architecture"), "llama");
  EXPECT_EQ(std::get<std::uint64_t>(c.value("k.u64").is), 9223372036854775813u);
  EXPECT_EQ(c.integer("k.i64"), -1099511627776);
  EXPECT_EQ(c.number("k.f32"), double(0.1f));
  EXPECT_EQ(c.texts("k.strings"), (std::vector<std::string>{"a", "", "ß", "🙂"}));
  EXPECT_EQ(c.numbers("k.floats"), (std::vector<double>{0.5, -1.25}));
}

}  // namespace
}  // namespace heed
