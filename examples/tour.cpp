// SPDX-License-Identifier: MIT
// Writes docs/tour.md: self-attention step by step, on one sentence, with the numbers and pictures of a model that was
// trained on stories.
//
//   tour stories260K.bin --tokenizer tok512.bin --folder docs    writes docs/tour.md and docs/tour/*.svg
//   tour stories260K.bin --tokenizer tok512.bin --check docs     compares these files with what it would write
#include "tour/embedding.hpp"
#include "tour/one_head.hpp"
#include "tour/whole_model.hpp"

#include <CLI/CLI.hpp>

#include <exception>
#include <iostream>

namespace {

int run(const std::string& model_path, const std::string& tokenizer, const std::string& folder,
        const std::string& check) {
  const heed::language_model model = heed::load_language_model(model_path);
  const heed::tokenizer text = heed::load_tokenizer(tokenizer);
  const auto& blocks = model.decoder.blocks;
  const heed::index heads = blocks.empty() ? 0 : blocks.front().attention.heads.query;
  if (blocks.size() != 5 || heads != 8 || model.decoder.vocabulary() != 512)
    throw std::runtime_error(model_path + " has " + std::to_string(blocks.size()) + " layers of " +
                             std::to_string(heads) + " heads and " +
                             std::to_string(model.decoder.vocabulary()) +
                             " tokens, but the tour is about stories260K, which has 5, 8 and 512");
  tour::traveller t{model, text};
  t.begin();
  t.split();
  t.embed();
  t.project();
  t.turn();
  t.attend();
  t.many_heads();
  t.go_on();
  if (check.empty()) {
    t.page.write(folder);
    std::cout << folder << "/tour.md and its pictures are written\n";
  } else {
    t.page.compare(check);
    std::cout << check << "/tour.md and its pictures are what this program computes\n";
  }
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  CLI::App app("Writes docs/tour.md: self-attention, step by step, with a real model's numbers.");
  std::string model, tokenizer, folder = "docs", check;
  app.add_option("model", model, "stories260K.bin of llama2.c; tests/golden has it")->required();
  app.add_option("--tokenizer", tokenizer, "its tok512.bin")->required();
  CLI::Option* const to =
      app.add_option("--folder", folder, "where tour.md and tour/*.svg go")->capture_default_str();
  app.add_option("--check", check, "compare with what is in this folder, and write nothing")
      ->excludes(to);
  CLI11_PARSE(app, count, arguments);
  try {
    return run(model, tokenizer, folder, check);
  } catch (const std::exception& error) {
    std::cerr << "tour: " << error.what() << '\n';
    return 1;
  }
}
