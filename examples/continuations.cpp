// SPDX-License-Identifier: MIT
// The continuations that the example `complete` finds for names, a list, a refrain, source code and others.
#include "complete/continuation.hpp"

#include <iostream>

namespace {

struct example {
  const char* title;
  const char* text;
  heed::index tokens;  // to continue by
};

constexpr example examples[] = {
    {"names", R"(Ada Lovelace met Charles Babbage. Mary Somerville taught Ada Lovelace. Later
Charles Babbage wrote to Mary Somerville about Ada)",
     2},

    {"a list", R"(France: Paris
Japan: Tokyo
Kenya: Nairobi
Peru: Lima

Kenya: Nairobi
Japan:)",
     5},

    {"a refrain", R"(London Bridge is broken down,
Dance over my Lady Lee;
London Bridge is broken down,
With a gay lady.

How shall we build it up again?
Dance over my Lady Lee;
How shall we build it up again?
With a gay lady.

Silver and gold will be stole away,
Dance over)",
     8},

    {"source code", R"(for (int i = 0; i < rows; ++i) {
  sum[i] = 0;
  for (int j = 0; j < cols; ++j) {
    sum[i] += a[i][j];
  }
}
for (int i = 0; i < rows;)",
     9},

    {"the longest context decides", "a b c 1, x b c 2, a d c 3, x d c 4, a b c", 2},
    {"no letters at all", "-=-=+-=-=+-=-", 6},
    {"a cycle, for ever", "tick tock tick", 9},
    {"other scripts", "Η Αθήνα, η Ρώμη. Η Αθήνα,", 4},
    {"two tokens", "ha ha", 6},
    {"nothing to copy", "Every word here stands alone", 5},
};

}  // namespace

int main() {
  for (const example& e : examples) {
    complete::continuation c(e.text, e.tokens);
    c.read();
    c.grow();
    std::cout << e.title << ":\n|" << c.added() << "|\n";
  }
}
