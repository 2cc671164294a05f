// SPDX-License-Identifier: MIT
// Text and files of models, compiled with nothing but what the installed package says.
#include <heed/models.hpp>

#include <iostream>
#include <stdexcept>

int main() {
  heed::stop_strings stop({"\nUser:"});
  std::cout << stop.push("attention\nUser:") << '\n';
  try {
    const heed::tokenizer text = heed::load_tokenizer("a folder that is not there");
    return text.decode(text.encode("is read")).empty() ? 1 : 2;
  } catch (const std::runtime_error& error) {
    std::cout << error.what() << '\n';
    return 0;
  }
}
