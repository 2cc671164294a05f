// SPDX-License-Identifier: MIT
#include <heed/io/read_tensor_file.hpp>

#include "support/bytes.hpp"
#include "support/data.hpp"
#include "support/refusal.hpp"

#include <gtest/gtest.h>

namespace heed {
namespace {

TEST(ReadTensorFile, KnowsTheFormatFromTheFirstBytes) {
  const support::temporary_folder folder;
  support::bytes gguf("GGUF"), safetensors;
  gguf.add(3u).add(std::uint64_t(0)).add(std::uint64_t(0));
  safetensors.text(R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})").zeros(1);
  EXPECT_TRUE(read_tensor_file(folder.write("a", gguf.view())).tensors().empty());
  EXPECT_EQ(read_tensor_file(folder.write("b", safetensors.view()))["x"].size(), 1);
  folder.write("model.safetensors", safetensors.view());
  EXPECT_EQ(read_tensor_file(folder.path()).tensors().size(), 1u);
  for (const char* other : {"", "GGU", "hello", "what is this"})
    EXPECT_NE(support::refusal<file_error>(
                  [&] { read_tensor_file(folder.write("c", std::string_view(other))); }),
              "accepted")
        << other;
}

TEST(ReadTensorFile, ReadsPublishedFiles) {
  const auto folder = support::data_folder("models");
  if (!folder) GTEST_SKIP() << support::data_is_missing("models");
  EXPECT_EQ(read_tensor_file(*folder / "stories260K" / "stories260K.bin").tensors().size(), 47u);
  EXPECT_GT(read_tensor_file(*folder / "tiny-random-gpt2").tensors().size(), 60u);
  EXPECT_EQ(read_tensor_file(*folder / ".." / "gguf" / "types.gguf").tensors().size(), 13u);
  EXPECT_EQ(read_tensor_file(*folder / ".." / "families" / "qwen2").tensors().size(), 26u);
}

}  // namespace
}  // namespace heed
