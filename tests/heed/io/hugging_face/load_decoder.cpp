// SPDX-License-Identifier: MIT
// Folders that do not fit: each is refused with the name, what was expected and what was found.
#include <heed/io/hugging_face/load_decoder.hpp>

#include "support/bytes.hpp"
#include "support/refusal.hpp"

#include <heed/io/json_config.hpp>
#include <heed/io/safetensors_writer.hpp>

#include <gtest/gtest.h>

#include <map>

namespace heed {
namespace {

using fields = std::map<std::string, std::string>;  // name to JSON
using tensors = std::map<std::string, std::vector<index>>;

// The smallest Llama that there is.
fields llama_fields() {
  return {{"model_type", R"("llama")"}, {"hidden_size", "8"},       {"num_attention_heads", "2"},
          {"num_key_value_heads", "1"}, {"num_hidden_layers", "1"}, {"intermediate_size", "6"},
          {"vocab_size", "5"}};
}
tensors llama_tensors() {
  const std::string layer = "model.layers.0.";
  return {{"model.embed_tokens.weight", {5, 8}},
          {"lm_head.weight", {5, 8}},
          {"model.norm.weight", {8}},
          {layer + "input_layernorm.weight", {8}},
          {layer + "post_attention_layernorm.weight", {8}},
          {layer + "self_attn.q_proj.weight", {8, 8}},
          {layer + "self_attn.k_proj.weight", {4, 8}},
          {layer + "self_attn.v_proj.weight", {4, 8}},
          {layer + "self_attn.o_proj.weight", {8, 8}},
          {layer + "mlp.gate_proj.weight", {6, 8}},
          {layer + "mlp.up_proj.weight", {6, 8}},
          {layer + "mlp.down_proj.weight", {8, 6}}};
}

// A folder of those fields and of tensors full of 1 / 4.
class folder {
 public:
  explicit folder(const fields& given, const tensors& shapes = llama_tensors()) {
    std::string text = "{";
    for (const auto& [name, value] : given) text += '"' + name + "\":" + value + ',';
    text.back() = '}';
    where_.write("config.json", text);
    const std::vector<float> quarters(64, 0.25f);
    std::vector<tensor_view> views;
    for (const auto& [name, shape] : shapes) {
      tensor_view view{name, dtype::f32, shape, {}};
      view.bytes = std::as_bytes(std::span(quarters).first(static_cast<std::size_t>(view.size())));
      views.push_back(view);
    }
    write_safetensors(where_ / "model.safetensors", views);
  }

  [[nodiscard]] decoder<float> load() const { return load_decoder(where_.path()); }

  // The sentence of the refusal, without the folder.
  [[nodiscard]] std::string refusal() const {
    std::string said = support::refusal<file_error>([&] { static_cast<void>(load()); });
    const std::string path = where_.path().string();
    for (auto at = said.find(path); at != said.npos; at = said.find(path)) {
      said.erase(at, path.size());
      while (at < said.size() && (said[at] == '/' || said[at] == '\\')) said.erase(at, 1);
    }
    return said;
  }

