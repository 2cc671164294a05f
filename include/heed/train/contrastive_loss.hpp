// SPDX-License-Identifier: MIT
// Contrastive loss: softmax cross-entropy over the cosines of questions with all answers of a
// batch, and its gradients.
//
//   heed::contrastive_loss<float> loss({.scale = 20});
//   loss(questions, answers).mean();  // questions, answers: (pairs, width); log(pairs) if all cosines are equal
//   loss(questions, answers, 1.0 / pairs, d_questions, d_answers);  // adds the derivatives of the mean
//
// Henderson et al., "Efficient Natural Language Response Suggestion for Smart Reply", 2017; van den Oord, Li and
// Vinyals, "Representation Learning with Contrastive Predictive Coding", 2018.
#pragma once

#include <heed/layer/backward/linear.hpp>         // add_product
#include <heed/model/backward/sentence_head.hpp>  // unit_length_backward

#include <cmath>  // exp, log

namespace heed {
inline namespace HEED_ABI {

struct contrastive_sum {
  double sum = 0;   // of -log(probability of the right answer), natural logarithm
  index pairs = 0;  // questions
  index right = 0;  // questions whose own answer has the largest cosine

  [[nodiscard]] double mean() const { return pairs > 0 ? sum / static_cast<double>(pairs) : 0; }
  contrastive_sum& operator+=(const contrastive_sum& other) {
    sum += other.sum;
    pairs += other.pairs;
    right += other.right;
    return *this;
  }
};

// The sum over the questions i of log(Σ_j exp(s(i, j))) - s(i, i), with s(i, j) = scale cos(question i, answer j)
// and j over all answers. Answer i is right for question i and wrong for all others; answers that follow the
// first `pairs` ones are wrong for all questions.
template <class Scalar>
class contrastive_loss {
 public:
  struct settings {
    double scale = 20;  // 1 / temperature
  };

  contrastive_loss() = default;
  explicit contrastive_loss(const settings& how) : how_(how) {
    detail::require(how.scale > 0, name, ": scale is ", how.scale, ", but it must be positive");
  }

  // questions: (pairs, width), answers: (pairs or more, width). Throws shape_error if sizes do not fit.
  [[nodiscard]] contrastive_sum operator()(const matrix<Scalar>& questions,
                                           const matrix<Scalar>& answers,
                                           const executor& on = {}) const {
    matrix<Scalar> none;
    return run(questions, answers, 0, none, none, on);
  }

  // Returns the same, and adds `weight` times the derivatives of the sum to d_questions and d_answers, which have
  // the shapes of questions and answers. The same bits on any number of threads. Throws shape_error if sizes do
  // not fit.
  contrastive_sum operator()(const matrix<Scalar>& questions, const matrix<Scalar>& answers,
                             double weight, matrix<Scalar>& d_questions, matrix<Scalar>& d_answers,
                             const executor& on = {}) const {
    const auto check = [](const char* what, const matrix<Scalar>& d, const matrix<Scalar>& of) {
      detail::check_size(name, what, detail::view<const Scalar>(detail::view_of(d)),
                         {of.rows(), of.cols()});
    };
    check("d_questions", d_questions, questions);
    check("d_answers", d_answers, answers);
    return run(questions, answers, weight, d_questions, d_answers, on);
  }

 private:
  static constexpr const char* name = "heed::contrastive_loss";

  static matrix<Scalar> of_length_one(const matrix<Scalar>& vectors) {
    matrix<Scalar> v = vectors;
    for (index i = 0; i < v.rows(); ++i) v.row(i) /= unit_length::length_of(v.row(i));
    return v;
  }

  // y += a b.
  static void add(matrix<Scalar>& y, const detail::view<const Scalar>& a,
                  const detail::view<const Scalar>& b, const executor& on) {
    detail::add_product<Scalar>(detail::view_of(y), a, b, on);
  }

  contrastive_sum run(const matrix<Scalar>& questions, const matrix<Scalar>& answers, double weight,
                      matrix<Scalar>& d_questions, matrix<Scalar>& d_answers,
                      const executor& on) const {
    detail::require(questions.cols() == answers.cols() && answers.rows() >= questions.rows(), name,
                    ": questions are ", detail::extent{questions.rows(), questions.cols()},
                    ", answers are ", detail::extent{answers.rows(), answers.cols()},
                    "; they must have as many columns, and each question an answer");
    const matrix<Scalar> q = of_length_one(questions), a = of_length_one(answers);
    const detail::view<const Scalar> q_rows = detail::view_of(q), a_rows = detail::view_of(a);
    matrix<Scalar> cosines = matrix<Scalar>::Zero(q.rows(), a.rows());
    add(cosines, q_rows, a_rows.transposed(), on);
    const bool learns = d_questions.size() > 0;
    contrastive_sum all;
    for (index i = 0; i < cosines.rows(); ++i) all += row(cosines.row(i), i, learns, weight);
    if (!learns) return all;
    // cosines = q aᵀ with q = questions / |questions|, a = answers / |answers|
    const detail::view<const Scalar> d_cosines = detail::view_of(cosines);
    matrix<Scalar> d_q = matrix<Scalar>::Zero(q.rows(), q.cols()),
                   d_a = matrix<Scalar>::Zero(a.rows(), a.cols());
    add(d_q, d_cosines, a_rows, on);
    add(d_a, d_cosines.transposed(), q_rows, on);
    detail::unit_length_backward(questions, d_q, d_questions);
    detail::unit_length_backward(answers, d_a, d_answers);
    return all;
  }

  // The loss of a question from its cosines. If `learns`, the cosines are replaced by their derivatives:
  // weight scale (probability(j) - 1) for the right answer, weight scale probability(j) for the others.
  template <class Row>
  contrastive_sum row(Row&& cosines, index right, bool learns, double weight) const {
    index best = 0;
    const double largest = static_cast<double>(cosines.maxCoeff(&best));
    const auto above = [&](index j) {
      return how_.scale * (static_cast<double>(cosines(j)) - largest);
    };
    double sum = 0;
    for (index j = 0; j < cosines.size(); ++j) sum += std::exp(above(j));
    const double loss = std::log(sum) - above(right);
    for (index j = 0; j < cosines.size() && learns; ++j)
      cosines(j) = static_cast<Scalar>(weight * how_.scale *
                                       (std::exp(above(j)) / sum - (j == right ? 1 : 0)));
    return {loss, 1, best == right ? 1 : 0};
  }

  settings how_;
};

}  // namespace HEED_ABI
}  // namespace heed
