// SPDX-License-Identifier: MIT
// A published language model: a decoder, its context in tokens, and the tokens that end a text.
//
//   const heed::language_model model = heed::load_language_model("SmolLM2-135M-Instruct");
//   for (heed::index id : model.generate(ids, {.tokens = 64})) std::cout << text.decode({id});
#pragma once

#include <heed/model/generate_all.hpp>  // generate_all
#include <heed/model/generation.hpp>    // generation, decoder

namespace heed {
inline namespace HEED_ABI {

struct language_model {
  heed::decoder<float> decoder;
  index context = 0;             // the most tokens that the model was trained for; 0: not known
  std::vector<index> ends = {};  // tokens that end a text

  // Logits of the token that follows each token: (ids, vocabulary). `run`: the executor.
  [[nodiscard]] matrix<float> logits(const std::vector<index>& ids, const executor& run = {}) const;

  // A range of the tokens that follow the prompt; greedy unless the options set a temperature, top_k,
  // top_p or min_p. Ends after options.tokens tokens, or with a token of `ends` or options.stop, which
  // is the last of the range. Throws std::length_error if prompt and options.tokens exceed the context.
  [[nodiscard]] generation<float> generate(std::vector<index> prompt,
                                           generate_options options = {}) const {
    check(static_cast<index>(prompt.size()), options);
    return {decoder, std::move(prompt), with_ends(std::move(options))};
  }

  // The same for a prompt that follows the tokens in a cache: a conversation.
  [[nodiscard]] generation<float> generate(std::vector<index> prompt, decoder_cache<float>& cache,
                                           generate_options options = {}) const {
    check(cache.position() + static_cast<index>(prompt.size()), options);
    return {decoder, std::move(prompt), with_ends(std::move(options)), &cache};
  }

  // Continues several prompts at once: one vector of new tokens for each, the same as of generate.
  [[nodiscard]] std::vector<std::vector<index>> generate_all(
      const std::vector<std::vector<index>>& prompts, generate_options options = {}) const {
    for (const std::vector<index>& prompt : prompts)
      check(static_cast<index>(prompt.size()), options);
    return heed::generate_all(decoder, prompts, with_ends(std::move(options)));
  }

  // An empty KV cache with memory for `capacity` tokens; 0: for the whole context. Throws shape_error if both are 0.
  [[nodiscard]] decoder_cache<float> cache(index capacity = 0) const {
    detail::require(capacity > 0 || context > 0,
                    "heed::language_model: the model does not say how long its context is; give "
                    "the cache a capacity");
    return decoder.cache(capacity > 0 ? capacity : context);
  }

 private:
  void check(index before, const generate_options& options) const {
    detail::require<std::length_error>(
        context == 0 || options.tokens <= context - before, "heed::language_model: ", before,
        " tokens and ", options.tokens, " more are beyond the model's context of ", context);
  }
  generate_options with_ends(generate_options options) const {
    options.stop.insert(options.stop.end(), ends.begin(), ends.end());
    return options;
  }
};

#ifdef HEED_MODELS_COMPILED
// Compiled in CMake's heed_models.
extern template class generation<float>;
#endif

}  // namespace HEED_ABI
}  // namespace heed

#ifndef HEED_MODELS_COMPILED
#include <heed/model/language_model_implementation.hpp>  // what the file above declares
#endif
