// SPDX-License-Identifier: MIT
// Writes what a published language model says to a prompt, token by token.
//
//   generate MODEL --prompt "What is the capital of France?"
//   generate MODEL --prompt "Once upon a time" --raw --temperature 0.8 --seed 7
//   generate MODEL --attention attention.html    a page that shows what every attention head looks at
#include "speaking/interrupt.hpp"
#include "speaking/options.hpp"
#include "speaking/program.hpp"
#include "speaking/statistics.hpp"
#include "speaking/team.hpp"

#include <heed/models.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <iterator>

namespace {

struct options : speaking_options {
  std::string prompt = "Once upon a time", attention;
  std::vector<std::string> stop;
  bool raw = false, chat = false;

  void add_to(CLI::App& app) {
    speaking_options::add_to(app);
    app.add_option("--prompt", prompt, "the text to go on from; -: read from standard input")
        ->capture_default_str();
    app.add_option("--stop", stop, "end where the model writes this; give it once for each string");
    CLI::Option* const as_it_is = app.add_flag("--raw", raw, "take the prompt as it is");
    app.add_flag("--chat", chat,
                 "take it as what a user says; so it is where the model has a chat "
                 "template")
        ->excludes(as_it_is);
    app.add_option("--attention", attention,
                   "write a page here, a .html file, to explore what every attention head looks at "
                   "in the first 1024 tokens of prompt and answer");
  }
};

std::string all_of(std::istream& in) {
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// What the model attends to in a text that it has read or written.
void write_attention(const options& given, const heed::language_model& model,
                     const heed::tokenizer& text, std::vector<heed::index> ids,
                     const heed::executor& threads) {
  constexpr std::size_t most = 1024;
  ids.resize((std::min)(ids.size(), most));
  heed::attention_page page(text, ids,
                            {.title = given.prompt == "-" ? "Attention" : given.prompt,
                             .model = std::filesystem::path(given.model).filename().string()});
  (void)model.decoder.hidden(ids, heed::observe_weights(page), heed::on(threads));
  page.write(given.attention);
  std::cerr << given.attention << ": what " << model.decoder.blocks.size()
            << " layers attend to in " << ids.size() << " tokens; open it in a browser\n";
}

int run(const options& given) {
  const team threads(given.threads);
  const heed::language_model model = given.load();
  const heed::tokenizer text = heed::load_tokenizer(given.where_tokenizer_is());
  std::cerr << given.model << ": " << threads.text() << '\n';

  const std::string prompt = given.prompt == "-" ? all_of(std::cin) : given.prompt;
  const bool chat = given.chat || (!given.raw && !text.chat_template().empty());
  const std::vector<heed::index> ids =
      chat ? text.chat_ids({{"user", prompt}}) : text.encode(prompt);

  heed::generate_options how = given.generate;
  how.on = threads.executor();
  heed::token_stream stream = text.stream({.skip_special_tokens = true});
  if (!chat)
    for (const heed::index id : ids) std::cout << stream.push(id) << std::flush;
  const interrupt ctrl_c;
  statistics figures(static_cast<heed::index>(ids.size()));
  heed::stop_strings stop(given.stop);
  auto answer = model.generate(ids, how);
  for (const heed::index id : answer) {
    figures.token();
    std::cout << stop.push(stream.push(id)) << std::flush;
    if (interrupt::came() || stop.found()) break;
  }
  std::cout << stop.push(stream.finish()) << stop.finish() << std::endl;
  std::cerr << figures << '\n';
  if (!given.attention.empty())
    write_attention(given, model, text, answer.seen(), threads.executor());
  return interrupt::came() ? 130 : 0;  // 130: as shells say it
}

}  // namespace

int main(int count, char** arguments) {
  return program<options>("generate", "Writes what a published language model says to a prompt.",
                          count, arguments, run);
}
