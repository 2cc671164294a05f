// SPDX-License-Identifier: MIT
// Trains the drawing model on scenes that are painted for each batch; held-out scenes are not used.
#pragma once

#include "../learning/progress_line.hpp"
#include "held_out.hpp"
#include "model.hpp"
#include "painter.hpp"

struct lesson_plan {
  heed::index steps = 6000, batch = 8, warm_up = 100;
  double rate = 2e-3, decay = 0.05;
  std::uint64_t seed = 1;
};

// Batch `number`: captions and pictures, where only patches are targets. A function of number and plan.
inline heed::token_batch batch_of(heed::index number, const lesson_plan& plan) {
  chance luck(plan.seed ^ (static_cast<std::uint64_t>(number) << 20));
  heed::token_batch batch;
  for (heed::index i = 0; i < plan.batch; ++i) {
    const scene s = next_scene(luck, held::no);
    std::vector<heed::index> ids = tokens::of_caption(caption_of(s));
    const std::vector<heed::index> patches = tokens::of_picture(painted(s, luck));
    ids.insert(ids.end(), patches.begin(), patches.end());
    batch.append(ids);
    const auto first = batch.targets.end() - (tokens::sequence - 1);
    std::fill(first, first + tokens::caption - 1, -1);
  }
  return batch;
}

// Trains the model, with the same bits on any number of threads. Calls look(steps done) every 200 steps and at the end.
template <class Look>
void teach(heed::decoder<float>& gpt, const lesson_plan& plan, const heed::executor& on,
           const Look& look) {
  heed::decoder<float> gradient = heed::zeros_like(gpt);
  const auto weights = heed::parameters_of(gpt), derivatives = heed::parameters_of(gradient);
  heed::saved<heed::decoder<float>> kept;
  heed::adamw<float> optimiser({.beta_2 = 0.99, .decay = plan.decay});
  const heed::cosine_rate rate{
      .peak = plan.rate, .lowest = plan.rate / 50, .steps = plan.steps, .warm_up = plan.warm_up};
  progress_line progress(plan.steps);
  constexpr heed::index often = 200;
  for (heed::index step = 0; step < plan.steps; ++step) {
    const heed::token_batch batch = batch_of(step, plan);
    heed::set_zero(derivatives, on);
    const double predicted = static_cast<double>(plan.batch * tokens::patches);
    const heed::loss_sum loss =
        heed::loss_and_gradient(gpt, batch, 1 / predicted, kept, gradient, on);
    heed::clip_by_norm(derivatives, 1, on);
    optimiser.step(weights, derivatives, rate(step), on);
    progress.show(step + 1, loss.mean(), rate(step), plan.batch * tokens::patches);
    if ((step + 1) % often != 0 && step + 1 != plan.steps) continue;
    progress.end_line();
    look(step + 1);
  }
}
