// SPDX-License-Identifier: MIT
// Files written byte by byte, and those that others wrote.
#include <heed/io/safetensors.hpp>

#include "support/bytes.hpp"
#include "support/data.hpp"
#include "support/refusal.hpp"

#include <gtest/gtest.h>

namespace heed {
namespace {

support::bytes file_of(std::string_view header, std::size_t data_size) {
  support::bytes file;
  file.text(header);
  for (std::size_t i = 0; i < data_size; ++i) file.add(static_cast<std::uint8_t>(i));
  return file;
}
detail::tensors_and_metadata parsed(std::string_view header, std::size_t data_size) {
  static support::bytes file;
  file = file_of(header, data_size);
  return detail::parse_safetensors(file.view(), "f");
}
std::string refusal(std::string_view header, std::size_t data_size) {
  return support::refusal<file_error>([&] { parsed(header, data_size); });
}
// One tensor, "x", of 2 floats.
std::string refusal_of(const std::string& dtype, const std::string& shape,
                       const std::string& offsets) {
  return refusal(
      R"({"x":{"dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}",
      8);
}

TEST(Safetensors, ReadsTensorsAndMetadata) {
  const auto found = parsed(
      R"({"__metadata__":{"format":"pt","a":"b"},
          "y":{"dtype":"U8","shape":[2,2],"data_offsets":[8,12]},
          "x":{"data_offsets":[0,8],"shape":[4],"dtype":"I16"}}   )",
      12);
  ASSERT_EQ(found.tensors.size(), 2u);
  const tensor_view& x = found.tensors[0];
  EXPECT_EQ(x.name, "x");
  EXPECT_EQ(x.type, dtype::i16);
  EXPECT_EQ(x.shape, (std::vector<index>{4}));
  EXPECT_EQ(detail::to_index(x), (std::vector<index>{0x0100, 0x0302, 0x0504, 0x0706}));
  EXPECT_EQ(found.tensors[1].shape, (std::vector<index>{2, 2}));
  EXPECT_EQ(detail::to_index(found.tensors[1]), (std::vector<index>{8, 9, 10, 11}));
  EXPECT_EQ(found.metadata.text("a"), "b");
}

TEST(Safetensors, ReadsEveryDtype) {
  const std::vector<std::pair<const char*, dtype>> all = {
      {"F64", dtype::f64},   {"F32", dtype::f32},         {"F16", dtype::f16},
      {"BF16", dtype::bf16}, {"F8_E4M3", dtype::f8_e4m3}, {"F8_E5M2", dtype::f8_e5m2},
      {"I8", dtype::i8},     {"I16", dtype::i16},         {"I32", dtype::i32},
      {"I64", dtype::i64},   {"U8", dtype::u8},           {"U16", dtype::u16},
      {"U32", dtype::u32},   {"U64", dtype::u64},         {"BOOL", dtype::boolean}};
  for (const auto& [name, type] : all) {
    const index size = bytes_of(type, 3);
    const auto found =
        parsed(std::string(R"({"x":{"dtype":")") + name + R"(","shape":[3],"data_offsets":[0,)" +
                   std::to_string(size) + "]}}",
               std::size_t(size));
    EXPECT_EQ(found.tensors.at(0).type, type) << name;
  }
}

TEST(Safetensors, MayHoldNothing) {
  EXPECT_TRUE(parsed("{}", 0).tensors.empty());
  EXPECT_TRUE(parsed(R"({"__metadata__":{}})", 0).tensors.empty());
  const auto found = parsed(R"({"x":{"dtype":"F32","shape":[0,7],"data_offsets":[0,0]},
                                "s":{"dtype":"U8","shape":[],"data_offsets":[0,1]}})",
                            1);
  EXPECT_EQ(found.tensors[1].size(), 0);
  EXPECT_EQ(found.tensors[0].size(), 1);
}

