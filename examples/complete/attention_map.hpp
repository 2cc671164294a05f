// SPDX-License-Identifier: MIT
// Attention weights ready to be drawn: queries, keys, and the weight of each pair.
#pragma once

#include "continuation.hpp"  // continuation
#include "glyphs.hpp"        // quoted
#include "largest.hpp"       // largest

#include <algorithm>  // sort
#include <numeric>    // iota
#include <string>     // string
#include <vector>     // vector

namespace complete {

struct attention_map {
  std::string title;
  std::vector<std::string> rows;  // names of queries
  std::vector<index> columns;     // places of keys in the text, ascending
  heed::matrix<float> weights;    // (rows, columns)
};

// Names of tokens `first` ... `first + count - 1`.
inline std::vector<std::string> names(const continuation& c, index first, index count) {
  std::vector<std::string> quotes;
  for (index i = first; i < first + count; ++i) quotes.push_back(quoted(c.token(i), 12));
  return quotes;
}

inline std::vector<index> run_of_places(index first, index count) {
  std::vector<index> places(static_cast<std::size_t>(count));
  std::iota(places.begin(), places.end(), first);
  return places;
}

// The weights of one token in layer 1 on the last `most` tokens up to itself: a row for each head.
inline attention_map map_of_token(const continuation& c, index asking, index most) {
  const index count = std::min(most, asking + 1);
  const weights_of_rows seen = c.attention().look1(asking, 1);
  attention_map map{
      "layer 1", {}, run_of_places(asking + 1 - count, count), seen.weights.rightCols(count)};
  for (index h = 1; h <= model::depth; ++h) map.rows.push_back("head " + std::to_string(h));
  return map;
}

// A map for each head of layer 1: the weights of tokens `first` ... `first + count - 1` on each other.
inline std::vector<attention_map> maps_of_layer_1(const continuation& c, index first, index count) {
  const weights_of_rows seen = c.attention().look1(first, count);
  std::vector<attention_map> maps;
  for (index h = 0; h < model::depth; ++h) {
    const std::string number = std::to_string(h + 1);
    maps.push_back(
        {"layer 1, head " + number + ": " + number + " to the left", names(c, first, count),
         run_of_places(first, count),
         seen.weights.middleRows(h * count, count).middleCols(first - seen.first_key, count)});
  }
  return maps;
}

// A map of the `most` columns with the largest weights, without columns whose weights are all below
// 0.005; of all columns if there are `most` or fewer.
inline attention_map most_seen(std::string title, std::vector<std::string> rows,
                               const heed::matrix<float>& weights, index most) {
  constexpr float visible = 0.005f;
  const Eigen::VectorXf attracted = weights.colwise().maxCoeff().transpose();
  attention_map map{std::move(title), std::move(rows), {}, {}};
  for (const index place : largest(attracted, most))
    if (weights.cols() <= most || attracted[place] >= visible) map.columns.push_back(place);
  std::sort(map.columns.begin(), map.columns.end());
  map.weights.resize(weights.rows(), static_cast<index>(map.columns.size()));
  for (index i = 0; i < map.weights.cols(); ++i)
    map.weights.col(i) = weights.col(map.columns[static_cast<std::size_t>(i)]);
  return map;
}

// A map for each head of layer 2: the weights of these tokens on the whole text.
inline std::vector<attention_map> maps_of_layer_2(const continuation& c, index first, index count,
                                                  index most) {
  const weights_of_rows seen = c.attention().look2(first, count);
  std::vector<attention_map> maps;
  for (index h = 0; h < model::depth; ++h)
    maps.push_back(
        most_seen("layer 2, head " + std::to_string(h + 1) + ": what followed the same " +
                      (h == 0 ? "token" : std::to_string(h + 1) + " tokens"),
                  names(c, first, count), seen.weights.middleRows(h * count, count), most));
  return maps;
}

// One map of layer 2: the sum of its heads, each with the factor that it has in the output.
inline attention_map map_of_layer_2(const continuation& c, index first, index count, index most) {
  const weights_of_rows seen = c.attention().look2(first, count);
  heed::matrix<float> sum = heed::matrix<float>::Zero(count, seen.weights.cols());
  float say = 1;
  for (index h = 0; h < model::depth; ++h, say *= induction_heads::growth)
    sum += say * seen.weights.middleRows(h * count, count);
  for (index r = 0; r < count; ++r) sum.row(r) /= std::max(sum.row(r).sum(), 1.0f);
  return most_seen("layer 2", names(c, first, count), sum, most);
}

}  // namespace complete
