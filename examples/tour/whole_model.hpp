// SPDX-License-Identifier: MIT
// Chapters 8 and 9 of the tour: all heads of all layers, and generation.
#pragma once

#include "traveller.hpp"

namespace tour {

inline void traveller::many_heads() {
  page.title("8. Many heads, many layers");
  page.paragraph(
      "Eight heads do this side by side, each with its own idea of what to look for. Their results "
      "stand next to each other, a last matrix mixes them, and the sum goes onto x. A small "
      "network then works on each token by itself, and the next layer begins. Here are all 40 "
      "heads; `heed::observe_weights` shows them while the model runs.");
  page.formula("x = x + out W_O    x = x + feed_forward(norm(x))");
  TOUR_RUN(std::vector<matrix<float>> seen);
  TOUR_RUN(const auto keep = [&](index, const auto& w) { seen.emplace_back(w); });
  TOUR_RUN((void)model.decoder.hidden(ids, heed::observe_weights(keep)));
  const auto heads = static_cast<int>(layer.heads.query);
  constexpr int cell = 5, step = 16 * cell + 8;
  tour::picture drawn(64 + heads * step, 24 + static_cast<int>(seen.size()) * step);
  for (int h = 0; h < heads; ++h) drawn.text(64 + h * step, 14, "head " + std::to_string(h + 1));
  for (std::size_t l = 0; l < seen.size(); ++l) {
    const int y = 24 + static_cast<int>(l) * step;
    drawn.text(4, y + 44, "layer " + std::to_string(l + 1));
    for (int h = 0; h < heads; ++h)
      drawn.squares(seen[l].middleRows(h * tokens(), tokens()), 64 + h * step, y, cell, 1, 0);
  }
  page.show("heads", "All heads of all layers: a row asks, a column is asked", drawn);
  page.paragraph("What `his` looks at most, in some of them:");
  page.header({"layer, head", "first", "", "second", ""});
  for (const auto& [l, h] : {std::pair(0, 7), std::pair(1, 0), std::pair(1, 6), std::pair(2, 3),
                             std::pair(2, 7), std::pair(4, 2), std::pair(4, 4)}) {
    const auto asked = seen[static_cast<std::size_t>(l)].row(h * tokens() + last());
    const auto two = largest(asked, 2);
    page.row({std::to_string(l + 1) + ", " + std::to_string(h + 1), quoted(two[0]),
              fixed(static_cast<double>(asked(two[0]))), quoted(two[1]),
              fixed(static_cast<double>(asked(two[1])))});
  }
  page.line();
  page.paragraph(
      "One head finds whom `his` belongs to (`He`), one the token before (`with`), one what is "
      "done (`play`), one the name (`Tim`), and in the last layer two go back to the pieces of "
      "`red ball`. `generate MODEL --attention FILE.html` writes a page to explore all of this "
      "with your own sentence.");
}

inline void traveller::go_on() {
  page.title("9. Generation: what comes next");
  page.paragraph(
      "After the last layer, the vector of the last token is compared with the vectors of all 512 "
      "tokens: a score, a logit, for each. Softmax again, and there is a probability for every "
      "token that may come next.");
  page.formula("p = softmax(norm(x) Eᵀ)");
  TOUR_RUN(matrix<float> logits = model.logits(ids));
  const std::vector<double> p = chances(logits, last());
  std::vector<std::string> words;
  std::vector<double> values;
  for (const index id :
       largest(Eigen::Map<const Eigen::VectorXd>(p.data(), static_cast<index>(p.size())), 6)) {
    words.push_back(text.token(id).value_or(""));
    if (words.back().starts_with("▁")) words.back().erase(0, std::string("▁").size());
    values.push_back(p[static_cast<std::size_t>(id)]);
  }
  tour::picture drawn(480, 20 * 6 + 8);
  drawn.bars(words, values, 64, 4, 340, values.front());
  page.show("next", "The six tokens that are most probable", drawn);
  page.paragraph(
      "The likeliest begins `toys`, the second `ball`: the heads that looked at `red ball` have "
      "been heard. The token is written down, read again as the 17th, and so on. Keys and values "
      "of the tokens before do not change, so a cache keeps them, and each step computes one row.");
  heed::token_stream stream = text.stream();
  for (const index id : ids) (void)stream.push(id);
  TOUR_RUN(std::string story);
  TOUR_RUN(for (index id : model.generate(ids, {.tokens = 40})) story += stream.push(id));
  page.paragraph("> " + std::string(sentence) + " **" + story.substr(1) + "**");
  page.paragraph(
      "That is all: tables of numbers, and one idea, that every token asks all others and takes "
      "what fits. [docs/semantics.md](semantics.md) says what `heed::attention` promises, and "
      "[docs/kernel.md](kernel.md) how it is fast.");
}

}  // namespace tour
