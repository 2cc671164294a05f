// SPDX-License-Identifier: MIT
// Continues a text by attention alone, and prints the steps of the computation.
#include "continuation.hpp"  // continuation
#include "heat_map.hpp"      // heat_map
#include "input.hpp"         // text_of
#include "new_file.hpp"      // new_file
#include "progress.hpp"      // progress
#include "story.hpp"         // story
#include "svg.hpp"           // svg

#include <exception>  // exception
#include <iostream>   // cout, cerr

namespace complete {
namespace {

// Prints the weights of layer 1 for the last token of the text, and those of layer 2 for the tokens
// from which the next ones were predicted.
void show_maps(page& out, const continuation& c) {
  constexpr index neighbours = 12, most_columns = 27, most_steps = 16;
  const heat_map map(out);
  const index first = c.given() - 1;  // the token of the first query
  out.title("What layer 1 looks at.", "The last token of the text asks:");
  map.print(map_of_token(c, first, neighbours), c, [](index) { return ""; });

  const index steps = std::clamp<index>(c.size() - c.given(), 1, most_steps);
  out.title("What layer 2 looks at.", "Token after token asks; the heads added up:");
  map.print(map_of_layer_2(c, first, steps, most_columns), c, [&](index row) {
    return first + row + 1 < c.size() ? "-> " + quoted(c.token(first + row + 1), 12) : "";
  });
  map.print_legend();
}

// Prints the end of the text, and the tokens that have been added to it.
void show_text(page& out, const continuation& c) {
  constexpr std::size_t enough = 400;  // bytes
  std::string end;
  for (index i = c.given(); i > 0 && end.size() < enough; --i) end.insert(0, c.token(i - 1));
  const char* why = c.complete() ? "" : "no further: nothing in the text resembles its end.";
  out.title(end.size() < enough ? "The text" : "The end of the text");
  out.stream() << harmless(end) << '\n';
  out.title("goes on", why);
  out.stream() << out.look().bright(harmless(c.added())) << '\n';
}

void run(const options& o) {
  std::optional<new_file> picture;
  if (o.svg) picture.emplace(*o.svg);
  const std::string text = text_of(o);
  if (text.empty()) throw std::runtime_error("the text is empty");

  page out(std::cout, style{colour_is_wanted()});
  continuation c(text, o.tokens);
  c.read(progress("reading", o.quiet));
  if (!o.quiet) story(out, c).tell(text);
  c.grow(progress("writing", o.quiet));
  if (o.quiet) {
    std::cout << c.added() << '\n';
    if (c.added().empty()) std::cerr << "complete: nothing in the text resembles its end\n";
  } else {
    show_maps(out, c);
    show_text(out, c);
  }
  if (picture) picture->write(svg(c).draw());
}

}  // namespace
}  // namespace complete

int main(int count, char** words) {
  using namespace complete;
  pass_bytes_unchanged();
  try {
    const options o = parse(count, words);
    if (o.help)
      std::cout << help;
    else
      run(o);
    if (!std::cout.flush()) throw std::runtime_error("cannot write to standard output");
    return 0;
  } catch (const usage_error& wrong) {
    std::cerr << "complete: " << wrong.what() << "; complete --help says what there is\n";
    return 2;
  } catch (const std::exception& failure) {
    std::cerr << "complete: " << failure.what() << '\n';
    return 1;
  }
}
