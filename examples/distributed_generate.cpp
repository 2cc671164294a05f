// SPDX-License-Identifier: MIT
// Generates text with a published language model on several processes, each of which has a part of the KV cache.
//
//   mpiexec -n 3 distributed_generate MODEL --share heads --prompt "Once upon a time"
#include "speaking/answer_text.hpp"
#include "speaking/prompt.hpp"
#include "speaking/team.hpp"

#include <heed/models.hpp>
#include <heed/mpi.hpp>

#include <algorithm>
#include <iostream>
#include <span>

namespace {

struct options : prompt_options {
  std::string share = "keys";

  void add_to(CLI::App& app) {
    prompt_options::add_to(app);
    app.add_option("--share", share, "what each process has a part of")
        ->check(CLI::IsMember({"keys", "heads"}))
        ->capture_default_str();
  }
};

bool is_first(MPI_Comm ranks) {
  int rank = 0;
  MPI_Comm_rank(ranks, &rank);
  return rank == 0;
}

// The prompt, which rank 0 sends to all ranks: only rank 0 has standard input.
std::string words_of_all(const options& given, MPI_Comm ranks) {
  std::string words = is_first(ranks) ? given.words() : std::string();
  auto size = static_cast<int>(words.size());
  MPI_Bcast(&size, 1, MPI_INT, 0, ranks);
  words.resize(static_cast<std::size_t>(size));
  MPI_Bcast(words.data(), size, MPI_CHAR, 0, ranks);
  return words;
}

// Generates the same tokens as `generate`; rank 0 prints their text token by token.
template <class Memory>
void write(const heed::language_model& model, const heed::tokenizer& text, const options& given,
           MPI_Comm ranks) {
  const team threads(given.threads);
  std::vector<heed::index> ids = given.ids(text, words_of_all(given, ranks));
  const auto room = static_cast<heed::index>(ids.size()) + given.generate.tokens;
  heed::decoder_across<float, Memory> shared(model.decoder, ranks, room);
  heed::token_stream stream = text.stream({.skip_special_tokens = true});
  heed::stop_strings stop(given.stop);
  const auto say = [&](const std::string& piece) {
    if (is_first(ranks)) std::cout << piece << std::flush;
  };
  if (!given.chats(text))
    for (const heed::index id : ids) say(stream.push(id));
  answer_text shown;
  std::vector<heed::index> next = ids;
  for (heed::index i = 0; i < given.generate.tokens && !stop.found(); ++i) {
    heed::matrix<float> scores = shared.next(next, heed::on(threads.executor()));
    const auto all = std::span(scores.data(), static_cast<std::size_t>(scores.size()));
    next = {given.generate.how().choose(all, ids, static_cast<std::uint64_t>(i))};
    ids.push_back(next[0]);
    if (is_end(model, next[0])) break;
    const std::string piece = stop.push(stream.push(next[0]));
    say(given.chats(text) ? shown.push(piece) : piece);
  }
  say(stop.push(stream.finish()) + stop.finish() + '\n');
}

}  // namespace

int main(int count, char** arguments) {
  CLI::App app("Writes what a published language model says, on several processes.");
  options given;
  given.threads = 1;
  given.add_to(app);
  CLI11_PARSE(app, count, arguments);
  return heed::run_ranks(count, arguments, [&](MPI_Comm ranks) {
    const heed::language_model model = given.load();
    const heed::tokenizer text = heed::load_tokenizer(given.where_tokenizer_is());
    if (given.share == "heads")
      write<heed::cache_by_heads<float>>(model, text, given, ranks);
    else
      write<heed::cache_by_keys<float>>(model, text, given, ranks);
  });
}
