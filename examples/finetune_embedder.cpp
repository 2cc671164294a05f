// SPDX-License-Identifier: MIT
// Fine-tunes a published text encoder on pairs of questions and answers, so that search finds answers better.
//
//   finetune_embedder minilm pairs.tsv --out taught    a pair in each line: question, tab, answer
//   embed taught --search FOLDER "question"            searches with the fine-tuned encoder
#include "learning/pairs.hpp"
#include "learning/progress_line.hpp"
#include "learning/tokenizer_files.hpp"
#include "speaking/interrupt.hpp"
#include "speaking/program.hpp"
#include "speaking/team.hpp"

#include <heed/models.hpp>
#include <heed/train.hpp>

#include <cstdio>
#include <filesystem>

namespace {

struct options {
  std::string model, pairs, out = "taught";
  heed::index epochs = 3, batch = 32;
  double rate = 5e-5, decay = 0.01, clip = 1, scale = 20, held_out = 0.1;
  std::uint64_t seed = 1;
  int threads = 0;

  void add_to(CLI::App& app) {
    app.add_option("model", model,
                   "a folder of Hugging Face or sentence-transformers: an encoder of BERT's kind")
        ->required();
    app.add_option("pairs", pairs, "a file with a question, a tab and its answer in each line")
        ->required();
    app.add_option("--out", out, "the folder that is written, for embed and sentence-transformers")
        ->capture_default_str();
    app.add_option("--epochs", epochs, "how often each pair is seen")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--batch", batch,
                   "pairs of a step: each question has the others' answers "
                   "as wrong ones")
        ->check(CLI::Range(2, 4096))
        ->capture_default_str();
    app.add_option("--rate", rate, "the largest rate of AdamW")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--decay", decay, "of weights")->capture_default_str();
    app.add_option("--clip", clip, "the largest norm of a gradient")->capture_default_str();
    app.add_option("--scale", scale, "what cosines are multiplied by in the loss")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--held-out", held_out, "the share of the lines that are not learned from")
        ->check(CLI::Range(0.0, 0.9))
        ->capture_default_str();
    app.add_option("--seed", seed, "of random numbers: the same seed gives the same weights")
        ->capture_default_str();
    app.add_option("--threads", threads, "0: as many as the machine runs at once")
        ->check(CLI::Range(0, team::most))
        ->capture_default_str();
  }
};

class lesson_of_pairs {
 public:
  explicit lesson_of_pairs(const options& given)
      : given_(given),
        team_(given.threads),
        model_(load(given.model)),
        pairs_(read_pairs(given.pairs)),
        gradient_(heed::zeros_like(model_.encoder)),
        head_gradient_(heed::zeros_like(model_.head)),
        weights_(both(model_.encoder, model_.head)),
        derivatives_(both(gradient_, head_gradient_)),
        optimiser_({.decay = given.decay}),
        loss_({.scale = given.scale}) {
    const std::vector<std::size_t> order = shuffled(pairs_.size(), 0, given.seed);
    const auto held = static_cast<std::size_t>(given.held_out * static_cast<double>(order.size()));
    held_out_.assign(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(held));
    learned_.assign(order.begin() + static_cast<std::ptrdiff_t>(held), order.end());
    if (learned_.size() < 2)
      throw std::runtime_error(given.pairs + " has " + std::to_string(pairs_.size()) +
                               " pairs; at least two must be left to learn from");
  }

  // Returns true if all steps are done, false after Ctrl-C.
  bool run() {
    save();  // throws before training if the folder cannot be written
    const auto batch = std::min(static_cast<std::size_t>(given_.batch), learned_.size());
    const auto steps_of_epoch = static_cast<heed::index>(learned_.size() / batch);
    const heed::index steps = steps_of_epoch * given_.epochs;
    std::cerr << learned_.size() << " pairs are learned on " << team_.text() << ", "
              << held_out_.size() << " are held out\n";
    tell("before");
    const interrupt ctrl_c;
    progress_line progress(steps);
    const heed::cosine_rate rate{
        .peak = given_.rate, .lowest = 0, .steps = steps, .warm_up = steps / 10};
    heed::index step = 0;
    std::vector<std::size_t> order;
    for (; step < steps && !interrupt::came(); ++step) {
      const heed::index place = step % steps_of_epoch;
      if (place == 0)
        order = shuffled(learned_.size(), static_cast<std::uint32_t>(1 + step / steps_of_epoch),
                         given_.seed);
      const auto first =
          order.begin() + static_cast<std::ptrdiff_t>(place) * static_cast<std::ptrdiff_t>(batch);
      const heed::token_sequences texts =
          texts_of({first, first + static_cast<std::ptrdiff_t>(batch)});
      const double loss = one_step(texts, rate(step));
      progress.show(step + 1, loss, rate(step), static_cast<heed::index>(texts.ids.size()));
    }
    progress.end_line();
    save();
    if (step < steps) return false;
    tell("after");
    return true;
  }

