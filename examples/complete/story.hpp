// SPDX-License-Identifier: MIT
// Prints the steps of self-attention with the numbers of the given text.
#pragma once

#include "continuation.hpp"  // continuation
#include "largest.hpp"       // largest
#include "page.hpp"          // page, number, shape

#include <algorithm>  // max, min

namespace complete {

// Describes the last token that was read, and the prediction of the next one.
class story {
 public:
  story(page& out, const continuation& c) : out_(out), c_(c), m_(c.attention()), n_(m_.size()) {}

  void tell(std::string_view text) const {
    out_.title("Self-attention, step by step.", "No training: every weight is set by hand.");
    tell_tokens(text);
    tell_vectors();
    tell_layer_1();
    tell_layer_2();
    tell_next();
  }

 private:
  static constexpr index heads = model::depth;
  static constexpr index place_width = neighbour_heads::place_width;

  void tell_tokens(std::string_view text) const {
    constexpr std::size_t seen = 200;  // bytes are enough to fill a line
    const std::string_view end = text.substr(text.size() > seen ? text.size() - seen : 0);
    out_.step(1, "Text",
              std::to_string(text.size()) + " bytes, ending in " + quoted(end, 44, keep::end));
    out_.step(
        2, "Tokens",
        (c_.dropped() > 0 ? "the last " : "") + std::to_string(n_) + " words, signs and blanks:");
    out_.line(first_few([&](index i) { return quoted(c_.token(i)); }));
    out_.step(3, "Ids",
              "their numbers in a vocabulary of " + std::to_string(c_.words().size()) +
                  ", which is made from the text:");
    out_.line(first_few([&](index i) { return std::to_string(c_.id(i)); }));
  }

  // The texts show(i) of the first tokens i, as many as fit in a line.
  template <class Show>
  std::string first_few(const Show& show) const {
    constexpr std::size_t room = 68;
    std::string few;
    for (index i = 0; i < c_.given(); ++i) {
      const std::string next = show(i) + " ";
      if (few.size() + next.size() > room) return few + "..";
      few += next;
    }
    return few;
  }

  void tell_vectors() const {
    out_.step(4, "Vectors",
              "x = words(ids) + places(0, " + std::to_string(n_) + ")  " +
                  shape(n_, m_.x().cols()) + "; the last row:");
    const auto numbers = [&](index first, index count) {
      std::string list;
      for (index i = 0; i < 5; ++i) list += number(m_.x()(n_ - 1, first + i), 7, 3);
      return list + " ..  " + std::to_string(count) + " numbers";
    };
    out_.line(numbers(0, m_.token_width()) + ": what it is");
    out_.line(numbers(m_.token_width(), place_width) + ": where it stands");
  }

  void tell_layer_1() const {
    constexpr index shown = 4;
    out_.step(5, "Layer 1", "eight heads; head h copies the token h places to the left");
    out_.matrix("Q = x W_Q", shape(n_, heads, place_width), "my place, turned back by h steps");
    out_.matrix("K = x W_K", shape(n_, place_width), "my place");
    out_.matrix("V = x W_V", shape(n_, m_.token_width()), "the token that I am");

    const projections p = m_.project(n_ - 1, 1);
    const weights_of_rows seen = m_.look1(n_ - 1, 1);
    std::string tokens, scores, weights, brought;
    for (index i = n_ - std::min(shown, n_); i < n_; ++i) {
      const auto score = p.q.row(0).head(place_width).dot(p.k.row(i - p.first_key));
      tokens += " " + filled(quoted(c_.token(i), 10), 10);
      scores += number(score, 10, 2) + " ";
      weights += number(seen.weights(0, i - seen.first_key), 10, 2) + " ";
    }
    for (index h = 0; h < heads; ++h) {
      const auto vector = m_.left().row(n_ - 1).segment(h * m_.token_width(), m_.token_width());
      const auto words = most_alike(vector, 1);
      brought += " " + (words.empty() ? "-" : quoted(c_.words().token(words[0].id), 10));
    }
    out_.line("token      " + tokens);
    out_.line("Q K'       " + scores, "(head 1)");
    out_.line("softmax    " + weights, "(of 40 Q K')");
    out_.line("softmax V  " + brought, "(heads 1 to 8)");
  }

  void tell_layer_2() const {
    const index width = heads * m_.token_width();
    out_.step(6, "Layer 2", "eight heads; head k finds places that the same k tokens led up to");
    out_.matrix("Q", shape(1, heads, width), "the last token and the k - 1 tokens to its left");
    out_.matrix("K", shape(n_, width), "the eight tokens to my left: what layer 1 brought");
    out_.matrix("V", shape(n_, m_.token_width()), "the token that I am");

    const heed::matrix<float> q = m_.queries(n_ - 1, 1);
    const weights_of_rows seen = m_.look2(n_ - 1, 1);
    out_.line("       what came after        best Q K'  sink softmax  softmax V");
    for (index h = 0; h < heads; ++h) {
      const Eigen::VectorXf scores = m_.left() * q.row(0).segment(h * width, width).transpose();
      tell_head(h, scores.maxCoeff(), seen.weights.row(h));
    }
    out_.line("Where the best is less than the sink, the sink takes all the attention.");
  }

  // Prints what one head of layer 2 finds.
  template <class Row>
  void tell_head(index h, float best, const Row& weights) const {
    std::string asked;
    for (index i = std::max(index(0), n_ - 1 - h); i < n_; ++i) asked += c_.token(i);
    const Eigen::RowVectorXf mean = weights * m_.own();
    std::string found;
    for (const alike& word : most_alike(mean, 2))
      found += "  " + quoted(c_.words().token(word.id), 9) + number(word.likeness, 5, 2);
    out_.line("head " + std::to_string(h + 1) + " " + filled(quoted(asked, 23, keep::end), 23) +
              number(best, 9, 2) + number(static_cast<double>(h) + 0.5, 6, 1) +
              number(weights.sum(), 8, 2) + (found.empty() ? "  -" : found));
  }

  void tell_next() const {
    const prediction next = m_.next();
    if (next.alike == 0) {
      out_.step(7, "Next", "no head finds anything: there is nothing to copy");
      return;
    }
    out_.step(7, "Next",
              "the heads' sum, weighted 1, 4, 16 .., is most like " +
                  quoted(c_.words().token(next.id), 20));
    out_.line("It joins the text, and all of this is done again.");
  }

  struct alike {
    index id;
    float likeness;
  };

  // The words whose vectors are most like this one, at most `count`.
  template <class Vector>
  std::vector<alike> most_alike(const Vector& vector, index count) const {
    constexpr float enough = 0.15f;  // the product of two tokens' codes is less than this
    const Eigen::VectorXf likeness = m_.codes * vector.transpose();
    std::vector<alike> words;
    for (const index id : largest(likeness, count))
      if (likeness[id] >= enough) words.push_back({id, likeness[id]});
    return words;
  }

  page& out_;
  const continuation& c_;
  const model& m_;
  index n_;
};

}  // namespace complete
