// SPDX-License-Identifier: MIT
// A conversation with a model, which reads each token once: a KV cache is kept between turns.
#pragma once

#include "answer_text.hpp"
#include "statistics.hpp"

#include <heed/models.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

class conversation {
 public:
  // Refers to the model. `system`: the system message; "": that of the chat template, if it has one.
  conversation(const heed::language_model& model, heed::tokenizer text, heed::index context,
               std::string system)
      : model_(model),
        text_(std::move(text)),
        cache_(model.cache(context)),
        system_(std::move(system)) {
    reset();
  }

  void reset() {
    said_.clear();
    if (!system_.empty()) said_.push_back({"system", system_});
  }

  // Generates an answer and calls show(text) for each piece of it, until it ends or stop() returns true. Throws
  // std::length_error if the conversation does not fit into the cache; the conversation is then unchanged.
  template <class Show, class Stop>
  statistics ask(const std::string& question, heed::generate_options how, const Show& show,
                 const Stop& stop) {
    said_.push_back({"user", question});
    std::vector<heed::index> ids = text_.chat_ids(said_);
    const auto size = static_cast<heed::index>(ids.size());
    if (size >= cache_.capacity()) {
      said_.pop_back();
      throw std::length_error("the conversation would have " + std::to_string(size) +
                              " tokens, but there is room for " +
                              std::to_string(cache_.capacity()) + "; /reset begins a new one");
    }
    how.tokens = (std::min)(how.tokens, cache_.capacity() - size);

    // The tokens that are already in the cache; at least one token must be left to read.
    const auto same = std::mismatch(ids.begin(), ids.end() - 1, held_.begin(), held_.end()).first;
    cache_.truncate(same - ids.begin());
    held_.assign(ids.begin(), same);

    statistics figures(ids.end() - same);
    heed::token_stream stream = text_.stream({.skip_special_tokens = true});
    std::string answer;
    answer_text shown;
    const auto add = [&](const std::string& some) {
      const std::string piece = shown.push(some);
      answer += piece;
      show(piece);
    };
    auto tokens = model_.generate({same, ids.end()}, cache_, how);
    for (const heed::index id : tokens) {
      figures.token();
      if (is_end(model_, id)) break;
      add(stream.push(id));
      if (stop()) break;
    }
    add(stream.finish());
    held_.insert(held_.end(), tokens.seen().begin(), tokens.seen().end() - 1);
    said_.push_back({"assistant", answer});
    return figures;
  }

 private:
  const heed::language_model& model_;
  heed::tokenizer text_;
  heed::decoder_cache<float> cache_;
  std::string system_;
  std::vector<heed::chat_message> said_;
  std::vector<heed::index> held_;  // the tokens whose keys and values the cache holds
};
