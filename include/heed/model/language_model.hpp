// SPDX-License-Identifier: MIT
// A published language model: a decoder, how long its context may be, and which tokens end a text.
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

  // Logits of the token that follows each token: (ids, vocabulary). Runs on `run`, if given.
  [[nodiscard]] matrix<float> logits(const std::vector<index>& ids, const executor& run = {}) const;

  // The tokens that follow the prompt, a range; greedy unless the options set a temperature, top_k,
  // top_p or min_p. Ends with one of `ends`, which is given too, after `tokens` tokens, or with one
  // of options.stop. Throws std::length_error if prompt and tokens exceed the context.
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

  // Several prompts at once: one vector of tokens for each, the same as for that prompt alone.
  [[nodiscard]] std::vector<std::vector<index>> generate_all(
      const std::vector<std::vector<index>>& prompts, generate_options options = {}) const {
    for (const std::vector<index>& prompt : prompts)
      check(static_cast<index>(prompt.size()), options);
    return heed::generate_all(decoder, prompts, with_ends(std::move(options)));
  }

  // Room for the keys and values of `capacity` tokens, or of the whole context.
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
