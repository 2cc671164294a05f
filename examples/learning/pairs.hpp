// SPDX-License-Identifier: MIT
// Pairs of questions and answers from a file, and a measure of how well a text encoder finds the answers.
#pragma once

#include <heed/models.hpp>

#include <algorithm>
#include <fstream>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

struct text_pairs {
  std::vector<std::string> questions, answers;

  [[nodiscard]] std::size_t size() const { return questions.size(); }
};

// Reads a pair from each line: question, tab, answer. Empty lines are left out. Throws std::runtime_error.
inline text_pairs read_pairs(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error(path + " cannot be read");
  text_pairs pairs;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) continue;
    const auto tab = line.find('\t');
    if (tab == line.npos || tab == 0 || tab + 1 == line.size() ||
        line.find('\t', tab + 1) != line.npos)
      throw std::runtime_error(path + ": line " + std::to_string(number) +
                               " is no question and answer with one tab between them");
    pairs.questions.push_back(line.substr(0, tab));
    pairs.answers.push_back(line.substr(tab + 1));
  }
  return pairs;
}

// 0, 1, ..., count - 1 in a random order that is a function of count, seed and `turn`.
inline std::vector<std::size_t> shuffled(std::size_t count, std::uint32_t turn,
                                         std::uint64_t seed) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t(0));
  for (std::size_t i = count; i > 1; --i) {
    const auto words = heed::detail::philox({static_cast<std::uint32_t>(i), turn, 0, 11}, seed);
    std::swap(order[i - 1], order[words[0] % i]);
  }
  return order;
}

// The share of questions whose right answer comes first, and the mean reciprocal rank of the right answer.
struct retrieval {
  double first = 0, reciprocal = 0;
};

// Searches the answers of the questions `asked` among all answers by cosine; an answer with the text of the right one
// counts as right.
inline retrieval measure(const heed::text_encoder& encode, const text_pairs& pairs,
                         const std::vector<std::size_t>& asked, const heed::executor& on) {
  std::vector<std::string> questions;
  for (const std::size_t i : asked) questions.push_back(pairs.questions[i]);
  heed::matrix<float> q = encode(questions, heed::on(on)), a = encode(pairs.answers, heed::on(on));
  q.rowwise().normalize();
  a.rowwise().normalize();
  const heed::matrix<float> cosines = q * a.transpose();
  retrieval r;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const auto row = static_cast<heed::index>(i);
    const float right = cosines(row, static_cast<heed::index>(asked[i]));
    std::size_t before = 0;
    for (std::size_t j = 0; j < pairs.size(); ++j)
      if (cosines(row, static_cast<heed::index>(j)) > right &&
          pairs.answers[j] != pairs.answers[asked[i]])
        ++before;
    r.first += before == 0 ? 1 : 0;
    r.reciprocal += 1 / static_cast<double>(1 + before);
  }
  r.first /= static_cast<double>(asked.size());
  r.reciprocal /= static_cast<double>(asked.size());
  return r;
}
