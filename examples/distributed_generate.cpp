// SPDX-License-Identifier: MIT
// Writes what a published language model says to a prompt, on several processes that share its cache.
//
//   mpiexec -n 3 distributed_generate MODEL --share heads --prompt "Once upon a time"
#include <heed/models.hpp>
#include <heed/mpi.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>
#include <span>

namespace {

struct options {
  std::string model, tokenizer, prompt = "Once upon a time", share = "keys";
  heed::index tokens = 64;
};

// The likeliest tokens, one after the other; rank 0 writes them.
template <class Memory>
void write(const heed::language_model& model, const heed::tokenizer& text, const options& given,
           MPI_Comm ranks) {
  int rank = 0;
  MPI_Comm_rank(ranks, &rank);
  std::vector<heed::index> ids = text.encode(given.prompt);
  const auto room = static_cast<heed::index>(ids.size()) + given.tokens;
  heed::decoder_across<float, Memory> shared(model.decoder, ranks, room);
  heed::token_stream stream = text.stream({.skip_special_tokens = true});
  const auto say = [&](const std::string& piece) {
    if (rank == 0) std::cout << piece << std::flush;
  };
  for (const heed::index id : ids) say(stream.push(id));
  std::vector<heed::index> next = ids;
  for (heed::index i = 0; i < given.tokens; ++i) {
    heed::matrix<float> scores = shared.next(next);
    const auto all = std::span(scores.data(), static_cast<std::size_t>(scores.size()));
    next = {heed::sampling{}.choose(all, ids, 0)};
    ids.push_back(next[0]);
    say(stream.push(next[0]));
    if (std::find(model.ends.begin(), model.ends.end(), next[0]) != model.ends.end()) break;
  }
  say(stream.finish() + '\n');
}

}  // namespace

int main(int count, char** arguments) {
  CLI::App app("Writes what a published language model says, on several processes.");
  options given;
  app.add_option("model", given.model,
                 "a folder of Hugging Face, a GGUF file, or a .bin of llama2.c")
      ->required();
  app.add_option("--tokenizer", given.tokenizer, "its folder or file, where it is not the model's");
  app.add_option("--prompt", given.prompt, "the text to go on from")->capture_default_str();
  app.add_option("--tokens", given.tokens, "the most tokens that are written")
      ->capture_default_str();
  app.add_option("--share", given.share, "what each process has a part of")
      ->check(CLI::IsMember({"keys", "heads"}))
      ->capture_default_str();
  CLI11_PARSE(app, count, arguments);
  return heed::run_ranks(count, arguments, [&](MPI_Comm ranks) {
    const heed::language_model model = heed::load_language_model(given.model);
    const heed::tokenizer text =
        heed::load_tokenizer(given.tokenizer.empty() ? given.model : given.tokenizer);
    if (given.share == "heads")
      write<heed::cache_by_heads<float>>(model, text, given, ranks);
    else
      write<heed::cache_by_keys<float>>(model, text, given, ranks);
  });
}
