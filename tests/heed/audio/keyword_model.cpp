// SPDX-License-Identifier: MIT
#include "support/allocations.hpp"
#include "support/kwt1.hpp"
#include "support/refusal.hpp"

#include <heed/audio/keyword_model.hpp>

#include <gtest/gtest.h>

#include <iostream>

namespace {

using heed::index;
using heed::matrix;

heed::keyword_model small_model() {
  heed::keyword_model model;
  model.input = heed::linear<float>({.inputs = 5, .outputs = 8, .seed = 1});
  model.class_token.setConstant(8, 0.25f);
  model.places = matrix<float>::Random(4, 8);
  model.head = heed::linear<float>({.inputs = 8, .outputs = 3, .seed = 2});
  return model;
}

// Without blocks nothing but the class token, its place and the head is left.
TEST(keyword_model, reads_its_scores_from_the_class_token) {
  const heed::keyword_model model = small_model();
  const matrix<float> x = matrix<float>::Random(3, 5);
  Eigen::RowVectorXf scores(3);
  model(x, scores);
  const Eigen::RowVectorXf token = model.class_token + model.places.row(0);
  EXPECT_LE((scores - token * model.head.weight).cwiseAbs().maxCoeff(), 1e-6f);
}

TEST(keyword_model, refuses_features_of_another_size) {
  EXPECT_EQ(support::refusal<heed::shape_error>([] {
              Eigen::RowVectorXf scores(3);
              small_model()(matrix<float>(4, 5), scores);
            }),
            "heed::keyword_model: x is 4x5, but it must be 3x5 (frames x features)");
}

TEST(keyword_model, gives_the_golden_scores_of_kwt1) {
  const auto golden = support::load_kwt1();
  if (!golden) GTEST_SKIP() << support::data_is_missing("models/kwt1");
  matrix<float> scores(6, 12);
  for (index i = 0; i < 6; ++i)
    golden->model(golden->features.middleRows(98 * i, 98), scores.row(i));
  const float error = (scores - golden->scores).cwiseAbs().maxCoeff();
  std::cout << "largest error: " << error << std::endl;
  EXPECT_LE(error, 1e-4f);
  heed::scratch room;
  const matrix<float> x = golden->features.topRows(98);
  EXPECT_EQ(support::second_call([&] { golden->model(x, scores.row(0), heed::in(room)); }), 0);
}

}  // namespace
