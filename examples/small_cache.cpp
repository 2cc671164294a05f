// SPDX-License-Identifier: MIT
// The error and the size of a KV cache of smaller numbers: the keys and values of a text are stored as float, half,
// bfloat16 and 8-bit integers, and the query of the last letter attends to each cache.
#include "complete/passage.hpp"

#include <heed/heed.hpp>

#include <cstdint>
#include <iomanip>
#include <iostream>
#include <string>
#include <vector>

namespace {

using matrix = heed::matrix<float>;
constexpr heed::heads heads{8, 2};
constexpr heed::index width = 64, model = 128;

// Prints the size and the error of a cache of type Storage; queries and results are float in any case.
template <class Storage>
void show(const char* name, double bytes_a_number, const matrix& q, const matrix& k,
          const matrix& v, const matrix& exact) {
  heed::kv_cache<Storage> cache({.capacity = k.rows(), .heads = heads.kv, .width = width});
  cache.append(k, v);
  const matrix out = heed::attention(q, cache.keys(), cache.values(), heads, heed::causal);
  const float off = (out - exact).cwiseAbs().maxCoeff() / exact.cwiseAbs().maxCoeff();
  std::cout << std::left << std::setw(9) << name << std::right << std::setprecision(3)
            << std::setw(4) << 2 * bytes_a_number * static_cast<double>(k.size()) / 1024
            << " KiB, the result is off by " << std::setprecision(1) << 100 * off << " %\n";
}

}  // namespace

int main() {
  std::vector<int> letters;
  for (const char c : std::string(complete::passage)) letters.push_back(c & 127);
  letters.resize(512, ' ');
  const heed::token_embedding<float> embed({.vocabulary = 128, .model = model});
  const heed::sinusoidal<float> place({.model = model});
  const heed::qkv_projection<float> project(
      {.model = model, .heads = heads.query, .kv_heads = heads.kv, .width = width});
  const auto [asks, k, v] = project(matrix(embed(letters) + place(0, 512)));
  const matrix q = asks.bottomRows(1), exact = heed::attention(q, k, v, heads, heed::causal);

  std::cout << "keys and values of " << k.rows() << " letters, " << heads.kv << " heads x " << width
            << ":\n";
  show<float>("float", 4, q, k, v, exact);
  show<Eigen::half>("half", 2, q, k, v, exact);
  show<Eigen::bfloat16>("bfloat16", 2, q, k, v, exact);
  // A scale, 4 bytes, for each row and head.
  show<std::int8_t>("8-bit", 1 + 4.0 / width, q, k, v, exact);
}
