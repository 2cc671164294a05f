// SPDX-License-Identifier: MIT
// Softmax cross-entropy of hidden vectors over a vocabulary, a tile of words at a time: the logits of a batch are
// never all in memory.
//
//   heed::detail::vocabulary_loss<float> loss(head, on);
//   double sum = loss(hidden, targets, weight, d_hidden);  // and adds derivatives to d_hidden and to the head's
#pragma once

#include <heed/layer/backward/linear.hpp>  // add_product
#include <heed/simd/exp4.hpp>              // exp4

#include <cmath>   // log, tanh
#include <limits>  // infinity
#include <vector>  // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// score(t, w) = cap tanh(scale (x(t) W(w) + bias(w)) / cap); without a cap, scale (x(t) W(w) + bias(w)).
template <class Scalar>
struct vocabulary_head {
  view<const Scalar> weight;  // (model, vocabulary); only its sizes are read if `stored` is given
  view<const Scalar> bias;    // (1, vocabulary), or not given
  double scale = 1;
  double cap = 0;              // 0: none
  view<Scalar> d_weight = {};  // derivatives are added to it; not given: they are not computed
  Scalar* d_bias = nullptr;    // as d_weight
  const stored_matrix* stored = nullptr;  // the transpose of the weight
};

template <class Scalar>
class vocabulary_loss {
 public:
  static constexpr index rows_at_once = 1024, words_at_once = 4096;

  vocabulary_loss(const vocabulary_head<Scalar>& head, const executor& on)
      : head_(head),
        on_(on),
        tiles_(divide_up(head.weight.cols, words_at_once)),
        pitch_(whole_packets<Scalar>((std::min)(head.weight.cols, words_at_once))) {}

  // The sum over the rows t of x of log(sum over w of exp(score(t, w))) - score(t, targets[t]), without the rows
  // whose target is negative. x: (tokens, model). If d_x is given, `weight` times the derivatives of the sum are
  // added to d_x and to the head's d_weight and d_bias.
  double operator()(const view<const Scalar>& x, const index* targets, double weight,
                    const view<Scalar>& d_x) {
    double sum = 0;
    for (index row = 0; row < x.rows; row += rows_at_once) {
      const index count = (std::min)(rows_at_once, x.rows - row);
      sum += some_rows(x.block(row, 0, count, x.cols), targets + row, weight,
                       d_x.given() ? d_x.block(row, 0, count, x.cols) : d_x);
    }
    return sum;
  }

 private:
  struct row_state {
    Scalar largest = -std::numeric_limits<Scalar>::infinity();
    double sum = 0;  // of exp(score - largest)
    Scalar of_target = 0;
    double log_sum = 0;
  };

  double some_rows(const view<const Scalar>& x, const index* targets, double weight,
                   const view<Scalar>& d_x) {
    scratch::frame frame(default_scratch());
    const view<Scalar> room{frame.template take<Scalar>(x.rows * pitch_), x.rows, pitch_, pitch_,
                            1};
    std::vector<row_state> rows(static_cast<std::size_t>(x.rows));
    view<Scalar> scores;
    for (index tile = 0; tile < tiles_; ++tile) {
      scores = score(tile, x, room);
      each_row(scores, rows, [&](index row, row_state& s) {
        read(scores.block(row, 0, 1, scores.cols), targets[row] - tile * words_at_once, s);
      });
    }
    double sum = 0;
    for (std::size_t row = 0; row < rows.size(); ++row) {
      rows[row].log_sum = static_cast<double>(rows[row].largest) + std::log(rows[row].sum);
      if (targets[row] >= 0) sum += rows[row].log_sum - static_cast<double>(rows[row].of_target);
    }
    for (index tile = 0; tile < tiles_ && d_x.given(); ++tile) {
      if (tiles_ > 1) scores = score(tile, x, room);  // else the scores are still in memory
      each_row(scores, rows, [&](index row, row_state& s) {
        differentiate(scores.block(row, 0, 1, scores.cols), targets[row], tile * words_at_once,
                      weight, s);
      });
      hand_back(tile, x, scores, d_x);
    }
    return sum;
  }

