// SPDX-License-Identifier: MIT
// The gradients of patches, by hand.
#include "support/refusal.hpp"

#include <heed/layer/backward/patch_embedding.hpp>

#include <gtest/gtest.h>

namespace {

using heed::matrix;

heed::patch_embedding<float> one_pixel_a_patch() {
  heed::patch_embedding<float> patches(
      {.channels = 1, .height = 1, .width = 2, .patch = 1, .model = 2});
  patches.class_token.setZero(2);
  return patches;
}

// Two images of two pixels: (1, 2) and (3, 4). dW is the sum of each pixel times its row of d_y, db that of the rows.
TEST(backward_of_patch_embedding, by_hand) {
  const heed::patch_embedding<float> patches = one_pixel_a_patch();
  heed::patch_embedding<float> gradient = patches;
  gradient.projection.weight.setZero();
  gradient.projection.bias.setConstant(100);  // is added to
  matrix<float> images(2, 2), d_y(6, 2);
  images << 1, 2, 3, 4;
  d_y << 5, 6, 1, 0, 0, 1, 7, 8, 1, 1, 2, 0;  // class token, two patches; and again
  heed::backward(patches, images, d_y, gradient);
  EXPECT_EQ(gradient.class_token, Eigen::RowVector2f(12, 14));
  EXPECT_EQ(gradient.projection.bias, Eigen::RowVector2f(104, 102));
  EXPECT_EQ(matrix<float>(gradient.projection.weight), matrix<float>(Eigen::RowVector2f(12, 5)));
}

TEST(backward_of_patch_embedding, refuses_gradients_of_other_sizes) {
  const heed::patch_embedding<float> patches = one_pixel_a_patch();
  heed::patch_embedding<float> gradient = patches;
  EXPECT_EQ(support::refusal<heed::shape_error>([&] {
              heed::backward(patches, matrix<float>(2, 2), matrix<float>(5, 2), gradient);
            }),
            "heed::backward of patch_embedding: d_y is 5x2, but it must be 6x2");
}

}  // namespace
