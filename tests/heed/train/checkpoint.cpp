// SPDX-License-Identifier: MIT
// Checkpoints: written and read, refused, and learning that is killed at any moment and goes on.
#include "support/bytes.hpp"
#include "support/learning.hpp"
#include "support/refusal.hpp"

#include <heed/train/checkpoint.hpp>
#include <heed/train/clip.hpp>
#include <heed/train/loss.hpp>
#include <heed/train/schedule.hpp>

#include <gtest/gtest.h>

#if defined(__unix__)
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#endif

namespace {

using heed::decoder;
using heed::index;
using support::small_decoder;

// Learning whose batch and rate are functions of the step, and whose checkpoint is written after each.
struct lesson {
  decoder<float> gpt = small_decoder<float>(4), gradient = heed::zeros_like(gpt);
  heed::adamw<float> optimiser;
  heed::parameter_list<float> weights = heed::parameters_of(gpt),
                              derivatives = heed::parameters_of(gradient);
  heed::saved<decoder<float>> kept;
  index step = 0;

  void go_on_from(const std::filesystem::path& path) {
    step = std::stol(heed::load_checkpoint(path, weights, optimiser).at("step"));
  }
  void save(const std::filesystem::path& path) const {
    heed::save_checkpoint(path, weights, optimiser, {{"step", std::to_string(step)}});
  }
  void learn() {
    heed::token_batch batch{support::learning_ids, support::learning_starts, {4, 2, 3, 3, 3, 1, 0}};
    batch.targets[std::size_t(step % 7)] = -1;
    heed::set_zero(derivatives);
    heed::loss_and_gradient(gpt, batch, 1.0 / 6, kept, gradient);
    heed::clip_by_norm(derivatives, 1);
    optimiser.step(weights, derivatives,
                   heed::cosine_rate{.peak = 0.01, .steps = 40, .warm_up = 5}(step));
    ++step;
  }
};

TEST(checkpoint, is_read_as_it_was_written) {
  const support::temporary_folder folder;
  lesson a, b;
  for (int i = 0; i < 3; ++i) a.learn();
  heed::save_checkpoint(folder / "c", a.weights, a.optimiser,
                        {{"step", "3"}, {"words", "ä \"b\""}});
  const auto state = heed::load_checkpoint(folder / "c", b.weights, b.optimiser);
  EXPECT_EQ(state, (heed::checkpoint_state{{"step", "3"}, {"words", "ä \"b\""}}));
  EXPECT_TRUE(support::same_parameters(a.gpt, b.gpt));
  EXPECT_EQ(a.optimiser.first, b.optimiser.first);
  EXPECT_EQ(a.optimiser.second, b.optimiser.second);
  EXPECT_EQ(b.optimiser.steps, 3);
  EXPECT_EQ(folder.files(), 1u);
}

TEST(checkpoint, before_the_first_step) {
  const support::temporary_folder folder;
  lesson a, b;
  a.save(folder / "c");
  b.weights[0].data[0] = 9;
  b.go_on_from(folder / "c");
  EXPECT_TRUE(support::same_parameters(a.gpt, b.gpt));
  EXPECT_EQ(b.optimiser.steps, 0);
}

// What is refused leaves weights and optimiser as they were.
TEST(checkpoint, refuses_that_of_another_model_and_what_is_none) {
  const support::temporary_folder folder;
  lesson a;
  a.learn();
  a.save(folder / "c");
  const auto refusal = [&](heed::parameter_list<float>& weights, const char* file) {
    heed::adamw<float> optimiser;
    const auto sentence = support::refusal<heed::file_error>(
        [&] { (void)heed::load_checkpoint(folder / file, weights, optimiser); });
    EXPECT_EQ(optimiser.steps, 0);
    return sentence.substr((std::min)(sentence.size(), (folder / file).string().size()));
  };
  decoder<float> other = small_decoder<float>(5);
  auto weights = heed::parameters_of(other);
  const float before = weights[0].data[0] = 77;
  EXPECT_EQ(refusal(weights, "c"),
            ": tensor \"weights.places.weight\" is 4x6 of F32, but the model has 5x6 of F32");
  EXPECT_EQ(weights[0].data[0], before);
  decoder<float> deeper = small_decoder<float>(4, 3);
  weights = heed::parameters_of(deeper);
  EXPECT_EQ(refusal(weights, "c"),
            ": there are 108 tensors, but the model and its optimiser have 156");
  heed::write_safetensors(folder / "d", {}, {{"heed.steps", "-1"}});
  EXPECT_EQ(refusal(weights, "d"), ": heed.steps is \"-1\", which is no number of steps");
  heed::write_safetensors(folder / "d", {});
  EXPECT_EQ(refusal(weights, "d"), ": this is no checkpoint: it does not say heed.steps");
}

#if defined(__unix__)
// A process learns and saves after each step, until it is killed, wherever it is; another goes on. Whatever the
// moments, the weights are those of a run that was not killed, to the bit.
TEST(checkpoint, of_a_run_that_is_killed_goes_on_with_the_same_bits) {
  lesson whole;
  while (whole.step < 40) whole.learn();
  const support::temporary_folder folder;
  const auto path = folder / "checkpoint.safetensors";
  lesson().save(path);
  int killed = 0;
  for (unsigned attempt = 0;; ++attempt) {
    ASSERT_LT(attempt, 400u);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      lesson run;
      run.go_on_from(path);
      while (run.step < 40) {
        run.learn();
        run.save(path);
      }
      _exit(0);
    }
    usleep(2000 + attempt * 7919 % 15000);
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    if (WIFEXITED(status)) {
      ASSERT_EQ(WEXITSTATUS(status), 0);
      break;
    }
    ++killed;
  }
  EXPECT_GE(killed, 3);
  lesson last;
  last.go_on_from(path);
  EXPECT_EQ(last.step, 40);
  EXPECT_TRUE(support::same_parameters(last.gpt, whole.gpt));
  EXPECT_EQ(last.optimiser.second, whole.optimiser.second);
}
#endif

}  // namespace
