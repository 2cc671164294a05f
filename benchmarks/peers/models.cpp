// SPDX-License-Identifier: MIT
// heed's side of models.py: loads a model, then answers a line of standard input with a line of seconds.
//
//   benchmark_models decoder SmolLM2.gguf file 1     # f32, bf16, q8_0 ... instead of `file`: rounded to it
//   ready avx512 load 0.09 resident 180000000 anonymous 150000000    (seconds; bytes)
//   prompt 500                                       # 500 tokens of a prompt
//   0.4321
//   write 64                                         # 64 tokens after six
//   0.2501
//
// `encoder` instead of `decoder` makes vectors of texts: `encode 12 7 30` is three texts of so many tokens, which
// heed makes of words first. The answer to `peak` is the operations a second that one thread multiplies and adds
// with. `mapped` reads the file where it lies.
#include "support/peak.hpp"
#include "support/peer_program.hpp"

#include <heed/models.hpp>

#include <unsupported/Eigen/CXX11/ThreadPool>

#include <chrono>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace {

using clock_type = std::chrono::steady_clock;

double seconds_since(clock_type::time_point start) {
  return std::chrono::duration<double>(clock_type::now() - start).count();
}

// A size in bytes that Linux tells of this process.
long long bytes_of_process(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(field + ":")) return 1024 * std::stoll(line.substr(field.size() + 1));
  return 0;
}

// The same ids as models.py gives to the others.
std::vector<heed::index> some_ids(heed::index count) {
  std::vector<heed::index> ids;
  for (heed::index i = 0; i < count; ++i) ids.push_back(i * 7919 % 20000 + 1000);
  return ids;
}

// So many tokens, the two around them included, for heed has its tokenizer to run.
std::string some_text(heed::index tokens) {
  std::string text;
  for (heed::index i = 2; i < tokens; ++i) text += "word ";
  return text;
}

using model = std::variant<heed::language_model, heed::text_encoder>;

model load(const std::string& kind, const std::string& path, const std::string& weights) {
  if (kind == "encoder") return heed::load_text_encoder(path);
  if (kind != "decoder") throw std::runtime_error("no model is a " + kind);
  heed::load_options options;
  using heed::dtype;
  for (const dtype type : {dtype::f32, dtype::bf16, dtype::q8_0, dtype::q4_1, dtype::q4_0}) {
    std::string name(heed::name_of(type));
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (weights == name) options.weights = type;
  }
  options.packed = weights != "mapped";
  return heed::load_language_model(path, options);
}

double answer(const std::string& line, const model& loaded, const heed::executor& on) {
  std::istringstream words(line);
  std::string task;
  words >> task;
  if (task == "peak") return support::peak<float>();
  std::vector<heed::index> counts;
  for (heed::index count = 0; words >> count;) counts.push_back(count);
  if (counts.empty()) throw std::runtime_error("a task needs a number: " + line);
  std::vector<std::string> texts;
  for (const heed::index count : counts) texts.push_back(some_text(count));
  const auto start = clock_type::now();
  if (const auto* const encoder = std::get_if<heed::text_encoder>(&loaded)) {
    const heed::matrix<float> vectors = (*encoder)(texts, heed::on(on));
    return seconds_since(start);
  }
  const auto& decoder = std::get<heed::language_model>(loaded).decoder;
  const bool is_prompt = task == "prompt";
  heed::index written = 0;
  for (const heed::index id : heed::generation(decoder, some_ids(is_prompt ? counts[0] : 6),
                                               {.tokens = is_prompt ? 1 : counts[0], .on = on}))
    written += id >= 0 ? 1 : 0;
  return seconds_since(start);
}

void run(const std::vector<std::string>& words) {
  if (words.size() != 4)
    throw std::runtime_error("usage: benchmark_models decoder|encoder MODEL WEIGHTS THREADS");
  const auto start = clock_type::now();
  const model loaded = load(words[0], words[1], words[2]);
  std::cout << "ready " << support::instruction_set << " load " << seconds_since(start)
            << " resident " << bytes_of_process("VmRSS") << " anonymous "
            << bytes_of_process("RssAnon") << std::endl;
  const int threads = std::stoi(words[3]);
  Eigen::ThreadPool pool(threads - 1);  // the caller works too
  const heed::executor on = threads > 1 ? heed::executor_of(pool) : heed::executor{};
  for (std::string line; std::getline(std::cin, line);)
    std::cout << answer(line, loaded, on) << std::endl;
}

}  // namespace

int main(int count, char** arguments) {
  return support::peer_program("benchmark_models", count, arguments, run);
}