 private:
  support::temporary_folder where_;
};

// The refusal of the small Llama with one field added or changed.
std::string with(const std::string& name, const std::string& json) {
  fields given = llama_fields();
  given[name] = json;
  return folder(given).refusal();
}

TEST(LoadDecoder, LoadsTheSmallestModel) {
  const decoder<float> model = folder(llama_fields()).load();
  const matrix<float> logits = model(std::vector<index>{0, 4, 2});
  EXPECT_EQ(logits.rows(), 3);
  EXPECT_EQ(logits.cols(), 5);
  EXPECT_GT(logits(0, 0), 0);
}

TEST(LoadDecoder, RefusesFamiliesThatItDoesNotKnow) {
  EXPECT_EQ(with("model_type", R"("mirage")"),
            "config.json: model_type: expected a family of decoders that heed knows, found "
            "\"mirage\"");
  fields none = llama_fields();
  none.erase("model_type");
  EXPECT_EQ(folder(none).refusal(), "config.json: model_type is missing; expected a text");
}

TEST(LoadDecoder, RefusesTensorsThatDoNotFit) {
  const std::string key = "model.layers.0.self_attn.k_proj.weight";
  tensors shapes = llama_tensors();
  shapes.erase(key);
  EXPECT_EQ(folder(llama_fields(), shapes).refusal(),
            "model.safetensors: there is no tensor \"" + key + "\" among its 11");
  shapes[key] = {8, 4};
  EXPECT_EQ(folder(llama_fields(), shapes).refusal(),
            "model.safetensors: tensor \"" + key + "\" is 8x4, but it must be 4x8");
  shapes = llama_tensors();
  shapes["model.layers.0.self_attn.k_proj.bias"] = {4};
  EXPECT_EQ(folder(llama_fields(), shapes).refusal(),
            "model.safetensors: tensor \"model.layers.0.self_attn.k_proj.bias\", 4, is none that "
            "this family of models has");
}

TEST(LoadDecoder, TakesNoMemoryForSizesThatNoTensorHas) {
  EXPECT_EQ(with("vocab_size", "2147483647"),
            "model.safetensors: tensor \"model.embed_tokens.weight\" is 5x8, but it must be "
            "2147483647x8");
  EXPECT_EQ(
      with("num_hidden_layers", "65536"),
      "model.safetensors: there is no tensor \"model.layers.1.self_attn.q_proj.weight\" among "
      "its 12");
  EXPECT_EQ(with("num_hidden_layers", "65537"),
            "config.json: num_hidden_layers: expected at most 65536, found 65537");
  EXPECT_EQ(with("head_dim", "65537"),
            "config.json: head_dim: expected at most 65536, found 65537");
  EXPECT_EQ(
      with("num_attention_heads", "2147483647"),
      "config.json: num_attention_heads: expected a divisor of hidden_size, which is 8, found "
      "2147483647");
  EXPECT_EQ(with("hidden_size", "0"),
            "config.json: hidden_size: expected a whole number from 1 to 2147483647, found 0");
}

TEST(LoadDecoder, RefusesHeadsThatAreNone) {
  EXPECT_EQ(
      with("num_attention_heads", "3"),
      "config.json: num_attention_heads: expected a divisor of hidden_size, which is 8, found "
      "3");
  EXPECT_EQ(with("num_key_value_heads", "3"),
            "config.json: num_key_value_heads: expected a divisor of num_attention_heads, which is "
            "2, found 3");
  EXPECT_EQ(with("n_head", "4"),
            "config.json: n_head: expected 2, which is num_attention_heads, found 4");
}

TEST(LoadDecoder, RefusesOptionsThatNobodyReads) {
  const std::string expected =
      ": expected no field that heed does not know, since it may change results, found ";
  EXPECT_EQ(with("qk_clip", "30"), "config.json: qk_clip" + expected + "30");
  EXPECT_EQ(with("use_mirrors", "true"), "config.json: use_mirrors" + expected + "true");
  EXPECT_EQ(with("rope_scaling", R"({"rope_type":"default","mrope_section":[1,1,2]})"),
            "config.json: rope_scaling.mrope_section" + expected + "a list of 3");
  EXPECT_EQ(with("a.b", "1"), "config.json: a.b" + expected + "1");
}

TEST(LoadDecoder, AcceptsOptionsThatChangeNothing) {
  for (const char* const nothing : {"null", "false", "\"\"", "[]", "{}"})
    EXPECT_EQ(with("qk_clip", nothing), "accepted") << nothing;
  for (const char* const name :
       {"initializer_range", "attention_dropout", "transformers_version", "bos_token_id", "dtype"})
    EXPECT_EQ(with(name, "1"), "accepted") << name;
  EXPECT_EQ(with("task_specific_params", R"({"text-generation":{"max_length":50}})"), "accepted");
}

TEST(LoadDecoder, RefusesWhatItDoesNotServe) {
  EXPECT_EQ(with("quantization_config", R"({"quant_method":"mxfp4"})"),
            "config.json: quantization_config: expected none: weights that are quantised are read "
            "from GGUF files, found an object");
  EXPECT_EQ(with("hidden_act", R"("mish")"),
            "config.json: hidden_act: expected relu, relu2, gelu, gelu_new, gelu_pytorch_tanh, "
            "quick_gelu, silu, tanh or linear, found \"mish\"");
  EXPECT_EQ(with("layer_types", R"(["chunked_attention"])"),
            "config.json: layer_types: expected \"sliding_attention\" or \"full_attention\", found "
            "\"chunked_attention\"");
  EXPECT_EQ(
      with("layer_types", R"(["full_attention","full_attention"])"),
      "config.json: layer_types: expected a list of 1, one for each layer, found a list of 2");
  EXPECT_EQ(with("rope_scaling", R"({"rope_type":"spiral"})"),
            "config.json: rope_scaling.rope_type: expected \"default\", \"linear\", \"dynamic\", "
            "\"llama3\", \"yarn\" or \"longrope\", found \"spiral\"");
  EXPECT_EQ(with("rope_scaling",
                 R"({"rope_type":"llama3","factor":8,"low_freq_factor":2,"high_freq_factor":2})"),
            "config.json: rope_scaling.high_freq_factor: expected a number above low_freq_factor, "
            "found 2");
  EXPECT_EQ(with("partial_rotary_factor", "0.5"),
            "config.json: partial_rotary_factor: expected 1, since llama rotates whole heads, "
            "found 0.5");
  EXPECT_EQ(with("sliding_window", "4"),
            "config.json: sliding_window: expected no field that heed does not know, since it may "
            "change results, found 4");
}

// The tensors of a family that has these beside Llama's, and without those.
tensors changed_tensors(const std::map<std::string, std::vector<index>>& more,
                        const std::vector<std::string>& without = {}) {
  tensors shapes = llama_tensors();
  for (const std::string& name : without) shapes.erase(name);
  for (const auto& [name, shape] : more) shapes["model.layers.0." + name] = shape;
  return shapes;
}

decoder<float> loaded(const std::string& family, const tensors& shapes, const fields& more = {}) {
  fields given = llama_fields();
  given["model_type"] = '"' + family + '"';
  for (const auto& [name, value] : more) given[name] = value;
  return folder(given, shapes).load();
}

// The second pair of the first layer's rotary positions, radians a position: theta^(-2 / 4).
double second_frequency(const decoder<float>& model) {
  return model.blocks[0].attention.rotary.value().frequency(1);
}

// As transformers' classes of configs do, family by family.
TEST(LoadDecoder, KnowsWhatAFamilyMeansWhereTheConfigIsSilent) {
  EXPECT_NEAR(second_frequency(loaded("llama", llama_tensors())), 1 / std::sqrt(1e4), 1e-12);
  EXPECT_NEAR(second_frequency(loaded("smollm3", llama_tensors())), 1 / std::sqrt(2e6), 1e-12);
  EXPECT_NEAR(
      second_frequency(loaded(
          "cohere", changed_tensors({}, {"model.layers.0.post_attention_layernorm.weight"}))),
      1 / std::sqrt(5e5), 1e-12);
  EXPECT_EQ(loaded("granite", llama_tensors()).blocks[0].attention.rules.scale, 1);
  EXPECT_EQ(loaded("llama", llama_tensors()).blocks[0].attention.rules.window, std::nullopt);
  EXPECT_EQ(loaded("mistral", llama_tensors()).blocks[0].attention.rules.window, 4095);
  EXPECT_EQ(loaded("mistral", llama_tensors(), {{"sliding_window", "null"}})
                .blocks[0]
                .attention.rules.window,
            std::nullopt);

  const tensors olmo2 = changed_tensors({{"self_attn.q_norm.weight", {8}},
                                         {"self_attn.k_norm.weight", {4}},
                                         {"post_feedforward_layernorm.weight", {8}}},
                                        {"model.layers.0.input_layernorm.weight"});
  EXPECT_EQ(std::get<rms_norm<float>>(loaded("olmo2", olmo2).final_norm).epsilon, 1e-5);

  const tensors qwen2 = changed_tensors({{"self_attn.q_proj.bias", {8}},
                                         {"self_attn.k_proj.bias", {4}},
                                         {"self_attn.v_proj.bias", {4}}});
  const auto window_of_qwen2 = [&](const fields& more) {
    return loaded("qwen2", qwen2, more).blocks[0].attention.rules.window;
  };
  EXPECT_EQ(window_of_qwen2({{"sliding_window", "4"}, {"max_window_layers", "0"}}), std::nullopt);
  EXPECT_EQ(window_of_qwen2({{"sliding_window", "4"}, {"use_sliding_window", "true"}}),
            std::nullopt);  // the first 28 layers see all
  EXPECT_EQ(window_of_qwen2({{"use_sliding_window", "true"}, {"max_window_layers", "0"}}), 4095);
}

// transformers reads max_position_embeddings alone.
TEST(LoadDecoder, StretchesDynamicallyBeyondTheTrainedPositions) {
  const auto model = loaded("llama", llama_tensors(),
                            {{"max_position_embeddings", "64"},
                             {"rope_scaling", R"({"rope_type":"dynamic","factor":2,)"
                                              R"("original_max_position_embeddings":16})"}});
  const auto& rope = model.blocks[0].attention.rotary.value();
  EXPECT_EQ(rope.for_length(40).frequency(1), rope.frequency(1));
  EXPECT_LT(rope.for_length(65).frequency(1), rope.frequency(1));
}

// Kinds of layers that a config tells of and no layer has.
TEST(LoadDecoder, AcceptsWordsAboutLayersThatAreNotThere) {
  const tensors gemma3 = changed_tensors({{"self_attn.q_norm.weight", {4}},
                                          {"self_attn.k_norm.weight", {4}},
                                          {"pre_feedforward_layernorm.weight", {8}},
                                          {"post_feedforward_layernorm.weight", {8}}});
  const fields both{{"rope_parameters",
                     R"({"full_attention":{"rope_type":"linear","factor":8,"rope_theta":1e6},)"
                     R"("sliding_attention":{"rope_type":"default","rope_theta":100}})"}};
  EXPECT_NEAR(second_frequency(loaded("gemma3_text", gemma3, both)), 0.1, 1e-12);
  fields full = both;
  full["layer_types"] = R"(["full_attention"])";
  EXPECT_NEAR(second_frequency(loaded("gemma3_text", gemma3, full)), 1e-3 / 8, 1e-12);

  fields no_experts{{"num_experts", "4"},           {"num_experts_per_tok", "2"},
                    {"moe_intermediate_size", "6"}, {"mlp_only_layers", "[0]"},
                    {"norm_topk_prob", "true"},     {"decoder_sparse_step", "1"}};
  EXPECT_EQ(
      loaded("qwen3_moe",
             changed_tensors({{"self_attn.q_norm.weight", {4}}, {"self_attn.k_norm.weight", {4}}}),
             no_experts)
          .blocks.size(),
      1u);
}

TEST(LoadDecoder, TakesNoMemoryForPositionsThatNoTensorHas) {
  const std::string words = "transformer.wte.weight", places = "transformer.wpe.weight";
  fields given = llama_fields();
  given["model_type"] = R"("gpt2")";
  given.erase("num_key_value_heads");
  given["n_positions"] = "2147483647";
  EXPECT_EQ(folder(given, {{words, {5, 8}}, {places, {4, 8}}}).refusal(),
            "model.safetensors: tensor \"transformer.wpe.weight\" is 4x8, but it must be "
            "2147483647x8");
}

// What a family refuses beside that: its fields, and the sentence.
TEST(LoadDecoder, RefusesWhatAFamilyDoesNotServe) {
  const auto of = [](const std::string& family, const fields& more) {
    fields given = llama_fields();
    given["model_type"] = '"' + family + '"';
    for (const auto& [name, value] : more) given[name] = value;
    return folder(given).refusal();
  };
  EXPECT_EQ(of("bloom", {{"slow_but_exact", "true"}}),
            "config.json: slow_but_exact: expected false, found true");
  EXPECT_EQ(of("bloom", {{"apply_residual_connection_post_layernorm", "true"}}),
            "config.json: apply_residual_connection_post_layernorm: expected false, found true");
  EXPECT_EQ(of("gemma", {{"use_bidirectional_attention", "true"}}),
            "config.json: use_bidirectional_attention: expected false, found true");
  EXPECT_EQ(of("gemma2", {{"attn_logit_softcapping", "-1"}}),
            "config.json: attn_logit_softcapping: expected a number above 0, found -1");
  for (const char* const share : {"0.75", "1e300"})
    EXPECT_EQ(of("phi", {{"partial_rotary_factor", share}}).substr(0, 86),
              "config.json: partial_rotary_factor: expected an even share of the 4 columns of a "
              "head,");
  EXPECT_EQ(of("gpt2", {{"add_cross_attention", "true"}}),
            "config.json: add_cross_attention: expected false, found true");
  EXPECT_EQ(of("mpt", {{"attn_config", R"({"qk_ln":true})"}}),
            "config.json: attn_config.qk_ln: expected false, found true");
  EXPECT_EQ(of("mpt", {{"attn_config", R"({"alibi":false})"}}),
            "config.json: attn_config.alibi: expected true, found false");
  EXPECT_EQ(of("gptj", {{"rotary_dim", "6"}}),
            "config.json: rotary_dim: expected an even number, at most the 4 columns of a head, "
            "found 6");
  EXPECT_EQ(of("gpt_neo", {{"max_position_embeddings", "4"},
                           {"attention_types", R"([[["global","sparse"],1]])"}}),
            "config.json: attention_types: expected \"global\" or \"local\" for each of the 1 "
            "layers, found a list of 1");
  EXPECT_EQ(of("gpt_neo", {{"max_position_embeddings", "4"},
                           {"attention_types", R"([[["global"],9000000000]])"}}),
            "config.json: attention_types: expected \"global\" or \"local\" for each of the 1 "
            "layers, found a list of 1");
}

TEST(LoadDecoder, RefusesExpertsThatItDoesNotServe) {
  fields given = llama_fields();
  given["model_type"] = R"("qwen3_moe")";
  given["num_experts"] = "1";
  given["num_experts_per_tok"] = "2";
  given["moe_intermediate_size"] = "6";
  tensors shapes = llama_tensors();
  for (const char* const part : {"gate", "up", "down"}) {
    const std::string name = std::string(part) + "_proj.weight";
    const auto plain = shapes.extract("model.layers.0.mlp." + name);
    shapes["model.layers.0.mlp.experts.0." + name] = plain.mapped();
  }
  shapes["model.layers.0.mlp.gate.weight"] = {1, 8};
  shapes["model.layers.0.self_attn.q_norm.weight"] = {4};
  shapes["model.layers.0.self_attn.k_norm.weight"] = {4};
  EXPECT_EQ(folder(given, shapes).refusal(),
            "config.json: num_experts_per_tok: expected at most 1, all experts, found 2");
  given["num_experts_per_tok"] = "1";
  EXPECT_EQ(folder(given, shapes).refusal(), "accepted");
  given["shared_expert_intermediate_size"] = "6";
  EXPECT_EQ(folder(given, shapes).refusal(),
            "config.json: shared_expert_intermediate_size: expected no field that heed does not "
            "know, since it may change results, found 6");
}

}  // namespace
}  // namespace heed
