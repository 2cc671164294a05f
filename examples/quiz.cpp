// SPDX-License-Identifier: MIT
// Asks a language model questions and counts the right answers of each kind.
//
//   world 200 --seed 2 --held-out --questions | quiz              the model that comes with heed
//   world 200 --seed 2 --held-out --questions | quiz --window 4   with a window of 4 earlier tokens
//   world 200 --seed 2 --held-out --questions | quiz MODEL
#include "speaking/program.hpp"
#include "speaking/team.hpp"
#include "speaking/world_model.hpp"

#include <heed/models.hpp>

#include <CLI/CLI.hpp>

#include <iomanip>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>

namespace {

struct options {
  std::string model;
  std::optional<heed::index> window;
  int threads = 0, wrong = 0;

  void add_to(CLI::App& app) {
    add_model(app, model);
    app.add_option("--window", window, "let each token see so many tokens before itself, no more")
        ->check(CLI::NonNegativeNumber);
    app.add_option("--wrong", wrong, "show so many of the answers that are wrong")
        ->check(CLI::NonNegativeNumber);
    app.add_option("--threads", threads, "0: as many as the machine runs at once")
        ->check(CLI::Range(0, team::most))
        ->capture_default_str();
  }
};

// A line of the questions: "kind <tab> text <tab> answer", where the answer ends with a full stop.
struct asked {
  std::string kind, text, answer;

  explicit asked(const std::string& line) {
    const std::size_t first = line.find('\t'), second = line.find('\t', first + 1);
    if (second == std::string::npos || line.find('\t', second + 1) != std::string::npos)
      throw std::runtime_error("a line is not a kind, a text and an answer with tabs between: " +
                               line);
    kind = line.substr(0, first);
    text = line.substr(first + 1, second - first - 1);
    answer = line.substr(second + 1);
  }
};

struct score {
  int asked = 0, right = 0;

  [[nodiscard]] double percent() const { return 100.0 * right / asked; }
};

// The model's answer up to and including the first full stop, without spaces at its begin.
std::string answer_of(const heed::language_model& model, const heed::tokenizer& text,
                      const std::string& question, const heed::generate_options& how) {
  const std::vector<heed::index> ids =
      text.chat_template().empty() ? text.encode(question) : text.chat_ids({{"user", question}});
  heed::stop_strings stop({"."});
  heed::token_stream stream = text.stream({.skip_special_tokens = true});
  std::string said;
  for (const heed::index id : model.generate(ids, how)) {
    said += stop.push(stream.push(id));
    if (stop.found()) break;
  }
  const std::size_t first = said.find_first_not_of(' ');
  return (first == std::string::npos ? "" : said.substr(first)) + (stop.found() ? "." : "");
}

int run(const options& given) {
  const team threads(given.threads);
  const std::string path = named_or_world_model(given.model);
  heed::language_model model = heed::load_language_model(path);
  const heed::tokenizer text = heed::load_tokenizer(path);
  if (given.window)
    for (auto& block : model.decoder.blocks) block.attention.rules.window = *given.window;

  std::map<std::string, score> kinds;
  int shown = 0;
  for (std::string line; std::getline(std::cin, line);) {
    const asked one(line);
    const std::string said =
        answer_of(model, text, one.text, {.tokens = 24, .on = threads.executor()});
    score& kind = kinds[one.kind];
    ++kind.asked;
    kind.right += said == one.answer;
    if (said != one.answer && shown++ < given.wrong)
      std::cout << one.text << "\n  right: " << one.answer << "  said: " << said << '\n';
  }
  if (kinds.empty()) throw std::runtime_error("there is no question in the standard input");
  score all;
  std::cout << std::fixed << std::setprecision(1);
  const auto print = [](const std::string& name, const score& s) {
    std::cout << std::left << std::setw(12) << name << std::right << std::setw(7) << s.right
              << " of " << std::setw(5) << s.asked << std::setw(8) << s.percent() << " %\n";
  };
  for (const auto& [name, s] : kinds) {
    print(name, s);
    all.asked += s.asked;
    all.right += s.right;
  }
  print("all", all);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  return program<options>("quiz", "Asks a model the questions of the standard input, a line each.",
                          count, arguments, run);
}
