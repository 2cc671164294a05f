// SPDX-License-Identifier: MIT
// The definitions of save_decoder.hpp. A program that links CMake's heed_models, which contains
// these compiled, does not include this file.
//
//   #include <heed/io/hugging_face/save_decoder.hpp>  // includes this file
#pragma once

#include <heed/io/hugging_face/save_decoder.hpp>     // what is defined here
#include <heed/io/hugging_face/written_tensors.hpp>  // written_tensors
#include <heed/io/json.hpp>                          // nlohmann::ordered_json
#include <heed/io/new_file.hpp>                      // write_text
#include <heed/io/safetensors_writer.hpp>            // write_safetensors
#include <heed/model/decoder.hpp>                    // decoder
#include <heed/storage/convert.hpp>                  // from_float

#include <deque>  // deque

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The tensors of one decoder under the names of one family.
class decoder_tensors {
 public:
  explicit decoder_tensors(const decoder<float>& d) : d_(d), to_("heed::save_decoder") {}

  [[nodiscard]] const std::vector<tensor_view>& views() const { return to_.views(); }

  // true: the decoder is of GPT-2's kind; false: of Llama's. Throws shape_error for other decoders.
  static bool is_gpt2(const decoder<float>& d) {
    const auto refuse_unless = [](bool holds, const char* what) {
      require(holds, "heed::save_decoder: ", what,
              "; only decoders as GPT-2's and Llama's are written");
    };
    refuse_unless(!d.blocks.empty(), "the decoder has no blocks");
    const bool gpt2 = d.places.has_value();
    refuse_unless(d.embedding_projection.outputs() == 0 && d.head_projection.outputs() == 0 &&
                      !has_norm(d.embedding_norm) && d.first_place == 0 &&
                      exactly_equal(d.embedding_scale, 1.0) && exactly_equal(d.logit_scale, 1.0) &&
                      exactly_equal(d.logit_cap, 0.0) && d.head.bias.size() == 0,
                  "the embedding or the head is projected, scaled, normed or has a bias");
    for (const transformer_block<float>& b : d.blocks) {
      const auto* const feed = std::get_if<feed_forward<float>>(&b.feed);
      const attention_layer<float>& a = b.attention;
      refuse_unless(feed != nullptr && b.order == transformer_block<float>::residual::sequential &&
                        exactly_equal(b.residual_scale, 1.0) && !has_norm(b.attention_post_norm) &&
                        !has_norm(b.feed_post_norm) && !has_norm(b.attention_norm_of_sum) &&
                        !has_norm(b.feed_norm_of_sum),
                    "a block has experts, norms after its layers or both layers at once");
      refuse_unless(a.rules.causal && !a.rules.window && a.rules.alibi.empty() &&
                        a.rules.sinks.empty() && a.rules.distance_bias.size() == 0 &&
                        exactly_equal(a.rules.soft_cap, 0.0) && exactly_equal(a.clip, 0.0) &&
                        !has_norm(a.query_norm) && !has_norm(a.key_norm),
                    "attention has rules beside causal, norms or a clip");
      const bool as_gpt2 = std::holds_alternative<layer_norm<float>>(b.attention_norm) &&
                           !a.rotary && !feed->gated() &&
                           feed->activation == activation::gelu_tanh && a.query.bias.size() > 0 &&
                           a.kv_heads() == a.heads.query;
      const bool as_llama = std::holds_alternative<rms_norm<float>>(b.attention_norm) && a.rotary &&
                            feed->gated() && feed->activation == activation::silu &&
                            a.query.bias.size() == 0 && feed->up.bias.size() == 0;
      refuse_unless(gpt2 ? as_gpt2 : as_llama,
                    "its norms, positions, activations or biases are of another kind");
    }
    return gpt2;
  }

  void gpt2() {
    const std::string in = "transformer.";
    to_.add(in + "wte.weight", d_.words.weight);
    to_.add(in + "wpe.weight", d_.places->weight);
    for (std::size_t i = 0; i < d_.blocks.size(); ++i) {
      const transformer_block<float>& b = d_.blocks[i];
      const attention_layer<float>& a = b.attention;
      const std::string name = in + "h." + std::to_string(i) + ".";
      to_.norm(name + "ln_1", b.attention_norm);
      linear<float> all;
      all.weight.resize(a.query.inputs(), 3 * a.query.outputs());
      all.weight << a.query.weight, a.key.weight, a.value.weight;
      all.bias.resize(3 * a.query.outputs());
      all.bias << a.query.bias, a.key.bias, a.value.bias;
      to_.conv1d(name + "attn.c_attn", to_.owned(std::move(all)));
      to_.conv1d(name + "attn.c_proj", a.output);
      to_.norm(name + "ln_2", b.feed_norm);
      const auto& feed = std::get<feed_forward<float>>(b.feed);
      to_.conv1d(name + "mlp.c_fc", feed.up);
      to_.conv1d(name + "mlp.c_proj", feed.down);
    }
    to_.norm(in + "ln_f", d_.final_norm);
    head();
  }

