// SPDX-License-Identifier: MIT
// The options of the command line.
#pragma once

#include <charconv>     // from_chars
#include <optional>     // optional
#include <stdexcept>    // runtime_error
#include <string>       // string
#include <string_view>  // string_view

namespace complete {

inline constexpr const char* help =
    R"(Continues a text by attention alone: two layers, every weight set by hand, no
training. It copies what followed the same words before, so give it something
that repeats itself: a list, a poem with a refrain, source code.

usage: complete [options] [TEXT]

  TEXT           the text to continue; without one, the file, or what is piped
                 to standard input, or else a nursery rhyme that is built in
  --file FILE    take the text from FILE
  --tokens N     continue by N tokens, 1 to 10000 (default 40); a token is a word,
                 a run of blanks, a line end or a punctuation mark
  --svg FILE     draw the attention of every head, as a picture for a web browser
  --quiet        print the continuation and nothing else
  --help         print this

examples:
  complete "Ada met Bob. Bob met Cy. Cy met Ada. Ada met"
  complete --file poem.txt --tokens 100 --svg attention.svg
  git log | complete --quiet

NO_COLOR=1 in the environment turns colours off.
)";

struct options {
  std::optional<std::string> text;
  std::optional<std::string> file;
  std::optional<std::string> svg;
  long tokens = 40;
  bool quiet = false;
  bool help = false;
};

// Thrown for a command line that is not valid.
class usage_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline long token_count(const std::string& number) {
  constexpr long most = 10000;
  long count = 0;
  const char* end = number.data() + number.size();
  const auto [rest, error] = std::from_chars(number.data(), end, count);
  if (error != std::errc() || rest != end || count < 1 || count > most)
    throw usage_error("--tokens takes a number from 1 to 10000, not \"" + number + "\"");
  return count;
}

// Options are --name VALUE or --name=VALUE; after -- everything is text.
inline options parse(int count, char** words) {
  options o;
  bool only_text = false;
  for (int i = 1; i < count; ++i) {
    std::string word = words[i];
    const bool is_option = !only_text && word.size() > 1 && word[0] == '-';
    if (!is_option) {
      o.text = o.text ? *o.text + " " + word : word;
      continue;
    }
    std::optional<std::string> joined;
    if (const auto equals = word.find('='); equals != std::string::npos) {
      joined = word.substr(equals + 1);
      word.resize(equals);
    }
    bool used_joined = false;
    const auto value = [&]() -> std::string {
      used_joined = true;
      if (joined) return *joined;
      if (i + 1 == count) throw usage_error(word + " needs a value");
      return words[++i];
    };
    if (word == "--")
      only_text = true;
    else if (word == "--file")
      o.file = value();
    else if (word == "--svg")
      o.svg = value();
    else if (word == "--tokens")
      o.tokens = token_count(value());
    else if (word == "--quiet")
      o.quiet = true;
    else if (word == "--help" || word == "-h")
      o.help = true;
    else
      throw usage_error("there is no option " + word);
    if (joined && !used_joined) throw usage_error(word + " takes no value");
  }
  if (o.text && o.file) throw usage_error("give a text or --file, not both");
  return o;
}

}  // namespace complete
