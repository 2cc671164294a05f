// SPDX-License-Identifier: MIT
// The options that generate and chat share: the model, and how it chooses tokens.
#pragma once

#include "team.hpp"
#include "world_model.hpp"

#include <heed/models.hpp>

#include <CLI/CLI.hpp>

#include <optional>
#include <stdexcept>
#include <string>

struct speaking_options {
  std::string model, tokenizer, weights;
  heed::generate_options generate;
  int threads = 0;
  bool mapped = false;

  void add_to(CLI::App& app) {
    add_model(app, model);
    app.add_option("--tokenizer", tokenizer, "its folder or file, where it is not the model's");
    app.add_option("--weights", weights, "round its weights to f16, bf16, q8_0, q5_1, q4_0, ...");
    app.add_flag("--mapped", mapped,
                 "read its weights where the file has them: less memory, fewer tokens a second");
    app.add_option("--tokens", generate.tokens, "the most tokens that are written")
        ->capture_default_str();
    app.add_option("--temperature", generate.temperature,
                   "above 0, tokens are drawn by chance; else the likeliest is taken");
    app.add_option("--top-k", generate.top_k, "draw from so many of the likeliest; 0: from all");
    app.add_option("--top-p", generate.top_p,
                   "draw from the fewest whose probabilities add up to it")
        ->capture_default_str();
    app.add_option("--min-p", generate.min_p,
                   "draw from those at least so many times as probable as the likeliest")
        ->capture_default_str();
    app.add_option("--repetition-penalty", generate.repetition_penalty,
                   "above 1, tokens that have been seen are less likely")
        ->capture_default_str();
    app.add_option("--seed", generate.seed, "of random numbers: the same seed gives the same text")
        ->capture_default_str();
    app.add_option("--guess", generate.guess,
                   "guess so many tokens from what was written before, and check them together: "
                   "the same text, sooner where it repeats itself")
        ->capture_default_str();
    app.add_option("--threads", threads, "0: as many as the machine runs at once")
        ->check(CLI::Range(0, team::most))
        ->capture_default_str();
  }

  // Throws if the model cannot be loaded, or its weights cannot be rounded to the given type.
  [[nodiscard]] heed::language_model load() const {
    heed::load_options how;
    how.packed = !mapped;
    if (!weights.empty()) how.weights = heed::dtype_named(weights);
    if (!weights.empty() && !how.weights)
      throw std::runtime_error("--weights: " + weights + " is no type of numbers");
    return heed::load_language_model(named_or_world_model(model), how);
  }

  [[nodiscard]] std::string where_tokenizer_is() const {
    return tokenizer.empty() ? named_or_world_model(model) : tokenizer;
  }
  // The name of the model in messages.
  [[nodiscard]] std::string name() const {
    return model.empty() ? "the model that comes with heed" : model;
  }
};