TEST(Safetensors, RefusesTensorsInWords) {
  EXPECT_EQ(refusal_of(R"("F32")", "[2]", "[0,8]"), "accepted");
  EXPECT_EQ(refusal_of(R"("F4")", "[2]", "[0,8]").find("f: tensor \"x\" has the dtype \"F4\"; F64"),
            0u);
  EXPECT_NE(refusal_of(R"("Q4_0")", "[2]", "[0,8]"), "accepted");
  EXPECT_EQ(refusal_of("3", "[2]", "[0,8]"), "f: tensor \"x\": dtype should be a text, but is 3");
  EXPECT_EQ(refusal_of(R"("F32")", "[3]", "[0,8]"),
            "f: tensor \"x\" is 3 of F32, which takes 12 bytes, but has 8");
  EXPECT_EQ(refusal_of(R"("F32")", "[1]", "[0,8]"),
            "f: tensor \"x\" is 1 of F32, which takes 4 bytes, but has 8");
  EXPECT_EQ(refusal_of(R"("F32")", "[2,-1]", "[0,8]"),
            "f: tensor \"x\": shape should hold sizes, but holds -1");
  EXPECT_EQ(refusal_of(R"("F32")", "[1.5]", "[0,8]"),
            "f: tensor \"x\": shape should hold sizes, but holds 1.5");
  EXPECT_EQ(refusal_of(R"("F32")", "2", "[0,8]"),
            "f: tensor \"x\": shape should be a list, but is 2");
  EXPECT_EQ(refusal_of(R"("F32")", "[4294967296,4294967296]", "[0,8]"),
            "f: tensor \"x\": no tensor has the shape 4294967296x4294967296");
  EXPECT_EQ(refusal_of(R"("F32")", "[18446744073709551615]", "[0,8]"),
            "f: tensor \"x\": shape should hold sizes, but holds 18446744073709551615");
  EXPECT_EQ(refusal_of(R"("F32")", "[2]", "[4,12]"),
            "f: tensor \"x\" lies at bytes 4 to 12 of the data, which has 8");
  EXPECT_EQ(refusal_of(R"("F32")", "[2]", "[8,0]"),
            "f: tensor \"x\" lies at bytes 8 to 0 of the data, which has 8");
  EXPECT_EQ(refusal_of(R"("F32")", "[2]", "[0]"),
            "f: tensor \"x\": data_offsets should be 2 numbers, but are 1");
  EXPECT_EQ(refusal(R"({"x":{"dtype":"F32","shape":[2]}})", 8),
            "f: tensor \"x\" has no data_offsets");
  EXPECT_EQ(refusal(R"({"x":[]})", 0), "f: tensor \"x\" should be an object, but is a list of 0");
}

TEST(Safetensors, RefusesOverlapsHolesAndWhatIsLeft) {
  const auto two = [](const char* a, const char* b, std::size_t size) {
    return refusal(std::string(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":)") + a +
                       R"(},"b":{"dtype":"U8","shape":[4],"data_offsets":)" + b + "}}",
                   size);
  };
  EXPECT_EQ(two("[4,8]", "[0,4]", 8), "accepted");
  EXPECT_EQ(two("[0,4]", "[2,6]", 6).find("f: tensors \"a\" and \"b\" overlap"), 0u);
  EXPECT_EQ(two("[0,4]", "[5,9]", 9).find("f: 1 bytes before tensor \"b\" belong to no tensor"),
            0u);
  EXPECT_EQ(two("[0,4]", "[4,8]", 9), "f: the last tensor ends at byte 8 of the data, which has 9");
  EXPECT_EQ(refusal("{}", 1), "f: the last tensor ends at byte 0 of the data, which has 1");
}

TEST(Safetensors, RefusesHeaders) {
  EXPECT_EQ(refusal(" {}", 0), "f: the header does not begin with '{'");
  EXPECT_EQ(refusal("", 0), "f: the header does not begin with '{'");
  EXPECT_EQ(refusal(R"({"a":{},"a":{}})", 0), "f: the name \"a\" is twice in an object");
  EXPECT_EQ(refusal(R"({"__metadata__":[]})", 0),
            "f: __metadata__ should be an object, but is a list of 0");
  EXPECT_EQ(refusal(R"({"__metadata__":{"n":1}})", 0),
            "f: __metadata__: \"n\" should be a text, but is 1");
  EXPECT_EQ(refusal("{} {}", 0).find("f: no JSON at byte "), 0u);

  support::bytes large;
  large.add(std::uint64_t(100'000'001)).zeros(16);
  EXPECT_EQ(support::refusal<file_error>([&] { detail::parse_safetensors(large.view(), "f"); }),
            "f: the header's length is 100000001; at most 100000000 bytes are allowed");
  support::bytes longer;
  longer.add(std::uint64_t(17)).zeros(16);
  EXPECT_EQ(support::refusal<file_error>([&] { detail::parse_safetensors(longer.view(), "f"); }),
            "f: ends within the header: 17 bytes at byte 8 were expected, 16 are left");
}

TEST(Safetensors, EveryPrefixIsRefused) {
  const support::bytes whole = file_of(
      R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"F16","shape":[2,1],"data_offsets":[4,8]}})",
      8);
  const auto sentence = [&](std::size_t size) {
    return support::refusal<file_error>([&] { detail::parse_safetensors(whole.first(size), "f"); });
  };
  EXPECT_EQ(sentence(whole.size()), "accepted");
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(sentence(size).find("f: "), 0u) << size;
}

