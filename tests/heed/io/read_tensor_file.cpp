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
  const std::filesystem::path golden = support::golden_root();
  // Nine tensors of a layer, two norms' and the words.
  EXPECT_EQ(read_tensor_file(golden / "models/stories260K/stories260K.bin").tensors().size(), 11u);
  EXPECT_GT(read_tensor_file(golden / "models/tiny-random-gpt2").tensors().size(), 60u);
  EXPECT_EQ(read_tensor_file(golden / "gguf/types.gguf").tensors().size(), 13u);
  // Two layers of nine tensors, the last norm and the words, which are the head too.
  EXPECT_EQ(read_tensor_file(golden / "families/llama3").tensors().size(), 20u);
}

}  // namespace
}  // namespace heed
