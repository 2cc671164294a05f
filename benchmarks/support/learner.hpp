// SPDX-License-Identifier: MIT
// A GPT that learns: its step is forward, backward, clipping and AdamW.
#pragma once

#include <heed/heed.hpp>
#include <heed/train.hpp>

namespace support {

struct gpt_case {
  const char* name;
  heed::index vocabulary, model, layers, heads, context, sequences;
};

inline constexpr gpt_case gpt_cases[] = {{"10M_weights", 256, 384, 6, 6, 256, 16},
                                         {"gpt2_small", 50257, 768, 12, 12, 1024, 1}};

// Any ids do: what they are changes no time.
inline heed::token_batch some_batch(const gpt_case& c) {
  heed::token_batch batch;
  for (heed::index i = 0; i <= c.sequences; ++i) batch.starts.push_back(i * c.context);
  for (heed::index t = 0; t < c.sequences * c.context; ++t) {
    batch.ids.push_back(t * 7919 % c.vocabulary);
    batch.targets.push_back((t + 1) * 7919 % c.vocabulary);
  }
  return batch;
}

class learner {
 public:
  learner(const gpt_case& c, heed::executor on)
      : on_(on),
        gpt_({.vocabulary = c.vocabulary,
              .positions = c.context,
              .model = c.model,
              .layers = c.layers,
              .heads = c.heads}),
        batch_(some_batch(c)) {}

  learner(const learner&) = delete;  // its lists point at its weights
  learner& operator=(const learner&) = delete;

  void step() {
    heed::set_zero(derivatives_, on_);
    heed::loss_and_gradient(gpt_, batch_, 1 / tokens(), kept_, gradient_, on_);
    heed::clip_by_norm(derivatives_, 1, on_);
    optimiser_.step(weights_, derivatives_, 1e-4, on_);
  }

  double tokens() const { return static_cast<double>(batch_.ids.size()); }

  // 6 a weight and token: a multiply-add of the forward, and two of the backward. Those of attention are not
  // in it.
  double operations() const {
    double count = 0;
    for (const auto& w : weights_) count += static_cast<double>(w.size());
    return 6 * count * tokens();
  }

 private:
  heed::executor on_;
  heed::decoder<float> gpt_, gradient_ = heed::zeros_like(gpt_);
  heed::token_batch batch_;
  heed::parameter_list<float> weights_ = heed::parameters_of(gpt_),
                              derivatives_ = heed::parameters_of(gradient_);
  heed::saved<heed::decoder<float>> kept_;
  heed::adamw<float> optimiser_{{.decay = 0.1}};
};

}  // namespace support