 private:
  static heed::text_encoder load(const std::string& folder) {
    heed::text_encoder model = heed::load_text_encoder(folder);
    if (!model.tokens) throw std::runtime_error(folder + ": this folder has no tokenizer");
    heed::make_learnable(model.encoder);
    heed::make_learnable(model.head);
    return model;
  }
  static heed::parameter_list<float> both(heed::encoder<float>& encoder,
                                          heed::sentence_head<float>& head) {
    heed::parameter_list<float> all = heed::parameters_of(encoder);
    for (auto& p : heed::parameters_of(head)) all.push_back(std::move(p));
    return all;
  }

  // The questions of these pairs, then their answers.
  heed::token_sequences texts_of(const std::vector<std::size_t>& places) const {
    heed::token_sequences texts;
    for (const std::size_t i : places) texts.append(model_.ids(pairs_.questions[learned_[i]]));
    for (const std::size_t i : places) texts.append(model_.ids(pairs_.answers[learned_[i]]));
    return texts;
  }

  // Returns the mean loss.
  double one_step(const heed::token_sequences& texts, double rate) {
    const heed::executor on = team_.executor();
    const heed::index pairs = texts.count() / 2;
    heed::set_zero(derivatives_, on);
    heed::forward(model_.encoder, texts, kept_, on);
    heed::forward(model_.head, kept_.hidden, texts.starts, head_, on);
    const heed::matrix<float> questions = head_.vectors.topRows(pairs),
                              answers = head_.vectors.bottomRows(pairs);
    heed::matrix<float> d_questions = heed::matrix<float>::Zero(pairs, questions.cols()),
                        d_answers = d_questions;
    const heed::contrastive_sum found =
        loss_(questions, answers, 1 / static_cast<double>(pairs), d_questions, d_answers, on);
    heed::matrix<float> d_vectors(2 * pairs, questions.cols());
    d_vectors << d_questions, d_answers;
    heed::matrix<float> d_hidden =
        heed::matrix<float>::Zero(kept_.hidden.rows(), kept_.hidden.cols());
    heed::backward(model_.head, kept_.hidden, texts.starts, head_, d_vectors, d_hidden,
                   head_gradient_, on);
    heed::backward(model_.encoder, texts, kept_, d_hidden, gradient_, on);
    heed::clip_by_norm(derivatives_, given_.clip, on);
    optimiser_.step(weights_, derivatives_, rate, on);
    return found.mean();
  }

  // Prints a line about how well the model finds the answers of the held-out questions.
  void tell(const char* when) const {
    if (held_out_.empty()) return;
    const retrieval r = measure(model_, pairs_, held_out_, team_.executor());
    std::printf(
        "%s: the right answer is the first of %zu for %.1f %% of %zu questions held out; "
        "mean reciprocal rank %.3f\n",
        when, pairs_.size(), 100 * r.first, held_out_.size(), r.reciprocal);
    std::fflush(stdout);
  }

  void save() const {
    heed::save_text_encoder(given_.out, model_);
    copy_tokenizer(given_.model, given_.out);
  }

  const options& given_;
  team team_;
  heed::text_encoder model_;
  text_pairs pairs_;
  heed::encoder<float> gradient_;
  heed::sentence_head<float> head_gradient_;
  heed::parameter_list<float> weights_, derivatives_;
  heed::adamw<float> optimiser_;
  heed::contrastive_loss<float> loss_;
  heed::saved<heed::encoder<float>> kept_;
  heed::saved<heed::sentence_head<float>> head_;
  std::vector<std::size_t> held_out_, learned_;
};

int run(const options& given) {
  const bool done = lesson_of_pairs(given).run();
  std::cerr << "The encoder is in " << given.out << (done ? "\n" : ", as far as it was taught\n");
  return done ? 0 : 130;  // the exit status of shells after Ctrl-C
}

}  // namespace

int main(int count, char** arguments) {
  return program<options>("finetune_embedder",
                          "Teaches a text encoder which answer belongs to which question.", count,
                          arguments, run);
}
