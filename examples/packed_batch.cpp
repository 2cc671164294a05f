// SPDX-License-Identifier: MIT
// A packed batch (varlen): sentences of different lengths in one call without padding, with the bits of calls one by
// one.
#include <heed/heed.hpp>

#include <iostream>
#include <vector>

int main() {
  const std::vector<heed::index> starts{0, 3, 4, 9};  // three sentences: rows 0-2, 3, 4-8
  const std::vector<int> ids{7, 2, 5, 1, 7, 2, 7, 2, 4};

  heed::token_embedding<float> words({.vocabulary = 8, .model = 16});
  heed::qkv_projection<float> project({.model = 16, .heads = 4});
  const auto [q, k, v] = project(words(ids));  // each (9, 4 * 4)

  heed::matrix<float> together(9, 16);
  heed::attention(q, k, v, together, heed::heads{4}, heed::packed{starts}, heed::causal);

  for (std::size_t s = 0; s + 1 < starts.size(); ++s) {
    const heed::index first = starts[s], count = starts[s + 1] - first;
    heed::matrix<float> alone(count, 16);
    heed::attention(q.middleRows(first, count), k.middleRows(first, count),
                    v.middleRows(first, count), alone, heed::heads{4}, heed::causal);
    const bool same = alone == together.middleRows(first, count);
    std::cout << "sentence " << s << ", " << count
              << " tokens: " << (same ? "the same bits as alone" : "DIFFERS") << '\n';
  }

  // Rows 0-1 and 4-5 are the same words, and no sentence attends to another.
  const bool equal = together.row(1) == together.row(5);
  std::cout << "tokens 7 2 begin two sentences: " << (equal ? "equal rows" : "DIFFERENT ROWS")
            << '\n';
}
