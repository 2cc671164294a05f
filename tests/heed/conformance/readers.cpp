// SPDX-License-Identifier: MIT
// The readers of test data read what is well formed and refuse the rest.
#include "support/safetensors.hpp"

#include <gtest/gtest.h>

#include <random>

namespace support {
namespace {

TEST(Json, ReadsEveryKindOfValue) {
  const json j = json::parse(
      R"( {"a": [1, -2.5e2, true, null], "b": {"c": "x\n\"\u00e9\ud83d\ude00"}, "d": []} )");
  EXPECT_EQ(j["a"][0].integer(), 1);
  EXPECT_EQ(j["a"][1].number(), -250);
  EXPECT_TRUE(j["a"][3].is_null());
  EXPECT_EQ(j["b"]["c"].text(), "x\n\"\xC3\xA9\xF0\x9F\x98\x80");
  EXPECT_TRUE(j["d"].items().empty());
  EXPECT_FALSE(j.contains("e"));
}

TEST(Json, RefusesTheRest) {
  for (const char* text : {"", "{", "[1", "[1,]", "{\"a\" 1}", "{\"a\": 1, \"a\": 2}", "\"open",
                           "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "1 2", "tru", "-", "nan"})
    EXPECT_THROW(json::parse(text), std::runtime_error) << text;
  EXPECT_THROW(json::parse(std::string(100000, '[')), std::runtime_error);
  EXPECT_THROW((void)json::parse("[1.5]")[0].integer(), std::runtime_error);
  EXPECT_THROW((void)json::parse("[1e300]")[0].integer(), std::runtime_error);
  EXPECT_THROW((void)json::parse("[1]").text(), std::runtime_error);
  EXPECT_THROW((void)json::parse("[1]")[1], std::out_of_range);
}

TEST(Tensor, RefusesShapesThatDoNotFitItsBytes) {
  EXPECT_NO_THROW(tensor(element::float32, {2, 3}, std::vector<std::byte>(24)));
  EXPECT_NO_THROW(tensor(element::float32, {}, std::vector<std::byte>(4)));
  for (const std::vector<index>& shape :
       {std::vector<index>{2, 4}, {-2, -3}, {index(1) << 62, 4}, {index(1) << 40, index(1) << 40}})
    EXPECT_THROW(tensor(element::float32, shape, std::vector<std::byte>(24)), std::runtime_error);
  const tensor t(element::int32, {1}, std::vector<std::byte>(4));
  EXPECT_THROW((void)t.data<float>(), std::runtime_error);
}

// A file that is removed when the test ends.
class written_file {
 public:
  written_file(std::uint64_t header_size, const std::string& header, std::size_t data_size)
      : path_(std::filesystem::path(testing::TempDir()) /
              ("heed_" + std::to_string(std::random_device{}()))) {
    std::ofstream file(path_, std::ios::binary);
    file.write(reinterpret_cast<const char*>(&header_size), sizeof header_size);
    file << header << std::string(data_size, '\0');
  }
  written_file(const written_file&) = delete;
  written_file& operator=(const written_file&) = delete;
  ~written_file() { std::filesystem::remove(path_); }

  [[nodiscard]] safetensors read() const { return safetensors(path_); }

 private:
  std::filesystem::path path_;
};

TEST(Safetensors, ReadsAndRefuses) {
  const auto header = [](const std::string& offsets) {
    return R"({"__metadata__": {"a": "b"}, "x": {"dtype": "F32", "shape": [2], "data_offsets": )" +
           offsets + "}}";
  };
  const auto file = [&](const std::string& offsets) {
    return written_file(header(offsets).size(), header(offsets), 8);
  };
  EXPECT_EQ(file("[0, 8]").read()["x"].size(), 2);
  EXPECT_THROW((void)file("[0, 8]").read()["y"], std::runtime_error);
  for (const char* offsets : {"[0, 4]", "[4, 12]", "[-8, 0]", "[8, 0]", "[0, 1e15]"})
    EXPECT_THROW((void)file(offsets).read(), std::runtime_error) << offsets;
  EXPECT_THROW((void)written_file(1000, "{}", 0).read(), std::runtime_error);
  EXPECT_THROW((void)written_file(~std::uint64_t(0), "{}", 0).read(), std::runtime_error);
}

}  // namespace
}  // namespace support
