// SPDX-License-Identifier: MIT
// A custom mask: every word attends to its own sentence up to itself, and to the headline.
#include <heed/heed.hpp>

#include <iostream>
#include <string>
#include <vector>

int main() {
  const std::vector<std::string> words{"Cats:", "they", "sleep", ".", "They", "hunt", "mice", "."};
  const auto count = static_cast<heed::index>(words.size());

  std::vector<int> sentence;  // of each word; the headline is sentence 0
  int number = 0;
  for (const std::string& word : words) {
    sentence.push_back(number);
    if (word == "." || word == "Cats:") ++number;
  }

  // Masks are values: heed::where makes one of any function of a position, and && || ! combine masks.
  const auto same_sentence = heed::where([&](heed::at i) {
    return sentence[static_cast<std::size_t>(i.query)] == sentence[static_cast<std::size_t>(i.key)];
  });
  const auto headline = heed::prefix(1);

  const Eigen::MatrixXf q = Eigen::MatrixXf::Zero(count, 1);  // no preference: equal shares
  Eigen::MatrixXf out(count, 1), shares(count, count);
  heed::attention(q, q, q, out, heed::causal && (same_sentence || headline), heed::weights(shares));

  for (heed::index i = 0; i < count; ++i) {
    std::cout << words[static_cast<std::size_t>(i)] << " sees";
    for (heed::index j = 0; j < count; ++j)
      if (shares(i, j) > 0) std::cout << ' ' << words[static_cast<std::size_t>(j)];
    std::cout << ", each " << shares(i, 0) << '\n';
  }
}
