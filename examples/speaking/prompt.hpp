// SPDX-License-Identifier: MIT
// The prompt: the options that generate and distributed_generate share.
#pragma once

#include "options.hpp"

#include <heed/models.hpp>

#include <iostream>
#include <iterator>
#include <string>
#include <vector>

struct prompt_options : speaking_options {
  std::string prompt;
  std::vector<std::string> stop;
  bool raw = false, chat = false;

  void add_to(CLI::App& app) {
    speaking_options::add_to(app);
    app.add_option("--prompt", prompt,
                   "the text to go on from, as \"Once upon a time\"; -: read from standard input");
    app.add_option("--stop", stop, "end where the model writes this; give it once for each string");
    CLI::Option* const as_it_is = app.add_flag("--raw", raw, "take the prompt as it is");
    app.add_flag("--chat", chat,
                 "take it as a user's message; the default where the model has a chat template")
        ->excludes(as_it_is);
  }

  // The prompt, which is read from standard input if it is "-".
  [[nodiscard]] std::string words() const {
    if (prompt.empty()) return model.empty() ? world_prompt : "Once upon a time";
    if (prompt != "-") return prompt;
    return {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()};
  }
  [[nodiscard]] bool chats(const heed::tokenizer& text) const {
    return chat || (!raw && !text.chat_template().empty());
  }
  [[nodiscard]] std::vector<heed::index> ids(const heed::tokenizer& text,
                                             const std::string& words) const {
    return chats(text) ? text.chat_ids({{"user", words}}) : text.encode(words);
  }
};
