// SPDX-License-Identifier: MIT
// The in-batch contrastive loss by hand and beside differences.
#include "support/gradient_check.hpp"
#include "support/on_threads.hpp"
#include "support/refusal.hpp"
#include "support/same_bits.hpp"

#include <heed/train/contrastive_loss.hpp>

namespace {

using heed::matrix;
using support::some_numbers;
using loss = heed::contrastive_loss<double>;

// Questions along x and y; answers along x and at 45 degrees, of other lengths. Cosines: 1, √½; 0, √½.
TEST(contrastive_loss, by_hand) {
  matrix<double> questions(2, 2), answers(2, 2);
  questions << 3, 0, 0, 0.5;
  answers << 2, 0, 7, 7;
  const double root = std::sqrt(0.5);
  const heed::contrastive_sum l = loss({.scale = 2})(questions, answers);
  const double first = std::log(std::exp(2.0) + std::exp(2 * root)) - 2,
               second = std::log(1 + std::exp(2 * root)) - 2 * root;
  EXPECT_NEAR(l.sum, first + second, 1e-15);
  EXPECT_NEAR(l.mean(), (first + second) / 2, 1e-15);
  EXPECT_EQ(l.pairs, 2);
  EXPECT_EQ(l.right, 2);
  // In the other order no answer is right.
  EXPECT_EQ(loss({.scale = 2})(questions, answers.colwise().reverse()).right, 0);
}

// One question (1, 0) with answers (0, 1) and (1, 0): p = (1, e) / (1 + e), the derivative of the cosine to the
// first is p₁ - 1, and that cosine moves with the second number of the question and the first of the answer.
TEST(contrastive_loss, has_gradients_by_hand) {
  matrix<double> question(1, 2), answers(2, 2), d_question(1, 2), d_answers(2, 2), want(2, 2);
  question << 1, 0;
  answers << 0, 1, 1, 0;
  d_question << 10, 20;
  d_answers.setConstant(30);
  loss({.scale = 1})(question, answers, 2, d_question, d_answers);
  const double d = 2 * (1 / (1 + std::exp(1.0)) - 1);
  EXPECT_NEAR(d_question(0, 0), 10, 1e-14);
  EXPECT_NEAR(d_question(0, 1), 20 + d, 1e-14);
  want << 30 + d, 30, 30, 30;
  EXPECT_TRUE(d_answers.isApprox(want, 1e-15));
}

TEST(contrastive_loss, is_beside_differences_with_more_answers_than_questions) {
  matrix<double> questions = some_numbers(4, 3, 1), answers = some_numbers(6, 3, 2);
  matrix<double> d_questions = matrix<double>::Zero(4, 3), d_answers = matrix<double>::Zero(6, 3);
  const loss l({.scale = 5});
  const heed::contrastive_sum both = l(questions, answers, 0.25, d_questions, d_answers);
  EXPECT_EQ(both.sum, l(questions, answers).sum);
  const auto f = [&] { return l(questions, answers).mean(); };
  support::expect_gradient("questions", questions, d_questions, f);
  support::expect_gradient("answers", answers, d_answers, f);
}

// A scale of 1000 leaves finite numbers, and vectors of length 0 are at right angles to all.
TEST(contrastive_loss, is_finite_at_the_edges) {
  matrix<double> questions(2, 2), answers(2, 2);
  questions << 1, 0, 0, 0;
  answers << -1, 0, 1, 0;
  EXPECT_NEAR(loss({.scale = 1000})(questions, answers).sum, 2000 + std::log(2.0), 1e-9);
  EXPECT_EQ(loss()(matrix<double>(0, 3), matrix<double>(0, 3)).mean(), 0);
}

TEST(contrastive_loss, has_the_same_bits_on_any_number_of_threads) {
  const matrix<float> questions = some_numbers(70, 40, 1).cast<float>(),
                      answers = some_numbers(70, 40, 2).cast<float>();
  const auto run = [&](const heed::executor& on) {
    matrix<float> d = matrix<float>::Zero(140, 40);
    matrix<float> d_q = d.topRows(70), d_a = d_q;
    heed::contrastive_loss<float>()(questions, answers, 1, d_q, d_a, on);
    d << d_q, d_a;
    return d;
  };
  EXPECT_TRUE(support::same_bits(run({}), run(heed::executor_of(support::on_threads, 3))));
}

TEST(contrastive_loss, refuses_what_does_not_fit) {
  matrix<double> two(2, 3), three(3, 3), narrow(3, 2);
  EXPECT_EQ(support::refusal([&] { (void)loss()(three, two); }),
            "heed::contrastive_loss: questions are 3x3, answers are 2x3; they must have as many "
            "columns, and each question an answer");
  EXPECT_EQ(support::refusal([&] { loss()(two, three, 1, two, narrow); }),
            "heed::contrastive_loss: d_answers is 3x2, but it must be 3x3");
  EXPECT_EQ(support::refusal([&] { loss({.scale = 0}); }),
            "heed::contrastive_loss: scale is 0, but it must be positive");
}

}  // namespace
