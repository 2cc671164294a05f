// SPDX-License-Identifier: MIT
// Many continuations of one prompt, whose keys and values are stored once: one call attends to the prompt for all
// continuations, another call to the own tokens of each, and heed::merge combines both results.
#include "complete/passage.hpp"

#include <heed/heed.hpp>

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

namespace {

using matrix = heed::matrix<float>;
constexpr heed::heads heads{8, 2};
constexpr heed::index width = 16, model = 64;

// The queries, keys and values of one layer of a model whose tokens are letters.
struct letters {
  heed::token_embedding<float> embed{{.vocabulary = 128, .model = model}};
  heed::sinusoidal<float> place{{.model = model}};
  heed::qkv_projection<float> project{
      {.model = model, .heads = heads.query, .kv_heads = heads.kv, .width = width}};

  auto operator()(const std::string& text, heed::index position) const {
    std::vector<int> ids;
    for (const char c : text) ids.push_back(c & 127);
    return project(matrix(embed(ids) + place(position, static_cast<heed::index>(ids.size()))));
  }
};

}  // namespace

int main() {
  const letters layer;
  const std::string prompt(complete::passage);
  const std::vector<std::string> endings = {"that", "that killed the rat", "that ate the malt and",
                                            "in the house", "built by Jack, who worried"};
  const auto continuations = static_cast<heed::index>(endings.size());
  const auto length = static_cast<heed::index>(prompt.size());

  // The prompt is cached once; each continuation has a sequence of its own in `own`.
  const auto [unused, prompt_keys, prompt_values] = layer(prompt, 0);
  heed::kv_cache<float> shared({.capacity = length, .heads = heads.kv, .width = width});
  shared.append(prompt_keys, prompt_values);
  heed::kv_caches<float> own(
      {.sequences = continuations, .capacity = 64, .heads = heads.kv, .width = width});
  matrix q(continuations, heads.query * width);  // the query of the last letter of each
  for (heed::index i = 0; i < continuations; ++i) {
    const auto [ask, keys, values] = layer(endings[static_cast<std::size_t>(i)], length);
    own.append(i, keys, values);
    q.row(i) = ask.row(ask.rows() - 1);
  }

  // Attends to the shared prompt for all continuations; then to the tokens of each.
  matrix out(q.rows(), q.cols()), tails(out), lse(continuations, heads.query), tails_lse(lse);
  heed::attention(q, shared.keys(), shared.values(), out, heads, heed::log_sum_exp(lse));
  std::vector<heed::index> starts(static_cast<std::size_t>(continuations + 1));
  for (std::size_t i = 0; i < starts.size(); ++i) starts[i] = static_cast<heed::index>(i);
  heed::attention(q, own.keys(), own.values(), tails, heads, heed::log_sum_exp(tails_lse),
                  own.batch(starts), heed::causal);
  heed::merge(heed::partial(out, lse), heed::partial(tails, tails_lse));

  // The same with a copy of the prompt for each continuation.
  double difference = 0;
  for (heed::index i = 0; i < continuations; ++i) {
    heed::kv_cache<float> whole({.capacity = length + 64, .heads = heads.kv, .width = width});
    whole.append(shared.keys(), shared.values());
    const auto [ask, keys, values] = layer(endings[static_cast<std::size_t>(i)], length);
    whole.append(keys, values);
    const matrix alone = heed::attention(matrix(q.row(i)), whole.keys(), whole.values(), heads);
    difference = std::max(difference, double((alone - out.row(i)).cwiseAbs().maxCoeff()));
  }
  std::cout << continuations << " continuations of a prompt of " << length
            << " letters, which is kept once\n"
            << "largest difference from a copy of the prompt for each: " << difference << "\n"
            << (difference < 1e-6 ? "the same attention\n" : "NOT the same\n");
  return difference < 1e-6 ? 0 : 1;
}
