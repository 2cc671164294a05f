// SPDX-License-Identifier: MIT
// Two layers of attention, every weight set by hand, that continue a text by what followed before.
//
//   complete::model model(words.size(), words.ids().size() + 10);
//   model.read(words.ids());
//   model.next().id;  // of the token that comes next
#pragma once

#include "codes.hpp"            // token_codes
#include "induction_head.hpp"   // induction_head
#include "neighbour_heads.hpp"  // neighbour_heads

#include <heed/layer/token_embedding.hpp>  // token_embedding

#include <algorithm>  // max, min
#include <span>       // span

namespace complete {

// What comes next.
struct prediction {
  index id;
  float share;  // of the attention: how much of it looks at this token
  bool found;   // false: nothing in the text resembles its end
};

// Attention weights of some rows: (rows, columns), several heads under each other.
struct weights_of_rows {
  heed::matrix<float> weights;
  index first_key;  // place of column 0
};

class model {
 public:
  // For texts of up to `tokens` tokens.
  model(index vocabulary, index tokens)
      : codes(token_codes(vocabulary)),
        words({.vocabulary = vocabulary, .model = codes.cols() + neighbour_heads::place_width}),
        layer1(codes.cols()),
        layer2(codes.cols(), neighbour_heads::place_width, neighbour_heads::count, tokens),
        stream_(tokens, words.weight.cols() + layer2.query.outputs()) {
    words.weight << codes, heed::matrix<float>::Zero(vocabulary, neighbour_heads::place_width);
  }

  index size() const { return size_; }

  // (tokens, token | place | what layer 1 brought): all that is kept of the text, a few KB a token.
  auto stream() const { return stream_.topRows(size_); }
  auto x() const { return stream().leftCols(words.weight.cols()); }

  // Appends tokens to the text; layer 1 looks at them at once.
  void read(std::span<const index> ids) {
    constexpr std::size_t chunk = 256;
    while (!ids.empty()) {
      const auto now = ids.first(std::min(chunk, ids.size()));
      embed(now);
      const index count = static_cast<index>(now.size());
      const auto [q, k, v, first_key] = project(size_ - count, count);
      layer1.attend(q, k, v,
                    stream_.middleRows(size_ - count, count).rightCols(layer2.query.outputs()));
      ids = ids.subspan(now.size());
    }
  }

  // Layer 2 asks what follows the last token; the arg max over the vocabulary is the answer.
  prediction next() const {
    heed::matrix<float> arrow(1, codes.cols());
    Eigen::MatrixXf log_sum_exp(1, 1);
    layer2.attend(queries(size_ - 1, 1), stream(), arrow, heed::log_sum_exp(log_sum_exp));
    const Eigen::VectorXf likeness = codes * arrow.transpose();
    prediction best{0, 0, false};
    best.share = likeness.maxCoeff(&best.id);
    best.found = log_sum_exp(0) > static_cast<float>(layer2.sinks[0]) + 1;
    return best;
  }

  // Queries, keys and values of layer 1 for rows first ... first + count - 1. The keys begin a reach
  // before the first row.
  struct projections {
    heed::matrix<float> q, k, v;
    index first_key;
  };
  projections project(index first, index count) const {
    const index first_key = std::max(index(0), first - neighbour_heads::reach);
    const auto rows = x().middleRows(first_key, first + count - first_key);
    return {layer1.project.query(x().middleRows(first, count)), layer1.project.key(rows),
            layer1.project.value(rows), first_key};
  }

  // Queries of layer 2.
  heed::matrix<float> queries(index first, index count) const {
    return layer2.query(stream().middleRows(first, count));
  }

  // The attention of layer 1's heads, for looking at: (8 * count, keys).
  weights_of_rows look1(index first, index count) const {
    const auto [q, k, v, first_key] = project(first, count);
    heed::matrix<float> out(count, neighbour_heads::count * codes.cols());
    heed::matrix<float> weights(neighbour_heads::count * count, k.rows());
    layer1.attend(q, k, v, out, heed::weights(weights));
    return {weights, first_key};
  }

  // The attention of layer 2: (count, keys).
  weights_of_rows look2(index first, index count) const {
    heed::matrix<float> out(count, codes.cols());
    heed::matrix<float> weights(count, first + count);
    layer2.attend(queries(first, count), stream_.topRows(first + count), out,
                  heed::weights(weights));
    return {weights, 0};
  }

  heed::matrix<float> codes;           // (vocabulary, token width)
  heed::token_embedding<float> words;  // codes with room for the place
  neighbour_heads layer1;
  induction_head layer2;

 private:
  // x = words(ids) + places
  void embed(std::span<const index> ids) {
    const index count = static_cast<index>(ids.size());
    auto rows = stream_.block(size_, 0, count, words.weight.cols());
    words(ids, rows);
    layer1.places.add(rows.rightCols(neighbour_heads::place_width), size_);
    size_ += count;
  }

  heed::matrix<float> stream_;
  index size_ = 0;
};

}  // namespace complete
