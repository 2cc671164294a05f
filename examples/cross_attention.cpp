// SPDX-License-Identifier: MIT
// Cross-attention: each word of a German sentence attends to its English translation, in any word order.
#include <heed/heed.hpp>

#include <iostream>
#include <string>
#include <vector>

using words = std::vector<std::string>;

// A vector for the meaning of each word: (words, 6), a column for each sense. A trained model learns
// such vectors; these are set by hand.
Eigen::MatrixXf meanings(const words& sentence) {
  const std::vector<words> senses{{"he", "er"},        {"has", "hat"},
                                  {"read", "gelesen"}, {"yesterday", "gestern"},
                                  {"book", "Buch"},    {"the", "das"}};
  const auto rows = static_cast<heed::index>(sentence.size());
  Eigen::MatrixXf vectors = Eigen::MatrixXf::Zero(rows, 6);
  for (heed::index i = 0; i < rows; ++i)
    for (heed::index sense = 0; sense < 6; ++sense)
      for (const std::string& word : senses[static_cast<std::size_t>(sense)])
        if (word == sentence[static_cast<std::size_t>(i)]) vectors(i, sense) = 3;
  return vectors;
}

int main() {
  const words german{"gestern", "hat", "er", "das", "Buch", "gelesen"};
  const words english{"yesterday", "he", "read", "the", "book"};
  const Eigen::MatrixXf q = meanings(german), k = meanings(english);  // (6, 6), (5, 6)

  Eigen::MatrixXf out(6, 6), alignment(6, 5);
  heed::attention(q, k, k, out, heed::weights(alignment));

  std::cout.precision(2);
  for (heed::index i = 0; i < alignment.rows(); ++i) {
    heed::index best = 0;
    const float share = alignment.row(i).maxCoeff(&best);
    std::cout << german[static_cast<std::size_t>(i)] << " -> ";
    if (share > 0.5f)
      std::cout << english[static_cast<std::size_t>(best)] << ' ' << share << '\n';
    else
      std::cout << "no single word, " << share << " each\n";
  }
}
