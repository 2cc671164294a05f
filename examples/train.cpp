// SPDX-License-Identifier: MIT
// Trains a small language model on a text; the result is a folder of Hugging Face.
//
//   train shakespeare.txt                          GPT-2's kind, bytes as tokens, in the folder `trained`
//   train --out trained --resume                   continues after Ctrl-C, or with more --steps
//   train notes/ --kind llama --layers 6 --model 256 --heads 8 --kv-heads 2 --tokenizer SmolLM2-135M
//   train notes/ --from SmolLM2-135M --rate 1e-4   fine-tunes published weights
//   train notes/ --storage bf16                    mixed precision: the model reads bfloat16, the optimiser keeps floats
//   train notes/ --from SmolLM2-135M --lora 8      trains only low-rank adapters (LoRA), which are merged when saved
//   generate trained --prompt "ROMEO:" --temperature 0.8
#include "learning/lesson.hpp"

#include <CLI/CLI.hpp>

#include <exception>
#include <iostream>

namespace {

int run(CLI::App& app, training_options& given) {
  const std::string remembered = given.remembered(app);
  if (given.text.empty())
    throw std::runtime_error("give a text file or a folder of them; --help says more");
  if (!lesson(given, remembered).run()) return 130;  // the exit status of shells after Ctrl-C
  std::cout << "The model is in " << given.out << "; see what it writes: generate " << given.out
            << " --temperature 0.8\n";
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  CLI::App app("Teaches a small language model on a text.");
  training_options given;
  given.add_to(app);
  CLI11_PARSE(app, count, arguments);
  try {
    return run(app, given);
  } catch (const std::exception& error) {
    std::cerr << "train: " << error.what() << '\n';
    return 1;
  }
}
