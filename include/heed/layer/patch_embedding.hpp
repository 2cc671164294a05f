// SPDX-License-Identifier: MIT
// From images to vectors: each square patch of pixels is a token, after a class token if there is one.
//
//   heed::patch_embedding<float> patches({.channels = 3, .height = 224, .width = 224, .patch = 16, .model = 768});
//   heed::matrix<float> x = patches(image);  // image: (3 * 224, 224), x: (196, 768)
//
// Dosovitskiy et al., "An Image is Worth 16x16 Words", 2021.
#pragma once

#include <heed/layer/linear.hpp>  // linear

namespace heed {
inline namespace HEED_ABI {

// An image is its channels under each other, (channels * height, width); several images are under each
// other too.
template <class Scalar>
struct patch_embedding {
  struct sizes {
    index channels;
    index height;
    index width;
    index patch;  // rows and columns of pixels that make a token
    index model;
    bool bias = true;
    std::uint64_t seed = 0;
  };

  linear<Scalar> projection;  // (channels * patch * patch, model): channel by channel, row by row
  Eigen::Matrix<Scalar, 1, Eigen::Dynamic> class_token;  // (model), or empty

  patch_embedding() = default;
  explicit patch_embedding(const sizes& s) : sizes_(s) {
    for (const index n : {s.channels, s.height, s.width, s.patch, s.model})
      detail::require(n > 0, name, ": channels is ", s.channels, ", height is ", s.height,
                      ", width is ", s.width, ", patch is ", s.patch, ", model is ", s.model,
                      "; all must be positive");
    detail::require(s.patch <= s.height && s.patch <= s.width, name, ": a patch of ", s.patch,
                    " does not fit into an image of ", s.height, "x", s.width);
    projection = linear<Scalar>({s.channels * s.patch * s.patch, s.model, s.bias, s.seed});
  }

  // Tokens of an image: the class token, if there is one, and the patches.
  [[nodiscard]] index tokens() const { return (class_token.size() > 0 ? 1 : 0) + patches(); }
  [[nodiscard]] index patches() const { return patches_down() * patches_across(); }
  // How many images there are in so many rows. Throws shape_error if they are no whole number.
  [[nodiscard]] index count(index rows, index cols) const {
    const index each = sizes_.channels * sizes_.height;
    detail::require(each > 0 && cols == sizes_.width && rows % each == 0, name, ": the images are ",
                    detail::extent{rows, cols}, ", but each must be ",
                    detail::extent{each, sizes_.width}, " (channels * height x width)");
    return rows / each;
  }
  [[nodiscard]] bool given() const { return projection.outputs() > 0; }

  // images: (images * channels * height, width). Returns (images * tokens, model). Pixels at the right and
  // below that fill no patch are not read.
  template <class Images>
  [[nodiscard]] matrix<Scalar> operator()(const Images& images) const {
    const index all = count(images.rows(), images.cols());
    const index skipped = tokens() - patches();
    matrix<Scalar> x(all * tokens(), projection.outputs());
    for (index image = 0; image < all; ++image) {
      if (skipped == 1) x.row(image * tokens()) = class_token;
      projection(pixels_of(images, image), x.middleRows(image * tokens() + skipped, patches()));
    }
    return x;
  }

  // What the projection is given for one of the images: (patches, channels * patch * patch).
  template <class Images>
  [[nodiscard]] matrix<Scalar> pixels_of(const Images& images, index image) const {
    matrix<Scalar> pixels(patches(), projection.inputs());
    for (index p = 0; p < patches(); ++p) gather(images, image, p, pixels.row(p));
    return pixels;
  }

 private:
  static constexpr const char* name = "heed::patch_embedding";

  [[nodiscard]] index patches_down() const { return sizes_.height / sizes_.patch; }
  [[nodiscard]] index patches_across() const { return sizes_.width / sizes_.patch; }

  template <class Images, class Row>
  void gather(const Images& images, index image, index patch, Row&& to) const {
    const index size = sizes_.patch, top = patch / patches_across() * size,
                left = patch % patches_across() * size;
    for (index c = 0; c < sizes_.channels; ++c)
      for (index i = 0; i < size; ++i)
        to.segment((c * size + i) * size, size) =
            images.row((image * sizes_.channels + c) * sizes_.height + top + i).segment(left, size);
  }

  sizes sizes_ = {};
};

}  // namespace HEED_ABI
}  // namespace heed
