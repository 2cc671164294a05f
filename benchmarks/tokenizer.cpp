// SPDX-License-Identifier: MIT
// How fast a text becomes tokens, and tokens text, in one thread.
//
//   benchmark_tokenizer FOLDER_OR_FILE TEXT
//   // encode: 31.2 MB/s, 4.21 bytes a token; decode: 150.3 MB/s
//
// Best of five runs over the text; and once over the text's lines one by one, as a program that reads
// lines does it.
#include <heed/text/tokenizer.hpp>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <exception>
#include <fstream>
#include <iterator>

namespace {

// Processor seconds of the fastest of five runs: others may be at work on the machine.
template <class Run>
double seconds(const Run& run) {
  double best = 1e30;
  for (int i = 0; i < 5; ++i) {
    const std::clock_t start = std::clock();
    run();
    best = (std::min)(best, double(std::clock() - start) / CLOCKS_PER_SEC);
  }
  return best;
}

void measure(const char* path, const char* text_path) {
  const heed::tokenizer tokenizer = heed::load_tokenizer(path);
  std::ifstream file(text_path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.empty()) throw std::runtime_error(std::string(text_path) + ": there is no text in it");
  std::vector<heed::index> ids;
  std::string decoded;
  const double megabytes = double(text.size()) / 1e6;
  const double encode = seconds([&] { ids = tokenizer.encode(text); });
  const double decode = seconds([&] { decoded = tokenizer.decode(ids); });
  std::size_t tokens = 0;
  const double lines = seconds([&] {
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = (std::min)(text.find('\n', at), text.size() - 1) + 1;
      tokens += tokenizer.encode(std::string_view(text).substr(at, end - at)).size();
      at = end;
    }
  });
  std::printf(
      "encode: %.1f MB/s, %.2f bytes a token; line by line: %.1f MB/s; decode: %.1f MB/s; "
      "decoded text is %s\n",
      megabytes / encode, double(text.size()) / double(ids.size()), megabytes / lines,
      megabytes / decode, decoded == text ? "the same" : "another");
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::fprintf(stderr, "benchmark_tokenizer FOLDER_OR_FILE TEXT\n");
    return 2;
  }
  try {
    measure(arguments[1], arguments[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
