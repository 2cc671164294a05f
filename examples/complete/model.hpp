// SPDX-License-Identifier: MIT
// A model of two attention layers whose weights are all set by hand. It continues a text by what
// followed the same tokens earlier.
//
//   complete::model model(words.size(), words.ids().size() + 10);
//   model.read(words.ids());
//   model.next().id;  // the id of the next token
#pragma once

#include "codes.hpp"            // token_codes
#include "induction_heads.hpp"  // induction_heads
#include "neighbour_heads.hpp"  // neighbour_heads

#include <heed/layer/token_embedding.hpp>  // token_embedding

#include <algorithm>  // max, min
#include <cmath>      // exp
#include <span>       // span

namespace complete {

// The next token.
struct prediction {
  index id;
  float share;  // the share of the output, over heads that find something, that is this token
  index alike;  // how many tokens at the text's end were found earlier; 0: none
};

// Queries, keys and values of some rows of a text. The keys begin at place first_key.
struct projections {
  heed::matrix<float> q, k, v;
  index first_key;
};

// Attention weights of some rows, head after head: (heads * rows, keys).
struct weights_of_rows {
  heed::matrix<float> weights;
  index first_key;
};

class model {
 public:
  static constexpr index depth = neighbour_heads::count;
  static_assert(depth == induction_heads::count, "each token to the left is found by one head");

  // For texts of up to `tokens` tokens.
  model(index vocabulary, index tokens)
      : codes(token_codes(vocabulary)),
        words({.vocabulary = vocabulary, .model = codes.cols() + neighbour_heads::place_width}),
        layer1(codes.cols()),
        layer2(codes.cols(), tokens),
        stream_(tokens, words.weight.cols() + depth * codes.cols()) {
    words.weight << codes, heed::matrix<float>::Zero(vocabulary, neighbour_heads::place_width);
  }

  index size() const { return size_; }
  index token_width() const { return codes.cols(); }

  // The residual stream, a few KB for each token: (tokens, code of the token | code of its place |
  // codes of the 8 tokens to its left, from layer 1, the nearest first).
  auto stream() const { return stream_.topRows(size_); }
  auto x() const { return stream().leftCols(words.weight.cols()); }
  auto own() const { return stream().leftCols(token_width()); }
  auto left() const { return stream().rightCols(depth * token_width()); }

  // Appends tokens to the text, and computes layer 1 for them.
  void read(std::span<const index> ids) {
    constexpr std::size_t chunk = 256;
    while (!ids.empty()) {
      const auto now = ids.first(std::min(chunk, ids.size()));
      const auto count = static_cast<index>(now.size());
      auto rows = stream_.middleRows(size_, count);
      auto embedded = rows.leftCols(words.weight.cols());
      words(now, embedded);  // x = words(ids) + places
      layer1.places.add(embedded.rightCols(neighbour_heads::place_width), size_);
      size_ += count;
      const projections p = project(size_ - count, count);
      layer1.attend(p.q, p.k, p.v, rows.rightCols(depth * token_width()));
      ids = ids.subspan(now.size());
    }
  }

  // Computes layer 2 for the last token, and returns the token whose code has the largest product
  // with the output.
  prediction next() const {
    heed::matrix<float> heads(1, depth * token_width());
    Eigen::MatrixXf log_sum_exp(1, depth);
    layer2.attend(queries(size_ - 1, 1), left(), own(), heads, heed::log_sum_exp(log_sum_exp));
    const Eigen::VectorXf likeness = codes * layer2.output(heads).transpose();

    prediction best{0, 0, 0};
    float said = 0, say = 1;
    for (index h = 0; h < depth; ++h, say *= induction_heads::growth) {
      const double sink = std::exp(layer2.sinks[static_cast<std::size_t>(h)] -
                                   static_cast<double>(log_sum_exp(h)));  // the sink's weight
      if (sink > 0.5) break;
      best.alike = h + 1;
      said += say;
    }
    if (best.alike > 0) best.share = likeness.maxCoeff(&best.id) / said;
    return best;
  }

  // The projections of layer 1 for rows first ... first + count - 1.
  projections project(index first, index count) const {
    const index first_key = std::max(index(0), first - neighbour_heads::reach);
    const auto rows = x().middleRows(first_key, first + count - first_key);
    return {layer1.project.query(x().middleRows(first, count)), layer1.project.key(rows),
            layer1.project.value(rows), first_key};
  }

  // The queries of layer 2, whose keys are left() and whose values are own().
  heed::matrix<float> queries(index first, index count) const {
    return layer2.queries(own().middleRows(first, count), left().middleRows(first, count));
  }

  // The attention weights of layer 1.
  weights_of_rows look1(index first, index count) const {
    const projections p = project(first, count);
    heed::matrix<float> out(count, depth * token_width());
    heed::matrix<float> weights(depth * count, p.k.rows());
    layer1.attend(p.q, p.k, p.v, out, heed::weights(weights));
    return {weights, p.first_key};
  }

  // The attention weights of layer 2.
  weights_of_rows look2(index first, index count) const {
    heed::matrix<float> out(count, depth * token_width());
    heed::matrix<float> weights(depth * count, first + count);
    layer2.attend(queries(first, count), left().topRows(first + count),
                  own().topRows(first + count), out, heed::weights(weights));
    return {weights, 0};
  }

  heed::matrix<float> codes;           // (vocabulary, token width)
  heed::token_embedding<float> words;  // codes, and zero columns for the code of the place
  neighbour_heads layer1;
  induction_heads layer2;

 private:
  heed::matrix<float> stream_;
  index size_ = 0;
};

}  // namespace complete