  // The scores of one tile of words, (rows, words); lanes beyond the last word are -infinity.
  view<Scalar> score(index tile, const view<const Scalar>& x, const view<Scalar>& room) const {
    const index first = tile * words_at_once;
    const index count = (std::min)(words_at_once, head_.weight.cols - first);
    const view<Scalar> scores = room.block(0, 0, x.rows, count);
    const gemm_call<Scalar> call{
        scores,
        x,
        head_.weight.block(0, first, head_.weight.rows, count),
        head_.bias.given() ? head_.bias.block(0, first, 1, count) : head_.bias,
        head_.stored,
        first};
    gemm(call, on_, default_scratch());
    const auto scale = static_cast<Scalar>(head_.scale), cap = static_cast<Scalar>(head_.cap);
    in_blocks(on_, x.rows, rows_of_block, [&](index from, index some) {
      for (index row = from; row < from + some; ++row) {
        Scalar* const s = &room(row, 0);
        for (index i = 0; i < count && !exactly_equal(head_.scale, 1.0); ++i) s[i] *= scale;
        for (index i = 0; i < count && cap > 0; ++i) s[i] = cap * std::tanh(s[i] / cap);
        for (index i = count; i < pitch_; ++i) s[i] = -std::numeric_limits<Scalar>::infinity();
      }
    });
    return scores;
  }

  template <class Work>
  void each_row(const view<Scalar>& scores, std::vector<row_state>& rows, const Work& work) const {
    in_blocks(on_, scores.rows, rows_of_block, [&](index first, index count) {
      for (index row = first; row < first + count; ++row)
        work(row, rows[static_cast<std::size_t>(row)]);
    });
  }

  // exp(scores - origin) of a packet, for scores up to origin.
  static auto exponential(const Scalar* scores, Scalar origin) {
    constexpr double log4_e = 0.72134752044448170368;
    using s = simd<Scalar>;
    const auto below = s::subtract(s::load(scores), s::broadcast(origin));
    return exp4<Scalar>(s::rounded(s::multiply(below, s::broadcast(Scalar(log4_e)))));
  }

  // Updates the running max and sum of a row, as the online softmax of attention does.
  static void read(const view<Scalar>& row, index target, row_state& state) {
    Scalar largest = state.largest;
    for (index i = 0; i < row.cols; ++i) largest = (std::max)(largest, row(0, i));
    state.sum *= std::exp(static_cast<double>(state.largest) - static_cast<double>(largest));
    state.largest = largest;
    Scalar some[static_cast<std::size_t>(simd<Scalar>::size)];
    for (index i = 0; i < row.cols; i += simd<Scalar>::size) {
      simd<Scalar>::store(some, exponential(row.data + i, largest));
      for (const Scalar e : some) state.sum += static_cast<double>(e);
    }
    if (target >= 0 && target < row.cols) state.of_target = row(0, target);
  }

  // Turns scores into derivatives: weight (softmax - 1 at the target), times the derivatives of cap
  // and scale.
  void differentiate(const view<Scalar>& row, index target, index first, double weight,
                     const row_state& state) const {
    using s = simd<Scalar>;
    if (target < 0) {
      for (index i = 0; i < row.cols; ++i) row(0, i) = 0;
      return;
    }
    const auto times = static_cast<Scalar>(weight * head_.scale);
    const auto share = static_cast<Scalar>(weight * head_.scale / state.sum);
    Scalar some[static_cast<std::size_t>(s::size)];
    for (index i = 0; i < row.cols; i += s::size) {
      s::store(some, s::multiply(exponential(row.data + i, state.largest), s::broadcast(share)));
      for (index lane = 0; lane < s::size; ++lane) {
        Scalar& score = row.data[i + lane];
        Scalar d = some[static_cast<std::size_t>(lane)];
        if (first + i + lane == target) d -= times;
        // score = cap tanh(u / cap)
        if (head_.cap > 0 && i + lane < row.cols) {
          const Scalar t = score / static_cast<Scalar>(head_.cap);
          d *= 1 - t * t;
        }
        score = d;
      }
    }
  }

  // Backpropagates the derivatives of a tile's scores to x and to the head.
  void hand_back(index tile, const view<const Scalar>& x, const view<const Scalar>& d,
                 const view<Scalar>& d_x) const {
    const index first = tile * words_at_once;
    // scores = x W + bias
    if (head_.stored != nullptr)
      add_stored_product(d_x, d, head_.stored->rows_of(first, d.cols), on_);
    else
      add_product(d_x, d, head_.weight.block(0, first, x.cols, d.cols).transposed(), on_);
    if (head_.d_weight.given())
      add_product(head_.d_weight.block(0, first, x.cols, d.cols), x.transposed(), d, on_);
    if (head_.d_bias != nullptr) add_columns(head_.d_bias + first, d, on_);
  }

  vocabulary_head<Scalar> head_;
  executor on_;
  index tiles_;
  index pitch_;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
