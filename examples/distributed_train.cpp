// SPDX-License-Identifier: MIT
// Trains a small language model on a text, on several processes; the weights are the same for any number of processes.
//
//   mpiexec -n 4 distributed_train shakespeare.txt --batch 4 --accumulate 8
//   mpiexec -n 2 distributed_train --out trained --resume
//   generate trained --prompt "ROMEO:" --temperature 0.8
//
// A step has --accumulate batches, which the processes share, each of --batch sequences.
#include "learning/corpus.hpp"
#include "learning/options.hpp"
#include "learning/progress_line.hpp"
#include "speaking/team.hpp"

#include <heed/models.hpp>
#include <heed/mpi.hpp>
#include <heed/train.hpp>

#include <filesystem>
#include <string>
#include <utility>

namespace {

// The state of training, which is the same on all ranks. Only rank 0 writes files.
class shared_lesson {
 public:
  // `remembered`: the options as text, which --resume reads.
  shared_lesson(const training_options& given, std::string remembered, MPI_Comm ranks)
      : given_(given),
        remembered_(std::move(remembered)),
        ranks_(ranks),
        team_(given.threads),
        text_(open_tokenizer()),
        texts_({text_.encode(read_text(given.text), {.add_special_tokens = false}), {}, {}},
               given.validation, given.context),
        gpt_({.vocabulary = text_.vocabulary_size(),
              .positions = given.kind == "gpt2" ? given.context : 0,
              .model = given.model,
              .layers = given.layers,
              .heads = given.heads,
              .kv_heads = given.kv_heads,
              .hidden = given.hidden,
              .seed = given.seed}),
        gradient_(heed::zeros_like(gpt_)),
        weights_(heed::parameters_of(gpt_)),
        derivatives_(heed::parameters_of(gradient_)),
        optimiser_({.beta_2 = 0.99, .decay = given.decay}) {
    if (given.resume) heed::load_checkpoint(given.checkpoint(), weights_, optimiser_);
  }

  void run() {
    progress_line progress(given_.steps);
    while (optimiser_.steps < given_.steps) {
      const double rate = heed::cosine_rate{.peak = given_.rate,
                                            .lowest = given_.rate / 10,
                                            .steps = given_.steps,
                                            .warm_up = given_.warm_up}(optimiser_.steps);
      const double loss = one_step(rate);
      const heed::index step = optimiser_.steps;
      if (!writes()) continue;
      progress.show(step, loss, rate, given_.batch * given_.accumulate * given_.context);
      if (step % given_.every != 0 && step != given_.steps) continue;
      progress.end_line();
      save();
    }
    if (writes()) std::cout << "The model is in " << given_.out << '\n';
  }

 private:
  [[nodiscard]] bool writes() const {
    int rank = 0;
    MPI_Comm_rank(ranks_, &rank);
    return rank == 0;
  }

  // A byte-level tokenizer, with merges learned from the text: rank 0 writes its files, which all ranks read.
  heed::tokenizer open_tokenizer() const {
    if (writes() && !given_.resume) {
      std::filesystem::create_directories(given_.out);
      heed::save_byte_tokenizer(given_.out,
                                heed::learn_merges(read_text(given_.text), given_.vocabulary));
    }
    MPI_Barrier(ranks_);
    return heed::load_tokenizer(given_.out);
  }

  // Returns the mean loss of the step.
  double one_step(double rate) {
    const heed::executor on = team_.executor();
    const auto tokens = static_cast<double>(given_.batch * given_.accumulate * given_.context);
    heed::gradients_across<float> sum(ranks_, given_.accumulate);
    for (heed::index i = sum.own().first; i < sum.own().last; ++i) {
      heed::set_zero(derivatives_, on);
      const heed::token_batch batch =
          texts_.drawn(optimiser_.steps * given_.accumulate + i, given_.batch, given_.seed);
      sum.add(derivatives_,
              heed::loss_and_gradient(gpt_, batch, 1 / tokens, kept_, gradient_, on).sum);
    }
    const double loss = sum.finish(derivatives_);
    heed::clip_by_norm(derivatives_, given_.clip, on);
    optimiser_.step(weights_, derivatives_, rate, on);
    return loss / tokens;
  }

  void save() {
    heed::save_checkpoint(given_.checkpoint(), weights_, optimiser_, {{"options", remembered_}});
    heed::save_decoder(given_.out, gpt_, {.context = given_.context});
  }

  const training_options& given_;
  std::string remembered_;
  MPI_Comm ranks_;
  team team_;
  heed::tokenizer text_;
  corpus texts_;
  heed::decoder<float> gpt_, gradient_;
  heed::parameter_list<float> weights_, derivatives_;
  heed::adamw<float> optimiser_;
  heed::saved<heed::decoder<float>> kept_;
};

}  // namespace

int main(int count, char** arguments) {
  CLI::App app("Teaches a small language model on a text, on several processes.");
  training_options given;
  given.threads = 1;
  given.add_to(app);
  CLI11_PARSE(app, count, arguments);
  return heed::run_ranks(count, arguments, [&](MPI_Comm ranks) {
    const std::string remembered = given.remembered(app);
    if (given.text.empty())
      throw std::runtime_error("give a text file or a folder of them; --help says more");
    if (!given.from.empty() || !given.tokenizer.empty())
      throw std::runtime_error("--from and --tokenizer are options of `train` alone");
    if (given.paragraphs || given.answers || given.one_line || given.weights != "f32")
      throw std::runtime_error(
          "--paragraphs, --answers, --one-line and --weights are options of `train` alone");
    shared_lesson(given, remembered, ranks).run();
  });
}
