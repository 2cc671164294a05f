// SPDX-License-Identifier: MIT
// Nomic BERT: BERT with rotary positions and a gated feed-forward layer. The fields of its config have the
// names of transformers or, in the published files, those of GPT-2 (n_embd, n_head ...).
#pragma once

#include <heed/io/hugging_face/encoder_family.hpp>  // encoder_family
#include <heed/io/hugging_face/rope.hpp>            // read_rope

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Refuses options of the published code that change results and that no published model uses.
inline void serve_only_nomic(const config& c) {
  for (const char* const off :
       {"prenorm", "qkv_proj_bias", "mlp_fc1_bias", "mlp_fc2_bias", "use_rms_norm",
        "parallel_block", "rotary_emb_interleaved", "causal"})
    serve_only(c, off, false);
  if (c.contains("rotary_scaling_factor"))
    c.refuse("rotary_scaling_factor", "nothing: scaled rotary positions are not served");
  if (c.contains("rotary_emb_scale_base")) c.refuse("rotary_emb_scale_base", "nothing");
  if (const double share = c.number("rotary_emb_fraction", 1); share < 1 || share > 1)
    c.refuse("rotary_emb_fraction", "1");
  serve_only(c, "activation_function", "swiglu");
  serve_only(c, "scale_attn_weights", true);
  serve_only(c, "scale_attn_by_inverse_layer_idx", false);
  ignore_fields(c, {"dense_seq_output", "fused_bias_fc", "fused_dropout_add_ln",
                    "last_layer_subset", "max_trained_positions", "pad_vocab_size_multiple",
                    "reorder_and_upcast_attn", "use_flash_attn", "use_xentropy"});
}

inline encoder<float> load_nomic_bert(const config& c, model_weights& weights) {
  const bool published = c.contains("n_embd");
  const auto count = [&](const char* name, const char* published_name) {
    return c.count(published ? published_name : name);
  };
  if (published) serve_only_nomic(c);
  const index model = count("hidden_size", "n_embd"),
              heads = count("num_attention_heads", "n_head"),
              layers = count("num_hidden_layers", "n_layer"),
              hidden = count("intermediate_size", "n_inner"), vocabulary = c.count("vocab_size");
  const encoder_block_facts facts{
      model,
      heads,
      c.contains("head_dim")
          ? c.count("head_dim")
          : head_width(c, published ? "n_head" : "num_attention_heads", model, heads),
      hidden,
      c.number(published ? "layer_norm_epsilon" : "layer_norm_eps", 1e-12),
      published ? activation::silu : read_activation(c, "hidden_act", "silu"),
      false};
  ignore_fields(c, {"tie_word_embeddings"});
  const auto rope =
      read_rope(c, {.width = facts.width, .theta = c.number("rotary_emb_base", 1000)});

  encoder<float> encoder;
  encoder.words.weight = weights.table("embeddings.word_embeddings.weight", vocabulary, model);
  encoder.types.weight = weights.table("embeddings.token_type_embeddings.weight",
                                       c.count("type_vocab_size", 2), model);
  encoder.embedding_norm = weights.layer_norm("emb_ln", model, facts.epsilon);
  for (index i = 0; i < layers; ++i) {
    const std::string name = numbered("encoder.layers.", i);
    transformer_block<float> block;
    block.attention =
        load_fused_attention(weights, name + "attn.Wqkv", name + "attn.out_proj", facts);
    block.attention.rotary = rope;
    block.attention_norm_of_sum = weights.layer_norm(name + "norm1", model, facts.epsilon);
    feed_forward<float> feed =
        load_encoder_feed(weights, name + "mlp.fc11", name + "mlp.fc2", facts);
    feed.gate = weights.linear(name + "mlp.fc12", model, hidden, false);
    block.feed = std::move(feed);
    block.feed_norm_of_sum = weights.layer_norm(name + "norm2", model, facts.epsilon);
    encoder.blocks.push_back(std::move(block));
  }
  return encoder;
}

inline constexpr encoder_family nomic_bert_families[] = {{"nomic_bert", load_nomic_bert}};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
