// SPDX-License-Identifier: MIT
// A decoder is written as a GGUF file, read again, and gives the logits that it had.
#include <heed/io/load_language_model.hpp>

#include "support/gguf_writer.hpp"
#include "support/refusal.hpp"

#include <gtest/gtest.h>

#include <map>

namespace heed {
namespace {

constexpr index vocabulary = 40, width = 24, layers = 2, heads = 4, kv_heads = 2, hidden = 64;

// A Llama with random weights.
decoder<float> chance(rotary_pairing pairing) {
  decoder<float> made({.vocabulary = vocabulary,
                       .model = width,
                       .layers = layers,
                       .heads = heads,
                       .kv_heads = kv_heads,
                       .hidden = hidden,
                       .seed = 5});
  made.words.weight *= 30;
  for (auto& block : made.blocks)
    block.attention.rotary =
        rotary_embedding<float>({.width = width / heads, .theta = 500, .pairing = pairing});
  return made;
}

std::vector<float> by_rows(const matrix<float>& m) {
  std::vector<float> all;
  for (index i = 0; i < m.rows(); ++i)
    for (index j = 0; j < m.cols(); ++j) all.push_back(m(i, j));
  return all;
}

// The tensors of a decoder by GGUF's names: sizes, the fastest axis first, and numbers.
struct tensor {
  std::vector<std::uint64_t> sizes;
  std::vector<float> numbers;
};
using tensors = std::map<std::string, tensor>;

tensor weight_of(const linear<float>& layer) {
  return {{static_cast<std::uint64_t>(layer.inputs()), static_cast<std::uint64_t>(layer.outputs())},
          by_rows(layer.weight.transpose())};
}
tensor weight_of(const normalisation<float>& norm) {
  const auto& weight = std::get<rms_norm<float>>(norm).weight;
  return {{static_cast<std::uint64_t>(weight.size())}, by_rows(weight)};
}

tensors tensors_of(const decoder<float>& d) {
  tensors all;
  all["token_embd.weight"] = {{width, vocabulary}, by_rows(d.words.weight)};
  all["output_norm.weight"] = weight_of(d.final_norm);
  for (std::size_t i = 0; i < d.blocks.size(); ++i) {
    const std::string name = "blk." + std::to_string(i) + ".";
    const auto& block = d.blocks[i];
    const auto& feed = std::get<feed_forward<float>>(block.feed);
    all[name + "attn_norm.weight"] = weight_of(block.attention_norm);
    all[name + "ffn_norm.weight"] = weight_of(block.feed_norm);
    all[name + "attn_q.weight"] = weight_of(block.attention.query);
    all[name + "attn_k.weight"] = weight_of(block.attention.key);
    all[name + "attn_v.weight"] = weight_of(block.attention.value);
    all[name + "attn_output.weight"] = weight_of(block.attention.output);
    all[name + "ffn_gate.weight"] = weight_of(feed.gate);
    all[name + "ffn_up.weight"] = weight_of(feed.up);
    all[name + "ffn_down.weight"] = weight_of(feed.down);
  }
  return all;
}

support::gguf_writer header(const std::string& architecture) {
  support::gguf_writer file;
  const auto number = [&](const char* name, std::uint32_t value) {
    file.add(architecture + "." + name, value);
  };
  file.add("general.architecture", architecture);
  number("embedding_length", width);
  number("block_count", layers);
  number("attention.head_count", heads);
  number("attention.head_count_kv", kv_heads);
  number("feed_forward_length", hidden);
  file.add(architecture + ".attention.layer_norm_rms_epsilon", 1e-6f);
  file.add(architecture + ".rope.freq_base", 500.f);
  return file;
}

language_model loaded(support::gguf_writer file, const tensors& all) {
  for (const auto& [name, t] : all) file.add(name, t.sizes, t.numbers);
  const support::temporary_folder folder;
  return load_language_model(folder.write("model.gguf", file.whole().view()));
}
std::string refusal(const support::gguf_writer& file, const tensors& all) {
  const std::string sentence = support::refusal<file_error>([&] { (void)loaded(file, all); });
  const std::size_t file_name = sentence.find("model.gguf");
  return file_name == std::string::npos ? sentence : sentence.substr(file_name);
}

const std::vector<index> ids{7, 0, 39, 12, 12, 3, 25};

void expect_same(const matrix<float>& found, const matrix<float>& expected) {
  ASSERT_GT(expected.cwiseAbs().maxCoeff(), 1);
  EXPECT_LT((found - expected).cwiseAbs().maxCoeff(), 1e-4);
}

TEST(GgufDecoder, LlamaRotatesInterleavedAndQwenInHalves) {
  const auto llama = chance(rotary_pairing::interleaved), qwen = chance(rotary_pairing::half_split);
  EXPECT_GT((llama(ids) - qwen(ids)).cwiseAbs().maxCoeff(), 0.01);
  expect_same(loaded(header("llama"), tensors_of(llama)).logits(ids), llama(ids));
  expect_same(loaded(header("qwen2"), tensors_of(qwen)).logits(ids), qwen(ids));
  expect_same(loaded(header("qwen3"), tensors_of(qwen)).logits(ids), qwen(ids));
}

TEST(GgufDecoder, AHeadOfItsOwnAndBiases) {
  auto model = chance(rotary_pairing::half_split);
  model.head = linear<float>({width, vocabulary, false, 77});
  tensors all = tensors_of(model);
  all["output.weight"] = weight_of(model.head);
  for (std::size_t i = 0; i < model.blocks.size(); ++i) {
    auto& query = model.blocks[i].attention.query;
    query.bias.setLinSpaced(query.outputs(), -1, 1);
    all["blk." + std::to_string(i) + ".attn_q.bias"] = {
        {static_cast<std::uint64_t>(query.outputs())}, by_rows(query.bias)};
  }
  const matrix<float> expected = model(ids);
  EXPECT_LT((loaded(header("qwen2"), all).logits(ids) - expected).cwiseAbs().maxCoeff(), 1e-4);
}

TEST(GgufDecoder, NormsOfQueriesAndKeys) {
  auto model = chance(rotary_pairing::half_split);
  tensors all = tensors_of(model);
  for (std::size_t i = 0; i < model.blocks.size(); ++i) {
    rms_norm<float> norm({.model = width / heads});
    norm.weight.setLinSpaced(width / heads, 0.5, 2);
    model.blocks[i].attention.query_norm = model.blocks[i].attention.key_norm = norm;
    for (const char* const of : {"q", "k"})
      all["blk." + std::to_string(i) + ".attn_" + of + "_norm.weight"] = weight_of(norm);
  }
  expect_same(loaded(header("qwen3"), all).logits(ids), model(ids));
}

// Llama 3's factors divide the frequency of each pair; linear scaling divides all.
TEST(GgufDecoder, ScaledFrequencies) {
  auto model = chance(rotary_pairing::interleaved);
  for (auto& block : model.blocks)
    block.attention.rotary = rotary_embedding<float>({.width = width / heads,
                                                      .theta = 500,
                                                      .pairing = rotary_pairing::interleaved,
                                                      .scaling = linear_scaling{4}});
  tensors all = tensors_of(model);
  auto scaled = header("llama");
  scaled.add("llama.rope.scaling.type", "linear").add("llama.rope.scaling.factor", 4.f);
  expect_same(loaded(scaled, all).logits(ids), model(ids));
  all["rope_freqs.weight"] = {{3}, {4, 4, 4}};
  expect_same(loaded(header("llama"), all).logits(ids), model(ids));
}

TEST(GgufDecoder, ContextAndEnds) {
  const tensors all = tensors_of(chance(rotary_pairing::interleaved));
  EXPECT_EQ(loaded(header("llama"), all).context, 0);
  EXPECT_EQ(loaded(header("llama"), all).ends, std::vector<index>());
  auto file = header("llama");
  file.add("llama.context_length", 64u);
  file.add("tokenizer.ggml.eos_token_id", 2u).add("tokenizer.ggml.eot_token_id", 9u);
  EXPECT_EQ(loaded(file, all).context, 64);
  EXPECT_EQ(loaded(file, all).ends, (std::vector<index>{2, 9}));
}

TEST(GgufDecoder, RefusesInSentences) {
  const tensors all = tensors_of(chance(rotary_pairing::interleaved));
  EXPECT_EQ(refusal(header("llama"), all), "accepted");
  EXPECT_NE(refusal(header("gpt-9"), all).find("general.architecture"), std::string::npos);
  auto scaled = header("llama");
  EXPECT_NE(refusal(scaled.add("llama.rope.scaling.type", "new"), all).find("scaling.type"),
            std::string::npos);
  auto wide = header("llama");
  EXPECT_EQ(refusal(wide.add("llama.attention.key_length", std::uint32_t(2147483646)), all),
            "model.gguf: heads of 2147483646 columns in 2 layers; at most 65536 of each are read");
  auto odd = header("llama");
  EXPECT_EQ(
      refusal(odd.add("llama.rope.dimension_count", std::uint32_t(5)), all),
      "model.gguf: llama.rope.dimension_count: expected an even number of at most 6, the columns "
      "of a head, found 5");
  const auto with = [&](const char* name, const std::optional<tensor>& other) {
    tensors changed = all;
    if (other)
      changed[name] = *other;
    else
      changed.erase(name);
    return refusal(header("llama"), changed);
  };
  EXPECT_NE(with("blk.1.ffn_up.weight", {}).find("blk.1.ffn_up.weight"), std::string::npos);
  EXPECT_NE(with("token_embd.weight", {}).find("token_embd.weight"), std::string::npos);
  EXPECT_NE(with("blk.0.extra.weight", tensor{{1}, {0}}).find("blk.0.extra.weight"),
            std::string::npos);
  EXPECT_NE(with("output_norm.weight", tensor{{3}, {0, 0, 0}}).find("output_norm.weight"),
            std::string::npos);
}

}  // namespace
}  // namespace heed
