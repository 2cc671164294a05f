// SPDX-License-Identifier: MIT
// Two encoders, of texts and of images, whose vectors are in one space: a text and an image that belong together have a
// large cosine.
//
//   heed::dual_encoder<float> model = ...;
//   heed::matrix<float> t = model.text_vectors(texts), i = model.image_vectors(images);
//   heed::matrix<float> scores = model.logits(i, t);  // (images, texts)
//
// Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", 2021.
#pragma once

#include <heed/model/encoder.hpp>  // encoder

#include <algorithm>  // find, max_element
#include <string>     // to_string

namespace heed {
inline namespace HEED_ABI {

template <class Scalar>
struct dual_encoder {
  encoder<Scalar> text;
  linear<Scalar> text_projection;
  encoder<Scalar> image;     // its head computes a vector for each image
  std::optional<index> end;  // the first token of this id represents its text; none: the largest id
  double logit_scale = 1;

  // (texts, width), each of length 1. Throws shape_error for a text without the end token.
  template <class... Modifiers>
  [[nodiscard]] matrix<Scalar> text_vectors(const token_sequences& texts,
                                            const Modifiers&... modifiers) const {
    const matrix<Scalar> all = text.hidden(texts, modifiers...);
    matrix<Scalar> ends(texts.count(), all.cols());
    for (index i = 0; i < ends.rows(); ++i) ends.row(i) = all.row(end_of(texts, i));
    matrix<Scalar> vectors = text_projection(ends);
    vectors.rowwise().normalize();
    return vectors;
  }

  // images: (images * channels * height, width). Returns (images, width), each of length 1.
  template <class Images, class... Modifiers>
  [[nodiscard]] matrix<Scalar> image_vectors(const Images& images,
                                             const Modifiers&... modifiers) const {
    const matrix<Scalar> all = image.hidden_of_images(images, modifiers...);
    matrix<Scalar> vectors =
        image.head(all, image.starts_of_images(all.rows() / image.patches.tokens()));
    vectors.rowwise().normalize();
    return vectors;
  }

  // (images, texts): the cosine of each pair times logit_scale.
  [[nodiscard]] matrix<Scalar> logits(const matrix<Scalar>& images,
                                      const matrix<Scalar>& texts) const {
    return static_cast<Scalar>(logit_scale) * (images * texts.transpose());
  }

 private:
  [[nodiscard]] index end_of(const token_sequences& texts, index i) const {
    const auto first = texts.ids.begin() + texts.starts[static_cast<std::size_t>(i)],
               last = texts.ids.begin() + texts.starts[static_cast<std::size_t>(i) + 1];
    const auto found = end ? std::find(first, last, *end) : std::max_element(first, last);
    detail::require(found != last, "heed::dual_encoder: text ", i, " has no end token",
                    end ? " of id " + std::to_string(*end) : std::string());
    return found - texts.ids.begin();
  }
};

}  // namespace HEED_ABI
}  // namespace heed
