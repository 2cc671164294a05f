// SPDX-License-Identifier: MIT
// Cross-entropy over a vocabulary by hand, beside differences, and over more words than a tile has.
#include "support/gradient_check.hpp"
#include "support/on_threads.hpp"
#include "support/same_bits.hpp"

#include <heed/train/vocabulary_loss.hpp>

#include <span>

namespace {

using heed::index;
using heed::matrix;
using heed::detail::view_of;
using support::some_numbers;
using head = heed::detail::vocabulary_head<double>;
using loss = heed::detail::vocabulary_loss<double>;

// x W = (0, log 3): the probabilities are 1/4 and 3/4.
TEST(vocabulary_loss, by_hand) {
  matrix<double> x(1, 1), w(1, 2), d_x(1, 1), d_w(1, 2);
  x << 1;
  w << 0, std::log(3.0);
  d_x << 100;
  d_w << 10, 20;
  head h{view_of(w), {}};
  h.d_weight = view_of(d_w);
  const index target = 0;
  EXPECT_NEAR(loss(h, {})(view_of(x), &target, 2, view_of(d_x)), std::log(4.0), 1e-15);
  EXPECT_NEAR(d_w(0, 0), 10 + 2 * (0.25 - 1), 1e-14);
  EXPECT_NEAR(d_w(0, 1), 20 + 2 * 0.75, 1e-14);
  EXPECT_NEAR(d_x(0, 0), 100 + 2 * 0.75 * std::log(3.0), 1e-13);
}

// 5000 words are more than a tile, 1030 rows more than are taken at once; row 1 is not asked.
TEST(vocabulary_loss, over_tiles_is_that_of_all_scores) {
  const index rows = 1030, words = 5000, model = 3;
  const matrix<double> x = some_numbers(rows, model, 1), w = some_numbers(model, words, 2);
  std::vector<index> targets(rows);
  for (std::size_t i = 0; i < targets.size(); ++i) targets[i] = index(i * 4999 % 5000);
  targets[1] = -1;
  matrix<double> scores = x * w, d_w = matrix<double>::Zero(model, words),
                 d_x = matrix<double>::Zero(rows, model);
  double want = 0;
  for (index row = 0; row < rows; ++row) {
    const index target = targets[std::size_t(row)];
    const double largest = scores.row(row).maxCoeff();
    const double sum = (scores.row(row).array() - largest).exp().sum();
    if (target >= 0) want += largest + std::log(sum) - scores(row, target);
    scores.row(row) = (scores.row(row).array() - largest).exp() / sum * (target >= 0 ? 0.5 : 0);
    if (target >= 0) scores(row, target) -= 0.5;
  }
  head h{view_of(w), {}};
  h.d_weight = view_of(d_w);
  EXPECT_NEAR(loss(h, {})(view_of(x), targets.data(), 0.5, view_of(d_x)), want, 1e-9 * want);
  EXPECT_LE((d_x - scores * w.transpose()).cwiseAbs().maxCoeff(), 1e-11);
  EXPECT_LE((d_w - x.transpose() * scores).cwiseAbs().maxCoeff(), 1e-11);
  EXPECT_EQ(d_x.row(1).cwiseAbs().maxCoeff(), 0);
}

// Products of floats read the transpose of a table, as tied heads have it, by its rows: the second tile's, too.
TEST(vocabulary_loss, of_a_table_of_floats_is_that_of_its_transpose) {
  const index rows = 50, words = 5000, model = 32;
  const matrix<float> x = some_numbers(rows, model, 1).cast<float>(),
                      table = some_numbers(words, model, 2).cast<float>(), w = table.transpose();
  std::vector<index> targets(rows);
  for (std::size_t i = 0; i < targets.size(); ++i) targets[i] = index(i * 4999 % 5000);
  const auto run = [&](const heed::detail::view<const float>& weight, matrix<float>& d_x) {
    d_x.setZero(rows, model);
    heed::detail::vocabulary_loss<float> loss_of({weight, {}}, {});
    return loss_of(view_of(x), targets.data(), 0.5, view_of(d_x));
  };
  matrix<float> d_x, d_x_by_rows;
  const double of_columns = run(view_of(w), d_x);
  EXPECT_EQ(run(view_of(table).transposed(), d_x_by_rows), of_columns);
  EXPECT_TRUE(support::same_bits(d_x_by_rows, d_x));
}

// Words that a file holds are read tile by tile. A derivative is a sum over all of them on either way, and
// rounded as often.
TEST(vocabulary_loss, of_stored_words_is_that_of_a_matrix) {
  const index rows = 5, words = 5000, model = 32;
  const matrix<float> x = some_numbers(rows, model, 1).cast<float>(),
                      table = some_numbers(words, model, 2).cast<float>(), w = table.transpose();
  const index targets[] = {4, 4999, -1, 4096, 4095};
  const heed::stored_matrix stored{heed::dtype::f32, words, model,
                                   std::as_bytes(std::span(table.data(), 1)).data()};
  matrix<float> d_x = matrix<float>::Zero(rows, model), d_x_stored = d_x;
  const double want = heed::detail::vocabulary_loss<float>({view_of(w), {}}, {})(
      view_of(x), targets, 1, view_of(d_x));
  heed::detail::vocabulary_head<float> of_file{{nullptr, model, words, 0, 0}, {}};
  of_file.stored = &stored;
  const double found = heed::detail::vocabulary_loss<float>(of_file, {})(view_of(x), targets, 1,
                                                                         view_of(d_x_stored));
  EXPECT_NEAR(found, want, 1e-6 * want);
  EXPECT_LE((d_x_stored - d_x).cwiseAbs().maxCoeff(),
            float(words) * 0x1p-24f * d_x.cwiseAbs().maxCoeff());
}

// A head that is scaled, capped and has a bias; its weight is the transpose of a table.
TEST(vocabulary_loss, is_the_difference_of_the_forward) {
  matrix<double> x = some_numbers(4, 3, 1), table = some_numbers(7, 3, 2),
                 bias = some_numbers(1, 7, 3), d_x = matrix<double>::Zero(4, 3),
                 d_table = matrix<double>::Zero(7, 3), d_bias = matrix<double>::Zero(1, 7);
  const index targets[] = {2, 6, -1, 0};
  head h{heed::detail::view<const double>(view_of(table)).transposed(), view_of(bias), 0.7, 1.5};
  const auto f = [&] { return loss(h, {})(view_of(x), targets, 1, {}); };
  head with = h;
  with.d_weight = view_of(d_table).transposed();
  with.d_bias = d_bias.data();
  loss(with, {})(view_of(x), targets, 1, view_of(d_x));
  support::expect_gradient("x", x, d_x, f);
  support::expect_gradient("table", table, d_table, f);
  support::expect_gradient("bias", bias, d_bias, f);
}

TEST(vocabulary_loss, has_the_same_bits_on_any_number_of_threads) {
  const matrix<double> x = some_numbers(200, 9, 1), w = some_numbers(9, 300, 2);
  const std::vector<index> targets(200, 17);
  const auto run = [&](const heed::executor& on) {
    matrix<double> all = matrix<double>::Zero(201, 9);
    all(200, 0) = loss({view_of(w), {}}, on)(view_of(x), targets.data(), 1,
                                             heed::detail::view<double>{all.data(), 200, 9, 9, 1});
    return all;
  };
  EXPECT_TRUE(support::same_bits(run({}), run(heed::executor_of(support::on_threads, 3))));
}

}  // namespace
