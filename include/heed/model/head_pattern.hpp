// SPDX-License-Identifier: MIT
// Classifies an attention head: the kind of tokens that it attends to, and two numbers.
//
//   heed::head_pattern p = heed::pattern_of(w, {.ids = ids});  // w: (queries, keys), of heed::weights
//   p.kind;      // heed::head_kind::induction
//   p.share;     // 0.81: the mean weight on tokens of this kind
//   p.interest;  // 0.64, from 0 to 1: how much the head attends to single tokens
//
// Olsson et al., "In-context Learning and Induction Heads", 2022.
#pragma once

#include <heed/core/check.hpp>  // require
#include <heed/core/types.hpp>  // index

#include <algorithm>  // clamp
#include <array>      // array
#include <cmath>      // log, sqrt
#include <cstddef>    // size_t
#include <vector>     // vector

namespace heed {
inline namespace HEED_ABI {

// The kind of tokens that have most of a head's weight.
enum class head_kind {
  induction,  // the token after an earlier one that is equal to the query's
  same,       // tokens that are equal to the query's
  previous,   // the token before
  next,       // the token after
  mark,       // punctuation and ends of lines
  self,       // the token itself
  rest,       // the first token, and special ones: an attention sink
  nearby,     // the four tokens on either side
  broad,      // nearly all tokens, about equally
  chosen      // none of the above: single tokens
};
inline constexpr std::size_t head_kinds = 10;

struct head_pattern {
  head_kind kind = head_kind::chosen;
  double share = 0;     // mean weight on tokens of the kind, over the queries that have such a key
  index queries = 0;    // how many queries have such a key
  double rest = 0;      // mean weight on the first token and on special ones
  double interest = 0;  // 0: no weight on other tokens; 1: every query attends to a single one
};

// The tokens of one sequence.
struct pattern_tokens {
  std::vector<index> ids;
  std::vector<bool> special = {};  // whether each is a control token; empty: none is
  std::vector<bool> marks = {};    // whether each is punctuation or an end of line; empty: none is
};

namespace detail {

// The sums over the rows of one head.
template <class Weights>
class head_reading {
 public:
  head_reading(const Weights& w, const pattern_tokens& tokens) : w_(w), t_(tokens) {
    for (index i = 0; i < w.rows() && causal_; ++i)
      for (index j = i + 1; j < w.cols() && causal_; ++j) causal_ = !(weight(i, j) > 0);
    for (index i = 1; i < w.rows(); ++i) read(i);
  }

  [[nodiscard]] head_pattern result() const {
    head_pattern p;
    p.rest = share(head_kind::rest);
    p.interest = rows_ == 0 ? 0 : std::sqrt(squares_ / static_cast<double>(rows_));
    p.kind = kind();
    p.share = share(p.kind);
    p.queries = sums_[place(p.kind)].rows;
    return p;
  }

 private:
  struct sum {
    double weight = 0;
    index rows = 0;
  };

  static std::size_t place(head_kind kind) { return static_cast<std::size_t>(kind); }
  static bool at(const std::vector<bool>& flags, index i) {
    return !flags.empty() && flags[static_cast<std::size_t>(i)];
  }
  [[nodiscard]] index id(index i) const { return t_.ids[static_cast<std::size_t>(i)]; }
  [[nodiscard]] bool rests(index j) const { return j == 0 || at(t_.special, j); }
  [[nodiscard]] double weight(index i, index j) const { return static_cast<double>(w_(i, j)); }
  [[nodiscard]] double share(head_kind kind) const {
    const sum& s = sums_[place(kind)];
    return s.rows == 0 ? 0 : s.weight / static_cast<double>(s.rows);
  }

  // Adds the row of query i.
  void read(index i) {
    const index last = causal_ ? i : w_.cols() - 1;
    std::array<sum, head_kinds> row{};
    const auto add = [&row](head_kind kind, double w) {
      row[place(kind)].weight += w;
      ++row[place(kind)].rows;
    };
    double log_sum = 0;  // Σ w ln w over the other tokens
    add(head_kind::self, weight(i, i));
    for (index j = 0; j <= last; ++j) {
      if (j == i) continue;
      const double w = weight(i, j);
      if (rests(j)) {
        add(head_kind::rest, w);
        continue;
      }
      if (j - 1 < i && id(j - 1) == id(i)) add(head_kind::induction, w);
      if (id(j) == id(i)) add(head_kind::same, w);
      if (j == i - 1) add(head_kind::previous, w);
      if (j == i + 1) add(head_kind::next, w);
      if (at(t_.marks, j)) add(head_kind::mark, w);
      if (j >= i - 4 && j <= i + 4) add(head_kind::nearby, w);
      add(head_kind::broad, w);
      if (w > 0) log_sum += w * std::log(w);
    }
    row[place(head_kind::chosen)] = row[place(head_kind::broad)];
    for (std::size_t k = 0; k < head_kinds; ++k) {
      sums_[k].weight += row[k].weight;
      sums_[k].rows += row[k].rows > 0 ? 1 : 0;
    }
    look(row[place(head_kind::chosen)], log_sum);
  }

  // interest² grows by (weight on other tokens · (1 - their entropy / its largest value))².
  void look(const sum& others, double log_sum) {
    if (others.rows < 2) return;
    ++rows_;
    if (!(others.weight > 0)) return;
    const double entropy = std::log(others.weight) - log_sum / others.weight;
    const double spread =
        (std::clamp)(entropy / std::log(static_cast<double>(others.rows)), 0., 1.);
    const double looked = others.weight * (1 - spread);
    squares_ += looked * looked;
    spreads_ += others.weight * spread;
    others_ += others.weight;
  }

  // The kind of the largest share above 0.4, if three queries or more have such a key; otherwise rest, nearby or
  // broad above a threshold of their own; otherwise chosen.
  [[nodiscard]] head_kind kind() const {
    head_kind best = head_kind::chosen;
    double most = 0.4;
    for (const head_kind k : {head_kind::induction, head_kind::same, head_kind::previous,
                              head_kind::next, head_kind::mark, head_kind::self}) {
      if (sums_[place(k)].rows < 3 || share(k) <= most) continue;
      best = k;
      most = share(k);
    }
    if (best != head_kind::chosen) return best;
    if (share(head_kind::rest) > 0.5) return head_kind::rest;
    if (share(head_kind::nearby) > 0.6) return head_kind::nearby;
    if (others_ > 0 && spreads_ / others_ > 0.75) return head_kind::broad;
    return head_kind::chosen;
  }

  const Weights& w_;
  const pattern_tokens& t_;
  bool causal_ = true;
  std::array<sum, head_kinds> sums_{};
  double squares_ = 0, spreads_ = 0, others_ = 0;
  index rows_ = 0;
};

}  // namespace detail

// Reads one head: w (queries, keys), as many of both as there are tokens. `interest` is
//   sqrt(mean over queries of (o (1 - H / ln n))²)
// where o is a query's weight on tokens other than itself, the first and special ones, H the entropy of that part
// and n the number of those tokens to which the query may attend; queries with n < 2 are not counted. The mean of
// squares makes `interest` large for a head that attends to single tokens in a few queries only, as induction heads
// do. Throws shape_error if w and the tokens differ in size.
template <class Weights>
[[nodiscard]] head_pattern pattern_of(const Weights& w, const pattern_tokens& tokens) {
  const auto n = static_cast<index>(tokens.ids.size());
  const auto fits = [&](const std::vector<bool>& flags) {
    return flags.empty() || static_cast<index>(flags.size()) == n;
  };
  detail::require(w.rows() == n && w.cols() == n && fits(tokens.special) && fits(tokens.marks),
                  "heed::pattern_of: the weights are ", w.rows(), "x", w.cols(), ", but there are ",
                  n, " ids, ", tokens.special.size(), " flags of special tokens and ",
                  tokens.marks.size(), " of marks");
  return detail::head_reading<Weights>(w, tokens).result();
}

}  // namespace HEED_ABI
}  // namespace heed
