// SPDX-License-Identifier: MIT
// Vectors of texts, and search by meaning, with a published text encoder.
//
//   embed MODEL FILE                         a vector for each line; without FILE, of standard input
//   embed MODEL --search FOLDER "question"   the passages in the folder that are nearest to the question
//   embed MODEL --search FOLDER              the same for each line of standard input
#include "searching/folder_search.hpp"
#include "speaking/program.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <utility>

namespace {

struct options {
  std::string model, text, folder, index, attention;
  heed::index top = 5;
  int threads = 0;

  void add_to(CLI::App& app) {
    app.add_option("model", model, "a folder of Hugging Face or sentence-transformers")->required();
    app.add_option("text", text,
                   "a file, whose lines get a vector each; with --search, a question");
    app.add_option("--search", folder, "answer with passages of the text files below this folder");
    app.add_option(
        "--index", index,
        "where the index of the folder is kept, unless in .heed-search.safetensors there");
    app.add_option("--attention", attention,
                   "write a page that shows what every head attends to in the first line");
    app.add_option("--top", top, "at most so many passages")
        ->check(CLI::Range(heed::index(1), heed::index(1) << 31))
        ->capture_default_str();
    app.add_option("--threads", threads, "0: as many as the machine runs at once")
        ->check(CLI::Range(0, team::most))
        ->capture_default_str();
  }
};

// Calls use(lines) with the lines that can be read without waiting, at most 256 at once.
template <class Use>
void in_groups(std::istream& in, const Use& use) {
  std::vector<std::string> lines;
  const auto flush = [&] {
    if (!lines.empty()) use(lines);
    lines.clear();
  };
  for (std::string line; std::getline(in, line);) {
    if (line.ends_with('\r')) line.pop_back();
    lines.push_back(line);
    if (lines.size() == 256 || in.rdbuf()->in_avail() <= 0) flush();
  }
  flush();
}

// Prints a line for each row; nine digits are enough to read the same floats again.
void print(const heed::matrix<float>& vectors) {
  std::string text;
  char number[32];
  for (heed::index i = 0; i < vectors.rows(); ++i)
    for (heed::index j = 0; j < vectors.cols(); ++j) {
      std::snprintf(number, sizeof number, "%.9g", static_cast<double>(vectors(i, j)));
      text += number;
      text += j + 1 == vectors.cols() ? '\n' : ' ';
    }
  std::cout << text << std::flush;
}

// A passage in one line of UTF-8: white space as single spaces, no control characters, cut after about 300 bytes.
std::string one_line(const std::string& given) {
  const std::string text = heed::detail::text::repaired(given);
  constexpr std::size_t most = 300;
  std::string line;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (line.size() >= most && (byte & 0xC0) != 0x80) return line + " ...";
    if (byte > ' ' && byte != 0x7F)
      line += c;
    else if (!line.ends_with(' '))
      line += ' ';
  }
  return line;
}

void print(const std::vector<search_result>& results) {
  char score[32];
  for (const search_result& r : results) {
    std::snprintf(score, sizeof score, "%.3f", static_cast<double>(r.score));
    std::cout << score << "  " << r.file << ':' << r.line << "\n       " << one_line(r.text)
              << '\n';
  }
  std::cout << std::flush;
}

// Writes an HTML page of the attention weights of a text.
void write_attention(const options& given, const heed::text_encoder& model, const std::string& text,
                     const heed::executor& threads) {
  const std::vector<heed::index> ids = model.ids(text);
  heed::attention_page page(
      *model.tokens, ids,
      {.title = text, .model = std::filesystem::path(given.model).filename().string()});
  (void)model.hidden(ids, heed::observe_weights(page), heed::on(threads));
  page.write(given.attention);
  std::cerr << given.attention << ": what the layers attend to in " << ids.size()
            << " tokens; open it in a browser\n";
}

int run(const options& given) {
  const team threads(given.threads);
  const heed::text_encoder model = heed::load_text_encoder(given.model);
  if (!model.tokens) throw heed::file_error(given.model + ": this folder has no tokenizer");
  if (given.folder.empty()) {
    std::ifstream file;
    if (!given.text.empty()) {
      file.open(given.text);
      if (std::filesystem::is_directory(given.text))
        throw heed::file_error(given.text + ": is a folder; --search looks for passages in one");
      if (!file) throw heed::file_error(given.text + ": cannot be opened");
    }
    bool first = !given.attention.empty();
    in_groups(given.text.empty() ? std::cin : file, [&](const std::vector<std::string>& lines) {
      if (std::exchange(first, false))
        write_attention(given, model, lines.front(), threads.executor());
      print(model(lines, heed::on(threads.executor())));
    });
    return 0;
  }

  folder_search search(model, threads, given.folder, given.index);
  if (!search.update()) return 130;  // the exit status of shells after Ctrl-C
  if (!given.text.empty()) {
    print(search.ask(given.text, given.top));
    return 0;
  }
  in_groups(std::cin, [&](const std::vector<std::string>& questions) {
    for (const std::string& question : questions) {
      std::cout << "? " << question << '\n';
      print(search.ask(question, given.top));
    }
  });
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  std::ios::sync_with_stdio(false);
  return program<options>("embed",
                          "Vectors of texts, and search by meaning, with a published text encoder.",
                          count, arguments, run);
}
