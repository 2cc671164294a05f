// SPDX-License-Identifier: MIT
// Refuses a config.json with an option that no loader has read: such an option may change results,
// and a model that runs without it would differ from the published one.
//
//   heed::detail::refuse_unread(c);
//   // throws file_error: config.json: qk_clip: expected no field that heed does not know, since it may change
//   // results, found 30
#pragma once

#include <heed/io/config.hpp>  // config

#include <algorithm>    // any_of
#include <string_view>  // string_view

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Fields that do not change what a decoder computes from ids: descriptions of the file, ids for a tokenizer,
// settings of training and of generation, the longest text that a model was trained with.
inline constexpr std::string_view harmless_fields[] = {"_attn_implementation_autoset",
                                                       "_name_or_path",
                                                       "architectures",
                                                       "attn_implementation",
                                                       "auto_map",
                                                       "bad_words_ids",
                                                       "begin_suppress_tokens",
                                                       "bias_dropout_fusion",
                                                       "bos_token_id",
                                                       "cache_implementation",
                                                       "chunk_size_feed_forward",
                                                       "custom_pipelines",
                                                       "decoder_start_token_id",
                                                       "diversity_penalty",
                                                       "do_sample",
                                                       "dtype",
                                                       "early_stopping",
                                                       "encoder_no_repeat_ngram_size",
                                                       "eos_token_id",
                                                       "experts_implementation",
                                                       "exponential_decay_length_penalty",
                                                       "finetuning_task",
                                                       "forced_bos_token_id",
                                                       "forced_eos_token_id",
                                                       "gradient_checkpointing",
                                                       "id2label",
                                                       "init_device",
                                                       "init_std",
                                                       "initializer_range",
                                                       "is_decoder",
                                                       "label2id",
                                                       "length_penalty",
                                                       "masked_softmax_fusion",
                                                       "max_length",
                                                       "max_position_embeddings",
                                                       "max_seq_len",
                                                       "max_sequence_length",
                                                       "min_length",
                                                       "model_max_length",
                                                       "model_type",
                                                       "n_ctx",
                                                       "n_positions",
                                                       "no_repeat_ngram_size",
                                                       "num_beam_groups",
                                                       "num_beams",
                                                       "num_return_sequences",
                                                       "offset_alibi",
                                                       "output_attentions",
                                                       "output_hidden_states",
                                                       "output_past",
                                                       "output_router_logits",
                                                       "output_scores",
                                                       "pad_token_id",
                                                       "prefix",
                                                       "pretraining_tp",
                                                       "problem_type",
                                                       "remove_invalid_values",
                                                       "repetition_penalty",
                                                       "return_dict",
                                                       "return_dict_in_generate",
                                                       "sep_token_id",
                                                       "seq_length",
                                                       "skip_bias_add",
                                                       "suppress_tokens",
                                                       "task_specific_params",
                                                       "temperature",
                                                       "tf_legacy_loss",
                                                       "tokenizer_class",
                                                       "top_k",
                                                       "top_p",
                                                       "torch_dtype",
                                                       "torchscript",
                                                       "transformers_version",
                                                       "typical_p",
                                                       "unk_token_id",
                                                       "use_bfloat16",
                                                       "use_cache"};

// Parts of the names of further such fields: dropout, losses of routers, heads of a classifier.
inline constexpr std::string_view harmless_parts[] = {"dropout",    "pdrop",         "layerdrop",
                                                      "router_aux", "router_jitter", "summary_"};

inline bool is_harmless(std::string_view path) {
  const std::string_view field = path.substr(path.rfind('.') + 1);
  return std::any_of(std::begin(harmless_fields), std::end(harmless_fields),
                     [&](std::string_view name) { return name == field; }) ||
         std::any_of(std::begin(harmless_parts), std::end(harmless_parts),
                     [&](std::string_view part) { return field.find(part) != field.npos; });
}

// false, "", [] and {}: an option that is switched off.
inline bool is_empty_option(const config_value& value) {
  if (const auto* flag = std::get_if<bool>(&value.is)) return !*flag;
  if (const auto* text = std::get_if<std::string>(&value.is)) return text->empty();
  if (const auto* list = std::get_if<config_value::list>(&value.is)) return list->empty();
  if (const auto* fields = std::get_if<config_value::object>(&value.is)) return fields->empty();
  return false;
}

inline void refuse_unread(const config& c) {
  for (const std::string& path : c.unread()) {
    if (is_harmless(path)) continue;
    config within = c;
    std::string_view name = path;
    for (auto dot = name.find('.'); within.find(name) == nullptr && dot != name.npos;
         dot = name.find('.')) {
      within = within.object(name.substr(0, dot));
      name.remove_prefix(dot + 1);
    }
    const config_value* const value = within.find(name);
    if (value != nullptr && !is_empty_option(*value))
      within.refuse(name, "no field that heed does not know, since it may change results");
  }
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
