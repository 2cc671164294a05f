// SPDX-License-Identifier: MIT
// For tokenizers.py: reads texts, writes their tokens.
//
//   tokenizer_ids FOLDER_OR_FILE [plain] < texts > tokens
//
// A text is its size in bytes (4 bytes, this machine's order) and its bytes. For each come the number of
// tokens and the tokens, and the size and the bytes of what they decode to. `plain`: nothing is added,
// and nothing in a text is special.
#include <heed/text/tokenizer.hpp>

#include <cstdio>
#include <exception>

namespace {

template <class Number>
bool read(Number& number) {
  return std::fread(&number, sizeof number, 1, stdin) == 1;
}

void write(std::uint32_t number) { std::fwrite(&number, sizeof number, 1, stdout); }

void run(const char* path, const heed::encode_options& options) {
  const heed::tokenizer tokenizer = heed::load_tokenizer(path);
  std::string text;
  for (std::uint32_t size = 0; read(size);) {
    text.resize(size);
    if (std::fread(text.data(), 1, size, stdin) != size) return;
    const std::vector<heed::index> ids = tokenizer.encode(text, options);
    write(static_cast<std::uint32_t>(ids.size()));
    for (const heed::index id : ids) write(static_cast<std::uint32_t>(id));
    const std::string decoded = tokenizer.decode(ids);
    write(static_cast<std::uint32_t>(decoded.size()));
    std::fwrite(decoded.data(), 1, decoded.size(), stdout);
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) return 2;
  try {
    run(arguments[1], {.add_special_tokens = count < 3, .parse_special = count < 3});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
