// SPDX-License-Identifier: MIT
// The model that comes with heed, which was trained on the stories of examples/world; the default model of programs.
#pragma once

#include <CLI/CLI.hpp>

#include <filesystem>
#include <stdexcept>
#include <string>

// The argument MODEL of a program.
inline void add_model(CLI::App& app, std::string& model) {
  app.add_option(
      "model", model,
      "a folder of Hugging Face, a GGUF file, or a .bin file of llama2.c; without it, the "
      "model that comes with heed");
}

// `named`, or the path of the model that comes with heed if `named` is empty. Throws std::runtime_error if that is
// missing.
inline std::string named_or_world_model(const std::string& named) {
  if (!named.empty()) return named;
  if (!std::filesystem::exists(HEED_WORLD_MODEL))
    throw std::runtime_error("the model that comes with heed is not in " HEED_WORLD_MODEL
                             " any more; name a model");
  return HEED_WORLD_MODEL;
}

// The default prompt: a story and a question about it.
inline constexpr const char* world_prompt =
    "Mina gave the ball to Tom. Ada thanked Lena because she was kind. Tom gave the ball to Leo. "
    "Who "
    "was kind?";
