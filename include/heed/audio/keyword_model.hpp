// SPDX-License-Identifier: MIT
// Keyword Transformer: classifies the word in a sound from its features, with a token for each frame
// and a class token that attends to all frames.
//
//   heed::keyword_model model = heed::load_keyword_model("models/kwt1.safetensors");
//   Eigen::RowVectorXf scores(model.labels());
//   model(features, scores);  // features: (98, 40); scores: 12 logits
//
// Berg, O'Connor and Cruz, "Keyword Transformer: A Self-Attention Model for Keyword Spotting", 2021.
#pragma once

#include <heed/layer/linear.hpp>             // linear
#include <heed/model/transformer_block.hpp>  // transformer_block

#include <vector>  // vector

namespace heed {
inline namespace HEED_ABI {

struct keyword_model {
  linear<float> input;             // (features, model)
  Eigen::RowVectorXf class_token;  // (model)
  matrix<float> places;            // (frames + 1, model): positions, first that of the class token
  std::vector<transformer_block<float>> blocks;
  linear<float> head;  // (model, labels)

  [[nodiscard]] index frames() const { return places.rows() - 1; }
  [[nodiscard]] index features() const { return input.inputs(); }
  [[nodiscard]] index labels() const { return head.outputs(); }

  // x: (frames, features); scores: (1, labels), logits. Modifiers: in, on. A second call allocates nothing.
  // Throws shape_error if sizes do not fit.
  template <class X, class Scores, class... Modifiers>
  void operator()(const X& x, Scores&& scores, const Modifiers&... modifiers) const {
    detail::require(x.rows() == frames() && x.cols() == features(), "heed::keyword_model: x is ",
                    detail::extent{x.rows(), x.cols()}, ", but it must be ",
                    detail::extent{frames(), features()}, " (frames x features)");
    const auto options = detail::gather_settings<float>(modifiers...);
    scratch& room = options.memory ? *options.memory : detail::default_scratch();
    const auto on_same = on(options.on);
    scratch::frame frame(room);
    auto tokens = frame.take_matrix<float>(places.rows(), places.cols());
    input(x, tokens.bottomRows(frames()), in(room), on_same);
    tokens.row(0) = class_token;
    tokens += places;
    for (const transformer_block<float>& block : blocks) block(tokens, in(room), on_same);
    head(tokens.topRows(1), scores, in(room), on_same);
  }
};

}  // namespace HEED_ABI
}  // namespace heed
