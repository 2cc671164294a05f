// SPDX-License-Identifier: MIT
// Chapters 3 to 7 of the tour: one head, from queries, keys and values to its output.
#pragma once

#include "traveller.hpp"

namespace tour {

inline void traveller::project() {
  page.title("3. Q, K, V: what a token asks, offers and gives");
  page.paragraph(
      "Each row is first brought to a common length. Then three learned matrices make three "
      "vectors of it: the query q, what the token looks for; the key k, by which it is found; the "
      "value v, what it hands on. A layer has several heads, each with its own columns: here 8 "
      "heads of 8 columns for queries, and 4 for keys and values, each of which serves two heads. "
      "We follow head 8 of the first layer.");
  page.formula("q = x W_Q    k = x W_K    v = x W_V   (16, 64) (16, 32) (16, 32)");
  TOUR_RUN(heed::normalise(block.attention_norm, x, x));
  TOUR_RUN(q = layer.query(x));
  TOUR_RUN(k = layer.key(x));
  TOUR_RUN(v = layer.value(x));
  numbered("head 8", 8);
  row("q of `his`", q, last(), head * width(), width());
  row("k of `He`", k, place("He"), kv_head() * width(), width());
  row("v of `He`", v, place("He"), kv_head() * width(), width());
  page.line();
  tour::picture drawn(64 + 3 * 160, 30 + 16 * 16);
  drawn.row_names(names, 64, 24, 16);
  int at = 64;
  for (const auto& [what, m, h] : {std::tuple("q", &q, head), std::tuple("k", &k, kv_head()),
                                   std::tuple("v", &v, kv_head())}) {
    const matrix<float> mine = m->middleCols(h * width(), width());
    drawn.text(at, 16, what, "class=\"title\"");
    drawn.squares(mine, at, 24, 16, static_cast<double>(mine.cwiseAbs().maxCoeff()));
    at += 152;
  }
  page.show("qkv", "Queries, keys and values of head 8, a row a token", drawn);
}

inline void traveller::turn() {
  page.title("4. Position: where a token stands");
  page.paragraph(
      "So far nothing says which token came first. This model turns its queries and keys: the "
      "columns of a head are pairs, and the pair i of token t turns by an angle of t · 10000^(-2i "
      "/ width). A product of two turned vectors then depends on their distance alone. (GPT-2 "
      "instead adds a learned vector for each place to x: `heed::position_embedding`.)");
  page.formula("q[t] = R(t) q[t]    k[t] = R(t) k[t]");
  const matrix<float> asked = q.row(last()), offered = k.row(place("He"));
  TOUR_RUN((*layer.rotary)(q, 0));
  TOUR_RUN((*layer.rotary)(k, 0));
  std::vector<std::string> distances;
  std::vector<double> scores;
  for (const index distance : {0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15}) {
    matrix<float> turned = asked, key = offered;
    (*layer.rotary)(turned, distance);
    (*layer.rotary)(key, 0);
    distances.push_back(std::to_string(distance));
    scores.push_back(score(turned, 0, key, 0));
  }
  page.paragraph(
      "The same query of `his` and the same key of `He`, as many tokens apart as the number before "
      "the bar says: how well they fit, as step 5 measures it.");
  const double most = std::abs(*std::max_element(
      scores.begin(), scores.end(), [](double a, double b) { return std::abs(a) < std::abs(b); }));
  tour::picture drawn(480, 20 * 11 + 8);
  drawn.bars(distances, scores, 40, 4, 360, most);
  page.show("position", "The score of one query and one key by their distance", drawn);
}

inline void traveller::attend() {
  page.title("5. Scores: every query meets every key");
  page.paragraph(
      "The dot product of a query and a key is large where they point alike. It is divided by the "
      "root of the width, so that scores do not grow with it. A token may look at itself and at "
      "those before it, not at what comes later: the causal mask leaves the upper right half "
      "empty.");
  page.formula("s[i, j] = q[i] · k[j] / √8            for j <= i");
  matrix<float> scores = matrix<float>::Zero(tokens(), tokens());
  for (index i = 0; i < tokens(); ++i)
    for (index j = 0; j <= i; ++j) scores(i, j) = static_cast<float>(score(q, i, k, j));
  triangle("scores", "Scores: a row asks, a column is asked", scores,
           static_cast<double>(scores.cwiseAbs().maxCoeff()));

  page.title("6. Softmax: scores become shares");
  page.paragraph(
      "The exponential makes every score positive and favours large ones; divided by their sum, "
      "the row adds up to 1. These are the weights: how the token shares out its attention.");
  page.formula("w[i, j] = exp(s[i, j]) / Σ_j exp(s[i, j])");
  page.paragraph(
      "heed does both steps and the next in one call, which never holds the whole matrix; it "
      "writes the weights down only if asked:");
  TOUR_RUN(weights = matrix<float>(layer.heads.query * tokens(), tokens()));
  TOUR_RUN(matrix<float> context =
               heed::attention(q, k, v, layer.heads, heed::causal, heed::weights(weights)));
  const matrix<float> mine = weights.middleRows(head * tokens(), tokens());
  check(scores, mine);
  page.header({"`his` looks at", "score", "weight"});
  for (const index j : largest(mine.row(last()), 6))
    page.row({quoted(j), fixed(static_cast<double>(scores(last(), j))),
              fixed(static_cast<double>(mine(last(), j)))});
  page.line();
  page.paragraph(
      "`his` looks at itself, then at `He`, `Tim` and `with`: in its first layer, before it knows "
      "anything of its sentence, this head finds those whom the word may be about.");
  triangle("weights", "Weights: each row adds up to 1", mine, 1);

  page.title("7. Weighted values: the answer");
  page.paragraph(
      "Each token now takes the values of all others, as much of each as its weight says.");
  page.formula("out[i] = Σ_j w[i, j] v[j]");
  numbered("value", 8);
  const index first = kv_head() * width();
  for (const index j : largest(mine.row(last()), 3)) {
    std::vector<std::string> cells{fixed(static_cast<double>(mine(last(), j))) + " × v of " +
                                   name(j)};
    for (index c = first; c < first + width(); ++c)
      cells.push_back(fixed(static_cast<double>(mine(last(), j) * v(j, c))));
    page.row(cells);
  }
  row("all 16, added: out of `his`", context, last(), head * width(), width());
  page.line();
  tour::picture drawn(64 + 16 * 8 + 90, 34 + 17 * 16);
  matrix<float> parts(tokens() + 1, width());
  for (index j = 0; j < tokens(); ++j)
    parts.row(j) = mine(last(), j) * v.row(j).segment(first, width());
  parts.row(tokens()) = context.row(last()).segment(head * width(), width());
  std::vector<std::string> rows = names;
  rows.emplace_back("sum");
  drawn.text(64, 16, "weight × value", "class=\"title\"");
  drawn.row_names(rows, 64, 24, 16);
  drawn.squares(parts, 64, 24, 16, static_cast<double>(parts.cwiseAbs().maxCoeff()));
  page.show("values", "What each token gives to his, and the sum", drawn);
}

}  // namespace tour
