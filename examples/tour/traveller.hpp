// SPDX-License-Identifier: MIT
// The state of the tour: the model, the sentence, the matrices computed so far, and the page that is written.
#pragma once

#include "notebook.hpp"

#include <heed/models.hpp>

#include <algorithm>
#include <numeric>

// Runs a line of code and adds it to the page, so that the page shows the code that was run.
#define TOUR_RUN(...) \
  __VA_ARGS__;        \
  page.code(#__VA_ARGS__ ";")

namespace tour {

inline constexpr const char* sentence = "Tim had a red ball. He liked to play with his";
inline constexpr index head = 7;  // the head of the first layer that the tour describes

struct traveller {
  const heed::language_model& model;
  const heed::tokenizer& text;
  const heed::transformer_block<float>& block = model.decoder.blocks.front();
  const heed::attention_layer<float>& layer = block.attention;
  tour::notebook page = {};

  std::vector<index> ids = {};
  std::vector<std::string> names = {};  // of the tokens
  matrix<float> x = {}, q = {}, k = {}, v = {}, weights = {};

  [[nodiscard]] index tokens() const { return static_cast<index>(ids.size()); }
  [[nodiscard]] index last() const { return tokens() - 1; }
  [[nodiscard]] index width() const { return layer.width(); }
  [[nodiscard]] index kv_head() const { return head / (layer.heads.query / layer.kv_heads()); }
  [[nodiscard]] index place(const std::string& name) const {
    return std::find(names.begin(), names.end(), name) - names.begin();
  }
  [[nodiscard]] std::string name(index i) const { return names[static_cast<std::size_t>(i)]; }

  [[nodiscard]] std::string quoted(index i) const { return '`' + name(i) + '`'; }

  // The first numbers of a row, as cells of a table.
  void row(const std::string& what, const matrix<float>& m, index i, index first, index count) {
    std::vector<std::string> cells{what};
    for (index j = first; j < first + count; ++j)
      cells.push_back(fixed(static_cast<double>(m(i, j))));
    page.row(cells);
  }
  void numbered(const std::string& what, index count) {
    std::vector<std::string> cells{what};
    for (index j = 1; j <= count; ++j) cells.push_back(std::to_string(j));
    page.header(cells);
  }
  void triangle(const std::string& file, const std::string& what, const matrix<float>& m,
                double largest) {
    tour::picture drawn(64 + 16 * 20 + 60, 70 + 16 * 20);
    drawn.column_names(names, 64, 60, 20);
    drawn.row_names(names, 64, 60, 20);
    drawn.squares(m, 64, 60, 20, largest);
    page.show(file, what, drawn);
  }

  // The chapters, in their order.
  void begin();
  void split();
  void embed();
  void project();
  void turn();
  void attend();
  void many_heads();
  void go_on();

  // q · k / √width of the described head.
  [[nodiscard]] double score(const matrix<float>& queries, index i, const matrix<float>& keys,
                             index j) const {
    const auto a = queries.row(i).segment(head * width(), width()).cast<double>();
    const auto b = keys.row(j).segment(kv_head() * width(), width()).cast<double>();
    return a.dot(b) / std::sqrt(static_cast<double>(width()));
  }

  // Throws std::runtime_error unless the softmax of the scores equals the weights of heed, within 1e-5.
  void check(const matrix<float>& scores, const matrix<float>& shown) const {
    for (index i = 0; i < tokens(); ++i) {
      const auto seen = scores.row(i).head(i + 1).cast<double>().array();
      const double sum = (seen - seen.maxCoeff()).exp().sum();
      for (index j = 0; j <= i; ++j)
        if (std::abs(std::exp(seen(j) - seen.maxCoeff()) / sum - static_cast<double>(shown(i, j))) >
            1e-5)
          throw std::runtime_error("the softmax of the scores is not what heed::weights gives");
    }
  }

  [[nodiscard]] std::vector<double> chances(const matrix<float>& logits, index row) const {
    const auto l = logits.row(row).cast<double>().array();
    const Eigen::ArrayXd p = (l - l.maxCoeff()).exp();
    const double sum = p.sum();
    std::vector<double> all;
    for (const double one : p) all.push_back(one / sum);
    return all;
  }

  template <class Row>
  [[nodiscard]] static std::vector<index> largest(const Row& values, std::size_t count) {
    std::vector<index> order(static_cast<std::size_t>(values.size()));
    std::iota(order.begin(), order.end(), index(0));
    std::sort(order.begin(), order.end(), [&](index a, index b) { return values(a) > values(b); });
    order.resize(count);
    return order;
  }
};

}  // namespace tour