  void llama() {
    to_.add("model.embed_tokens.weight", d_.words.weight);
    for (std::size_t i = 0; i < d_.blocks.size(); ++i) {
      const transformer_block<float>& b = d_.blocks[i];
      const attention_layer<float>& a = b.attention;
      const std::string name = "model.layers." + std::to_string(i) + ".";
      to_.norm(name + "input_layernorm", b.attention_norm);
      to_.linear(name + "self_attn.q_proj", a.query);
      to_.linear(name + "self_attn.k_proj", a.key);
      to_.linear(name + "self_attn.v_proj", a.value);
      to_.linear(name + "self_attn.o_proj", a.output);
      to_.norm(name + "post_attention_layernorm", b.feed_norm);
      const auto& feed = std::get<feed_forward<float>>(b.feed);
      to_.linear(name + "mlp.gate_proj", feed.gate);
      to_.linear(name + "mlp.up_proj", feed.up);
      to_.linear(name + "mlp.down_proj", feed.down);
    }
    to_.norm("model.norm", d_.final_norm);
    head();
  }

 private:
  void head() {
    if (d_.head.outputs() > 0) to_.linear("lm_head", d_.head);
  }

  const decoder<float>& d_;
  written_tensors to_;
};

// Copies of tensors of floats, rounded to F16 or BF16; for F32, the tensors themselves.
class rounded_tensors {
 public:
  rounded_tensors(std::vector<tensor_view> tensors, dtype type) : tensors_(std::move(tensors)) {
    if (type == dtype::f32) return;
    for (tensor_view& tensor : tensors_) {
      std::vector<std::byte>& bytes =
          bytes_.emplace_back(static_cast<std::size_t>(bytes_of(type, tensor.size())));
      // tensor_view_of made the view of floats, so its bytes are aligned as floats are.
      from_float(type, reinterpret_cast<const float*>(tensor.bytes.data()), tensor.size(),
                 bytes.data());
      tensor.type = type;
      tensor.bytes = bytes;
    }
  }

  operator std::span<const tensor_view>() const { return tensors_; }

 private:
  std::vector<tensor_view> tensors_;
  std::deque<std::vector<std::byte>> bytes_;
};

inline void require_saved_dtype(dtype type) {
  require(type == dtype::f32 || type == dtype::f16 || type == dtype::bf16,
          "heed::save_decoder: weights are saved as F32, F16 or BF16, not as ", name_of(type));
}

// The text of config.json for a decoder of GPT-2's or of Llama's kind.
inline std::string config_text(const decoder<float>& d, bool gpt2, const saved_model_facts& facts) {
  const transformer_block<float>& b = d.blocks.front();
  const auto& feed = std::get<feed_forward<float>>(b.feed);
  nlohmann::ordered_json c;
  c["architectures"] = {gpt2 ? "GPT2LMHeadModel" : "LlamaForCausalLM"};
  c["model_type"] = gpt2 ? "gpt2" : "llama";
  c["vocab_size"] = d.vocabulary();
  if (gpt2) {
    c["n_positions"] = d.places->weight.rows();
    c["n_embd"] = d.model();
    c["n_layer"] = d.blocks.size();
    c["n_head"] = b.attention.heads.query;
    c["n_inner"] = feed.up.outputs();
    c["activation_function"] = "gelu_new";
    c["layer_norm_epsilon"] = std::get<layer_norm<float>>(b.attention_norm).epsilon;
    for (const char* const dropped : {"attn_pdrop", "embd_pdrop", "resid_pdrop"}) c[dropped] = 0.0;
  } else {
    c["max_position_embeddings"] = facts.context;
    c["hidden_size"] = d.model();
    c["num_hidden_layers"] = d.blocks.size();
    c["num_attention_heads"] = b.attention.heads.query;
    c["num_key_value_heads"] = b.attention.kv_heads();
    c["head_dim"] = b.attention.width();
    c["intermediate_size"] = feed.up.outputs();
    c["hidden_act"] = "silu";
    c["rms_norm_eps"] = std::get<rms_norm<float>>(b.attention_norm).epsilon;
    c["rope_theta"] = facts.theta;
    c["attention_bias"] = false;
    c["mlp_bias"] = false;
  }
  c["tie_word_embeddings"] = d.head.outputs() == 0;
  c["bos_token_id"] = nullptr;
  c["eos_token_id"] = nullptr;
  if (facts.ends.size() == 1) c["eos_token_id"] = facts.ends.front();
  if (facts.ends.size() > 1) c["eos_token_id"] = facts.ends;
  c["torch_dtype"] = facts.weights == dtype::bf16  ? "bfloat16"
                     : facts.weights == dtype::f16 ? "float16"
                                                   : "float32";
  return c.dump(2) + '\n';
}

}  // namespace detail

HEED_MODELS_INLINE void save_decoder_weights(const std::filesystem::path& folder,
                                             const decoder<float>& d, dtype weights) {
  detail::require_saved_dtype(weights);
  const bool gpt2 = detail::decoder_tensors::is_gpt2(d);
  detail::decoder_tensors tensors(d);
  if (gpt2)
    tensors.gpt2();
  else
    tensors.llama();
  write_safetensors(folder / "model.safetensors", detail::rounded_tensors(tensors.views(), weights),
                    {{"format", "pt"}});
}

HEED_MODELS_INLINE void save_decoder(const std::filesystem::path& folder, const decoder<float>& d,
                                     const saved_model_facts& facts) {
  detail::require_saved_dtype(facts.weights);
  const bool gpt2 = detail::decoder_tensors::is_gpt2(d);
  std::filesystem::create_directories(folder);
  detail::write_text(folder / "config.json", detail::config_text(d, gpt2, facts));
  save_decoder_weights(folder, d, facts.weights);
}

}  // namespace HEED_ABI
}  // namespace heed
