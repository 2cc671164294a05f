// SPDX-License-Identifier: MIT
// Patches of images: which pixel goes where.
#include "support/refusal.hpp"

#include <heed/layer/patch_embedding.hpp>

#include <gtest/gtest.h>

namespace {

using heed::index;
using heed::matrix;
using support::refusal;

// Two images of two channels, 4 rows and 5 columns; the fifth column fills no patch.
TEST(patch_embedding, gathers_patches_channel_by_channel) {
  heed::patch_embedding<float> patches(
      {.channels = 2, .height = 4, .width = 5, .patch = 2, .model = 8});
  patches.projection.weight = matrix<float>(matrix<float>::Identity(8, 8));
  patches.projection.bias.setConstant(1000);
  patches.class_token = Eigen::RowVectorXf::Constant(8, -1);
  ASSERT_EQ(patches.tokens(), 5);
  matrix<float> images(16, 5);
  for (index i = 0; i < images.size(); ++i) images.data()[i] = static_cast<float>(i);
  const matrix<float> x = patches(images);
  ASSERT_EQ(x.rows(), 10);
  EXPECT_EQ(x.row(0), x.row(5));
  EXPECT_EQ(x.row(0), Eigen::RowVectorXf::Constant(8, -1));
  Eigen::RowVectorXf second(8), last(8);
  second << 2, 3, 7, 8, 22, 23, 27, 28;    // rows 0 and 1, columns 2 and 3, of both channels
  last << 52, 53, 57, 58, 72, 73, 77, 78;  // rows 2 and 3 of the second image
  EXPECT_EQ(x.row(2), Eigen::RowVectorXf(second.array() + 1000));
  EXPECT_EQ(x.row(9), Eigen::RowVectorXf(last.array() + 1000));
}

TEST(patch_embedding, refuses_images_of_another_size) {
  const heed::patch_embedding<float> patches(
      {.channels = 3, .height = 4, .width = 4, .patch = 2, .model = 8});
  EXPECT_EQ(patches.tokens(), 4);
  EXPECT_EQ(refusal<heed::shape_error>([&] { (void)patches(matrix<float>(13, 4)); }),
            "heed::patch_embedding: the images are 13x4, but each must be 12x4 (channels * height "
            "x width)");
  EXPECT_EQ(refusal<heed::shape_error>([] {
              (void)heed::patch_embedding<float>(
                  {.channels = 3, .height = 4, .width = 4, .patch = 5, .model = 8});
            }),
            "heed::patch_embedding: a patch of 5 does not fit into an image of 4x4");
}

}  // namespace
