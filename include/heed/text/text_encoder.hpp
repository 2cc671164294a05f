// SPDX-License-Identifier: MIT
// Sentence embeddings: vectors of texts, which are near each other if the texts have similar
// meanings.
//
//   heed::text_encoder encode = heed::load_text_encoder("all-MiniLM-L6-v2");
//   Eigen::MatrixXf vectors = encode({"one text", "another"});  // (2, 384), each of length 1
//   Eigen::MatrixXf hidden = encode.hidden(ids);                // (tokens, 384)
//
// Reimers and Gurevych, "Sentence-BERT: Sentence Embeddings using Siamese BERT-Networks", 2019.
#pragma once

#include <heed/config.hpp>               // HEED_MODELS_INLINE
#include <heed/io/file_error.hpp>        // file_error
#include <heed/model/encoder.hpp>        // encoder
#include <heed/model/sentence_head.hpp>  // sentence_head
#include <heed/text/tokenizer.hpp>       // tokenizer

#include <algorithm>   // search
#include <filesystem>  // path

namespace heed {
inline namespace HEED_ABI {

struct text_encoder {
  heed::encoder<float> encoder;
  sentence_head<float> head;             // computes a text's vector from those of its tokens
  std::optional<tokenizer> tokens = {};  // none: only ids can be encoded, not texts
  index longest = 0;                     // longer texts are truncated to so many tokens; 0: none is
  std::string prompt = {};               // put before each text

  // The number of columns of a text's vector.
  [[nodiscard]] index width() const { return head.width(encoder.words.model()); }

  // The vectors of texts, (texts, width), pooled as the files of the folder define. Modifiers: in, on;
  // the bits are the same on any number of threads. Texts are processed in batches without padding,
  // and each thread takes whole batches. Throws tokenizer_error if the folder has no tokenizer.
  template <class... Modifiers>
  [[nodiscard]] matrix<float> operator()(const std::vector<std::string>& texts,
                                         const Modifiers&... modifiers) const {
    std::vector<token_sequences> batches(1);
    std::vector<index> firsts{0};  // the first text of each batch
    for (const std::string& text : texts) {
      if (static_cast<index>(batches.back().ids.size()) >= tokens_at_once) {
        firsts.push_back(firsts.back() + batches.back().count());
        batches.emplace_back();
      }
      batches.back().append(ids(text));
    }

    matrix<float> vectors(static_cast<index>(texts.size()), width());
    const auto encode = [&](index i, const auto&... resources) {
      const token_sequences& batch = batches[static_cast<std::size_t>(i)];
      vectors.middleRows(firsts[static_cast<std::size_t>(i)], batch.count()) =
          pooled(batch, resources...);
    };
    const auto count = texts.empty() ? 0 : static_cast<index>(batches.size());
    const auto options = detail::gather_settings<float>(modifiers...);
    if (count < options.on.workers) {
      for (index i = 0; i < count; ++i) encode(i, modifiers...);
    } else {
      scratch& room = options.memory ? *options.memory : detail::default_scratch();
      room.prepare_workers(options.on.workers, 0);
      detail::run_tasks(options.on, count,
                        [&](index worker, index i) { encode(i, in(room.worker(worker))); });
    }
    return vectors;
  }

  // The same from ids, which include the tokens that a tokenizer adds around a text.
  template <class... Modifiers>
  [[nodiscard]] matrix<float> pooled(const token_sequences& sequences,
                                     const Modifiers&... modifiers) const {
    return head(encoder.hidden(sequences, modifiers...), sequences.starts);
  }
  template <class... Modifiers>
  [[nodiscard]] matrix<float> pooled(const std::vector<index>& ids,
                                     const Modifiers&... modifiers) const {
    return pooled(token_sequences(ids), modifiers...);
  }

  // The last hidden state of each token, (tokens, model), of one sequence or of several.
  template <class... Modifiers>
  [[nodiscard]] matrix<float> hidden(const token_sequences& sequences,
                                     const Modifiers&... modifiers) const {
    return encoder.hidden(sequences, modifiers...);
  }
  template <class... Modifiers>
  [[nodiscard]] matrix<float> hidden(const std::vector<index>& ids,
                                     const Modifiers&... modifiers) const {
    return encoder.hidden(ids, modifiers...);
  }

  // The tokens of the prompt and the text, truncated to `longest`; the tokens that the tokenizer adds around a text are
  // kept. Throws tokenizer_error without a tokenizer, or if these alone are more than `longest`.
  [[nodiscard]] std::vector<index> ids(const std::string& text) const {
    detail::require<tokenizer_error>(
        tokens.has_value(),
        "heed::text_encoder: the folder has no tokenizer; give ids to hidden or pooled");
    const std::string prompted = prompt + text;
    std::vector<index> all = tokens->encode(prompted);
    if (longest == 0 || static_cast<index>(all.size()) <= longest) return all;
    const std::vector<index> inner = tokens->encode(prompted, {.add_special_tokens = false});
    const auto added = static_cast<index>(all.size()) - static_cast<index>(inner.size());
    const auto begin = std::search(all.begin(), all.end(), inner.begin(), inner.end());
    detail::require<tokenizer_error>(
        begin != all.end() && added <= longest, "heed::text_encoder: a text of ", all.size(),
        " tokens, of which ", added, " are added around it, cannot be cut to ", longest);
    all.erase(begin + (longest - added), begin + static_cast<index>(inner.size()));
    return all;
  }

 private:
  static constexpr index tokens_at_once = 512;
};

// Loads a folder of Hugging Face, with the files of sentence-transformers (modules.json and those it names);
// without these files, a text's vector is the mean of its tokens' vectors. Throws file_error as load_encoder does
// and for a module that is not supported, tokenizer_error for a tokenizer that cannot be read.
[[nodiscard]] text_encoder load_text_encoder(const std::filesystem::path& folder);

}  // namespace HEED_ABI
}  // namespace heed

#ifndef HEED_MODELS_COMPILED
#include <heed/text/text_encoder_implementation.hpp>  // what the file above declares
#endif
