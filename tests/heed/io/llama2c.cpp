// SPDX-License-Identifier: MIT
#include <heed/io/llama2c.hpp>

#include "support/bytes.hpp"
#include "support/data.hpp"
#include "support/refusal.hpp"

#include <gtest/gtest.h>

namespace heed {
namespace {

using support::bytes;

// dim 4, hidden 3, 2 layers, 2 heads, 1 key/value head, 5 words (-5: with a head of its own), context 6.
constexpr std::int32_t sizes[] = {4, 3, 2, 2, 1, 5, 6};

bytes header(std::int32_t vocabulary) {
  bytes file;
  for (const std::int32_t size : sizes) file.add(size == 5 ? vocabulary : size);
  return file;
}
// Floats that count from 0 on.
bytes& add_floats(bytes& file, int count) {
  for (int i = 0; i < count; ++i) file.add(float(i));
  return file;
}
constexpr int norms = 2 * 4, attention = 2 * (16 + 8 + 8 + 16), feed_forward = 2 * 3 * 12,
              table = 5 * 4, rotary = 2 * 6 * 1;

bytes version_0(bool own_head) {
  bytes file = header(own_head ? -5 : 5);
  return add_floats(
      file, table + 2 * norms + attention + feed_forward + 4 + rotary + (own_head ? table : 0));
}
bytes version_1(bool shared) {
  bytes file;
  file.add(0x616b3432u).add(1);
  for (const std::int32_t size : sizes) file.add(size);
  file.add<std::uint8_t>(shared ? 1 : 0).zeros(256 - file.size());
  return add_floats(file, 2 * norms + 4 + table + attention + feed_forward + (shared ? 0 : table));
}
detail::tensors_and_metadata parsed(const bytes& file) {
  return detail::parse_llama2c(file.view(), "f");
}
std::string refusal(const bytes& file) {
  return support::refusal<file_error>([&] { parsed(file); });
}

// The first number of a tensor says how many lie before it.
void expect_at(const detail::tensors_and_metadata& found, const std::string& name,
               const std::vector<index>& shape, float first) {
  const auto tensor = std::ranges::find(found.tensors, name, &tensor_view::name);
  ASSERT_NE(tensor, found.tensors.end()) << name;
  EXPECT_EQ(tensor->shape, shape) << name;
  std::vector<float> values(static_cast<std::size_t>(tensor->size()));
  detail::to_float(*tensor, values.data());
  EXPECT_EQ(values.front(), first) << name;
  EXPECT_EQ(values.back(), first + float(values.size()) - 1) << name;
}

TEST(Llama2c, ReadsVersion0) {
  const bytes file = version_0(true);
  const auto found = parsed(file);
  expect_at(found, "tok_embeddings.weight", {5, 4}, 0);
  expect_at(found, "layers.0.attention_norm.weight", {4}, 20);
  expect_at(found, "layers.1.attention_norm.weight", {4}, 24);
  expect_at(found, "layers.0.attention.wq.weight", {4, 4}, 28);
  expect_at(found, "layers.1.attention.wq.weight", {4, 4}, 44);
  expect_at(found, "layers.0.attention.wk.weight", {2, 4}, 60);
  expect_at(found, "layers.1.attention.wv.weight", {2, 4}, 84);
  expect_at(found, "layers.0.attention.wo.weight", {4, 4}, 92);
  expect_at(found, "layers.1.ffn_norm.weight", {4}, 128);
  expect_at(found, "layers.0.feed_forward.w1.weight", {3, 4}, 132);
  expect_at(found, "layers.0.feed_forward.w2.weight", {4, 3}, 156);
  expect_at(found, "layers.1.feed_forward.w3.weight", {3, 4}, 192);
  expect_at(found, "norm.weight", {4}, 204);
  expect_at(found, "output.weight", {5, 4}, 204 + 4 + 12);
  EXPECT_EQ(found.tensors.size(), 3u + 2 * 9);
  EXPECT_EQ(found.metadata.count("dim"), 4);
  EXPECT_EQ(found.metadata.count("vocab_size"), 5);
  EXPECT_EQ(found.metadata.count("max_seq_len"), 6);
  EXPECT_FALSE(found.metadata.flag("shared_classifier"));
}

TEST(Llama2c, APositiveVocabularySharesTheTable) {
  const bytes file = version_0(false);
  const auto found = parsed(file);
  EXPECT_EQ(found.tensors.size(), 2u + 2 * 9);
  EXPECT_TRUE(found.metadata.flag("shared_classifier"));
}

TEST(Llama2c, ReadsVersion1) {
  for (const bool shared : {false, true}) {
    const bytes file = version_1(shared);
    const auto found = parsed(file);
    expect_at(found, "layers.1.ffn_norm.weight", {4}, 12);
    expect_at(found, "norm.weight", {4}, 16);
    expect_at(found, "tok_embeddings.weight", {5, 4}, 20);
    expect_at(found, "layers.0.attention.wq.weight", {4, 4}, 40);
    expect_at(found, "layers.1.feed_forward.w3.weight", {3, 4}, 40 + 96 + 60);
    if (!shared) expect_at(found, "output.weight", {5, 4}, 40 + 96 + 72);
    EXPECT_EQ(found.tensors.size(), 2u + 2 * 9 + (shared ? 0 : 1));
  }
}

TEST(Llama2c, EveryPrefixIsRefused) {
  for (const bytes& whole : {version_0(true), version_1(true)})
    for (std::size_t size = 0; size < whole.size(); ++size)
      EXPECT_EQ(support::refusal<file_error>([&] {
                  detail::parse_llama2c(whole.first(size), "f");
                }).find("f: "),
                0u)
          << size;
}

TEST(Llama2c, RefusesInWords) {
  EXPECT_EQ(refusal(version_0(true).zeros(3)), "f: 3 bytes follow the last tensor");
  bytes quantised;
  quantised.add(0x616b3432u).add(2).zeros(300);
  EXPECT_EQ(refusal(quantised),
            "f: this llama2.c file has version 2; 0 and 1, which hold floats, are read");
  const auto changed = [](int place, std::int32_t size) {
    bytes file;
    for (int i = 0; i < 7; ++i) file.add(i == place ? size : sizes[i]);
    return refusal(file.zeros(5000));
  };
  EXPECT_EQ(changed(0, 0), "f: dim is 0; from 1 to 16777216 were expected");
  EXPECT_EQ(changed(1, -3), "f: hidden_dim is -3; from 1 to 16777216 were expected");
  EXPECT_EQ(changed(2, 5000), "f: n_layers is 5000; from 1 to 4096 were expected");
  EXPECT_EQ(changed(5, (std::numeric_limits<std::int32_t>::min)()),
            "f: vocab_size is 2147483648; from 1 to 16777216 were expected");
  EXPECT_EQ(changed(3, 3).find("f: dim 4, n_heads 3, n_kv_heads 1 do not fit"), 0u);
  EXPECT_EQ(changed(3, 4).find("f: dim 4, n_heads 4, n_kv_heads 1 do not fit"), 0u);
  EXPECT_EQ(changed(4, 3).find("f: dim 4, n_heads 2, n_kv_heads 3 do not fit"), 0u);
  EXPECT_EQ(changed(1, 1 << 24).find("f: ends within layers.0.feed_forward.w1.weight: 268435456 "),
            0u);
}

TEST(Llama2c, ReadsStories260K) {
  const tensor_file file =
      read_llama2c(support::golden_root() / "models/stories260K/stories260K.bin");
  EXPECT_EQ(file.metadata().count("n_layers"), 1);
  EXPECT_EQ(file.metadata().count("n_kv_heads"), 4);
  EXPECT_FALSE(file.contains("output.weight"));
  EXPECT_EQ(file["tok_embeddings.weight"].shape, (std::vector<index>{512, 64}));
  EXPECT_EQ(file["layers.0.feed_forward.w2.weight"].shape, (std::vector<index>{64, 172}));
  for (const tensor_view& t : file.tensors()) {
    std::vector<float> values(static_cast<std::size_t>(t.size()));
    detail::to_float(t, values.data());
    for (const float x : values) ASSERT_TRUE(std::abs(x) < 20) << t.name;
  }
}

}  // namespace
}  // namespace heed
