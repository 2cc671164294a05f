// SPDX-License-Identifier: MIT
// Weights: a matrix of one's own, or numbers as a file holds them.
#include <heed/layer/parameter.hpp>

#include <gtest/gtest.h>

#include <utility>

namespace {

using heed::dtype;
using heed::matrix;
using heed::parameter;

TEST(parameter, is_a_matrix_of_inputs_and_outputs) {
  parameter<float> w;
  EXPECT_EQ(w.inputs(), 0);
  w = matrix<float>::Constant(2, 3, 5);
  EXPECT_EQ(w.inputs(), 2);
  EXPECT_EQ(w.outputs(), 3);
  w(1, 2) = 7;
  EXPECT_EQ(w.sum(), 5 * 5 + 7);
  const parameter<float> copy = w;
  EXPECT_EQ(copy, w);
}

TEST(parameter, takes_a_temporary_over) {
  matrix<float> numbers = matrix<float>::Ones(2, 3);
  const float* const place = numbers.data();
  parameter<float> w(std::move(numbers));
  EXPECT_EQ(w.data(), place);
  numbers = matrix<float>::Zero(4, 4);
  const float* const other = numbers.data();
  w = std::move(numbers);
  EXPECT_EQ(w.data(), other);
}

TEST(parameter, has_the_transposed_sizes_of_what_is_stored) {
  const std::byte bytes[3 * 34] = {};
  parameter<float> w;
  w.stored = {dtype::q8_0, 3, 32, bytes};
  EXPECT_EQ(w.inputs(), 32);
  EXPECT_EQ(w.outputs(), 3);
  EXPECT_EQ(w.size(), 0);
}

TEST(parameter, forgets_what_is_stored_when_it_is_given_numbers) {
  const std::byte bytes[4] = {};
  parameter<float> w, other = matrix<float>::Ones(5, 6);
  w.stored = {dtype::i8, 2, 2, bytes};
  w = matrix<float>::Ones(3, 1);
  EXPECT_FALSE(w.stored.given());
  EXPECT_EQ(w.inputs(), 3);
  w.stored = {dtype::i8, 2, 2, bytes};
  w = other;
  EXPECT_FALSE(w.stored.given());
  EXPECT_EQ(w.inputs(), 5);
  other.stored = {dtype::i8, 2, 2, bytes};
  w = other;
  EXPECT_TRUE(w.stored.given());
  EXPECT_EQ(w.inputs(), 2);
}

}  // namespace
