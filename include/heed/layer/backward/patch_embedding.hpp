// SPDX-License-Identifier: MIT
// The gradients of the patches of images. Pixels have none.
//
//   heed::backward(patches, images, d_y, gradient);  // d_y: (images * tokens, model)
#pragma once

#include <heed/layer/backward/linear.hpp>  // backward_of_weights
#include <heed/layer/patch_embedding.hpp>  // patch_embedding

namespace heed {
inline namespace HEED_ABI {

// images: (images * channels * height, width), as the forward takes them. Throws shape_error if sizes do not fit.
template <class Scalar, class Images>
void backward(const patch_embedding<Scalar>& patches, const Images& images,
              const matrix<Scalar>& d_y, patch_embedding<Scalar>& gradient,
              const executor& on = {}) {
  constexpr const char* name = "heed::backward of patch_embedding";
  const index all = patches.count(images.rows(), images.cols()), tokens = patches.tokens();
  const detail::view<const Scalar> out = detail::view_of(d_y);
  detail::check_size(name, "d_y", out, {all * tokens, patches.projection.outputs()});
  linear<Scalar>& layer = gradient.projection;
  const index skipped = tokens - patches.patches();
  for (index image = 0; image < all; ++image) {
    // y = [class_token; pixels W + b]
    if (skipped == 1 && gradient.class_token.size() > 0)
      gradient.class_token += d_y.row(image * tokens);
    const detail::view<const Scalar> d =
        out.block(image * tokens + skipped, 0, patches.patches(), out.cols);
    if (layer.weight.size() + layer.bias.size() == 0) continue;
    const matrix<Scalar> pixels = patches.pixels_of(images, image);
    detail::backward_of_weights(patches.projection,
                                detail::view<const Scalar>(detail::view_of(pixels)), d, layer, on);
  }
}

}  // namespace HEED_ABI
}  // namespace heed
