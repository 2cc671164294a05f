// SPDX-License-Identifier: MIT
// Generates text with a published language model from a prompt, token by token.
//
//   generate                                     the model that comes with heed, trained on examples/world's stories
//   generate MODEL --prompt "What is the capital of France?"
//   generate MODEL --prompt "Once upon a time" --raw --temperature 0.8 --seed 7
//   generate MODEL --attention attention.html    an HTML page of the attention weights of every head
//   generate MODEL --ranks 4                     the same text from four processes (distributed_generate)
#include "speaking/answer_text.hpp"
#include "speaking/interrupt.hpp"
#include "speaking/program.hpp"
#include "speaking/prompt.hpp"
#include "speaking/ranks.hpp"
#include "speaking/statistics.hpp"
#include "speaking/team.hpp"

#include <heed/models.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>

namespace {

struct options : prompt_options {
  std::string attention;
  int ranks = 1;

  void add_to(CLI::App& app) {
    prompt_options::add_to(app);
    CLI::Option* const page = app.add_option(
        "--attention", attention,
        "write a page here, a .html file, to explore what every attention head looks at "
        "in the first 1024 tokens of prompt and answer");
    app.add_option("--ranks", ranks, "so many processes of an MPI share what is remembered")
        ->check(CLI::PositiveNumber)
        ->excludes(page);
  }
};

// Writes an HTML page of the attention weights of a text.
void write_attention(const options& given, const std::string& words,
                     const heed::language_model& model, const heed::tokenizer& text,
                     std::vector<heed::index> ids, const heed::executor& threads) {
  constexpr std::size_t most = 1024;
  ids.resize((std::min)(ids.size(), most));
  heed::attention_page page(text, ids,
                            {.title = given.prompt == "-" ? "Attention" : words,
                             .model = std::filesystem::path(given.name()).filename().string()});
  (void)model.decoder.hidden(ids, heed::observe_weights(page), heed::on(threads));
  page.write(given.attention);
  std::cerr << given.attention << ": what " << model.decoder.blocks.size()
            << " layers attend to in " << ids.size() << " tokens; open it in a browser\n";
}

int run(const options& given) {
  const team threads(given.threads);
  const heed::language_model model = given.load();
  const heed::tokenizer text = heed::load_tokenizer(given.where_tokenizer_is());
  std::cerr << given.name() << ": " << threads.text() << '\n';

  const bool chat = given.chats(text);
  const std::string words = given.words();
  const std::vector<heed::index> ids = given.ids(text, words);

  heed::generate_options how = given.generate;
  how.on = threads.executor();
  if (model.context > 0)
    how.tokens =
        std::min(how.tokens, std::max<heed::index>(0, model.context - heed::index(ids.size())));
  heed::token_stream stream = text.stream({.skip_special_tokens = true});
  heed::stop_strings stop(given.stop);
  auto answer = model.generate(ids, how);
  if (chat && given.prompt.empty()) std::cout << words << '\n';  // the built-in prompt
  if (!chat)
    for (const heed::index id : ids) std::cout << stream.push(id) << std::flush;
  const interrupt ctrl_c;
  statistics figures(static_cast<heed::index>(ids.size()));
  answer_text shown;
  for (const heed::index id : answer) {
    figures.token();
    if (is_end(model, id)) break;
    const std::string piece = stop.push(stream.push(id));
    std::cout << (chat ? shown.push(piece) : piece) << std::flush;
    if (interrupt::came() || stop.found()) break;
  }
  std::cout << stop.push(stream.finish()) << stop.finish() << std::endl;
  std::cerr << figures << '\n';
  if (!given.attention.empty())
    write_attention(given, words, model, text, answer.seen(), threads.executor());
  return interrupt::came() ? 130 : 0;  // 130: the exit status of shells after Ctrl-C
}

}  // namespace

int main(int count, char** arguments) {
  return program<options>("generate", "Writes what a published language model says to a prompt.",
                          count, arguments, [&](const options& given) {
                            if (given.ranks > 1)
                              become_ranks("distributed_generate", given.ranks, arguments);
                            return run(given);
                          });
}
