// SPDX-License-Identifier: MIT
// A conversation with a published language model, in the terminal.
//
//   chat                                           with the model that comes with heed, trained on examples/world
//   chat MODEL
//   chat MODEL --system "You are a pirate." --temperature 0.7
#include "speaking/conversation.hpp"
#include "speaking/interrupt.hpp"
#include "speaking/line_editor.hpp"
#include "speaking/options.hpp"
#include "speaking/program.hpp"
#include "speaking/team.hpp"

#include <heed/models.hpp>

namespace {

struct options : speaking_options {
  std::string system;
  heed::index context = 4096;

  void add_to(CLI::App& app) {
    speaking_options::add_to(app);
    app.add_option("--system", system, "the system message, before the conversation");
    app.add_option("--context", context,
                   "the most tokens of a conversation, as far as the model allows")
        ->check(CLI::Range(heed::index(1), heed::index(1) << 31))
        ->capture_default_str();
  }
};

constexpr const char* help =
    "/help   shows this\n"
    "/reset  begins a new conversation\n"
    "/quit   ends the program, as Ctrl-D does\n"
    "Ctrl-C  stops an answer\n";

void answer(conversation& talk, const std::string& question, const heed::generate_options& how) {
  const interrupt ctrl_c;
  const auto show = [](const std::string& piece) { std::cout << piece << std::flush; };
  const statistics figures = talk.ask(question, how, show, interrupt::came);
  std::cout << (interrupt::came() ? " ...\n" : "\n") << std::flush;
  std::cerr << "(" << figures << ")\n";
}

// Handles a line of the user, a command or a question. Returns false if the program must end.
bool obey(conversation& talk, const std::string& line, const heed::generate_options& how) {
  if (line == "/quit") return false;
  if (line == "/help") {
    std::cout << help;
  } else if (line == "/reset") {
    talk.reset();
    std::cout << "A new conversation.\n";
  } else if (line.starts_with('/')) {
    std::cout << "There is no command " << line << ".\n" << help;
  } else if (!line.empty()) {
    try {
      answer(talk, line, how);
    } catch (const std::length_error& full) {
      std::cerr << "chat: " << full.what() << '\n';
    }
  }
  return true;
}

int run(const options& given) {
  const team threads(given.threads);
  const heed::language_model model = given.load();
  heed::tokenizer text = heed::load_tokenizer(given.where_tokenizer_is());
  const heed::index context =
      model.context > 0 ? (std::min)(model.context, given.context) : given.context;
  conversation talk(model, std::move(text), context, given.system);
  heed::generate_options how = given.generate;
  how.on = threads.executor();
  std::cerr << given.name() << ": " << threads.text() << "; /help says what there is\n";
  if (given.model.empty())
    std::cerr << "It knows a small world. Tell it a story and ask: " << world_prompt << '\n';

  line_editor lines;
  while (const auto line = lines.ask("> "))
    if (!obey(talk, *line, how)) return 0;
  std::cout << '\n';
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  return program<options>("chat", "A conversation with a published language model.", count,
                          arguments, run);
}
