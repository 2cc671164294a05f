// SPDX-License-Identifier: MIT
// The model that comes with heed, which knows the small world of examples/world. Programs take it where none is named.
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

// The folder or file that was named, or that of the model that comes with heed. Throws where that is gone.
inline std::string named_or_world_model(const std::string& named) {
  if (!named.empty()) return named;
  if (!std::filesystem::exists(HEED_WORLD_MODEL))
    throw std::runtime_error("the model that comes with heed is not in " HEED_WORLD_MODEL
                             " any more; name a model");
  return HEED_WORLD_MODEL;
}

// A story and a question for it.
inline constexpr const char* world_prompt =
    "Mina gave the ball to Tom. Ada thanked Lena because she was kind. Tom gave the ball to Leo. "
    "Who "
    "was kind?";