TEST(Safetensors, SaysWhatAFolderShouldHold) {
  const support::temporary_folder folder;
  folder.write("pytorch_model.bin", "");
  EXPECT_EQ(support::refusal<file_error>([&] { read_safetensors(folder.path()); }),
            folder.path().string() +
                ": this folder has neither model.safetensors nor model.safetensors.index.json");
}

// Two shards, with a tensor in each.
class Sharded : public testing::Test {
 protected:
  Sharded() {
    folder.write("1.safetensors", file_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},
                             "extra":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                                          2)
                                      .view());
    folder.write("2.safetensors",
                 file_of(R"({"b":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})", 3).view());
  }
  std::string refusal(const std::string& index) const {
    folder.write("model.safetensors.index.json", index);
    return support::refusal<file_error>([&] { read_safetensors(folder.path()); });
  }

  support::temporary_folder folder;
};

TEST_F(Sharded, BringsWhatTheIndexNames) {
  folder.write("model.safetensors.index.json",
               R"({"metadata":{"total_size":4},
                   "weight_map":{"a":"1.safetensors","b":"2.safetensors"}})");
  const tensor_file file = read_safetensors(folder.path());
  ASSERT_EQ(file.tensors().size(), 2u);
  EXPECT_EQ(detail::to_index(file["b"]), (std::vector<index>{0, 1, 2}));
  EXPECT_EQ(file.metadata().integer("total_size"), 4);
  EXPECT_EQ(read_safetensors(folder / "model.safetensors.index.json").tensors().size(), 2u);
}

TEST_F(Sharded, RefusesInWords) {
  const std::string name = (folder / "model.safetensors.index.json").string();
  EXPECT_EQ(refusal("{}"), name + ": weight_map is missing; expected an object");
  EXPECT_EQ(refusal(R"({"weight_map":3})"), name + ": weight_map: expected an object, found 3");
  EXPECT_EQ(refusal(R"({"weight_map":{"a":3}})"),
            name + ": weight_map: \"a\": expected the name of a file, found 3");
  EXPECT_EQ(refusal(R"({"weight_map":{"a":"2.safetensors"}})"),
            (folder / "2.safetensors").string() + ": there is no tensor \"a\" among its 1");
  EXPECT_EQ(refusal(R"({"weight_map":{"a":"3.safetensors"}})"),
            (folder / "3.safetensors").string() + ": cannot be opened: No such file or directory");
  for (const char* outside : {"../x", "/etc/passwd", "..", ".", "", "a\\\\b", "c:x", "a\\u0000b"})
    EXPECT_NE(refusal(std::string(R"({"weight_map":{"a":")") + outside + "\"}}")
                  .find("is not the name of a file beside the index"),
              std::string::npos)
        << outside;
}

// Whatever the families of published models hold. Golden values are checked where models are.
TEST(Safetensors, ReadsPublishedFiles) {
  const auto one = support::data_folder("families/qwen2");  // where that is, all are
  if (!one) GTEST_SKIP() << support::data_is_missing("families");
  const std::filesystem::path folder = one->parent_path();
  int files = 0, values = 0;
  const auto check = [&](const tensor_file& file) {
    ++files;
    for (const tensor_view& t : file.tensors()) {
      std::vector<float> read(static_cast<std::size_t>(t.size()));
      detail::to_float(t, read.data());
      for (const float x : read) ASSERT_TRUE(std::abs(x) < 1e4f) << file.name() << ' ' << t.name;
      values += static_cast<int>(read.size());
    }
  };
  for (const auto& family : std::filesystem::directory_iterator(folder)) {
    check(read_safetensors(family.path()));
    check(read_safetensors(family.path() / "golden.safetensors"));
  }
  EXPECT_EQ(files, 96);
  EXPECT_GT(values, 2'000'000);

  const tensor_file qwen = read_safetensors(folder / "qwen2");
  index parameters = 0;
  for (const tensor_view& t : qwen.tensors()) parameters += t.size();
  EXPECT_EQ(parameters, qwen.metadata().integer("total_parameters"));
  EXPECT_EQ(read_safetensors(folder / "llama3").tensors()[0].type, dtype::bf16);
  EXPECT_EQ(read_safetensors(folder / "mistral").tensors()[0].type, dtype::f16);
  const tensor_file golden = read_safetensors(folder / "llama" / "golden.safetensors");
  EXPECT_EQ(detail::to_index(golden["input_ids"]).size(), 20u);
}

}  // namespace
}  // namespace heed
