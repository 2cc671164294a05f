// SPDX-License-Identifier: MIT
// Training of a model, and the folder of its files: a checkpoint, the model in the format of Hugging Face, a picture of
// the losses.
#pragma once

#include "../speaking/interrupt.hpp"
#include "../speaking/team.hpp"
#include "corpus.hpp"
#include "history.hpp"
#include "options.hpp"
#include "paragraphs.hpp"
#include "progress_line.hpp"
#include "tokenizer_files.hpp"

#include <heed/models.hpp>
#include <heed/train.hpp>

#include <charconv>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <utility>

class lesson {
 public:
  // `remembered`: the options as text, which --resume reads.
  lesson(const training_options& given, std::string remembered)
      : given_(given),
        remembered_(std::move(remembered)),
        team_(given.threads),
        folder_(given.out),
        words_(read_text(given.text)),
        text_(open_tokenizer()),
        ends_(text_.encode(given.one_line ? "\n" : "", {.add_special_tokens = false})),
        texts_(read_tokens(), given.validation, given.context),
        gpt_(first_weights()),
        gradient_(heed::zeros_like(gpt_)),
        weights_(heed::parameters_of(gpt_)),
        derivatives_(heed::parameters_of(gradient_)),
        optimiser_({.beta_2 = 0.99, .decay = given.decay}) {
    if (ends_.size() > 1)
      throw std::runtime_error("--one-line: to this tokenizer the end of a line is " +
                               std::to_string(ends_.size()) + " tokens; one was expected");
    if (!given.storage.empty() && given.lora == 0) rounded_.emplace(gpt_, storage());
    if (given.recompute) kept_.policy = heed::activations::recomputed;
    if (given.resume) go_on();
  }

  // Returns true if all steps are done, false after Ctrl-C.
  bool run() {
    heed::index numbers = 0;
    for (const auto& p : weights_) numbers += p.size();
    std::cerr << numbers << " weights learn from " << texts_.learned() << " tokens on "
              << team_.text() << '\n';
    const interrupt ctrl_c;
    progress_line progress(given_.steps);
    while (step_ < given_.steps && !interrupt::came()) {
      const double rate = rate_of(step_);
      const heed::loss_sum loss = one_step(rate);
      past_.learned(step_, loss.mean());
      progress.show(++step_, loss.mean(), rate, loss.tokens);
      if (step_ % given_.every != 0 && step_ != given_.steps) continue;
      progress.end_line();
      look();
      save();
    }
    if (step_ < given_.steps) {
      progress.end_line();
      save();
      std::cerr << "saved in " << folder_.string() << "; go on by --out " << folder_.string()
                << " --resume\n";
    }
    return step_ == given_.steps;
  }

 private:
  // The tokenizer that is given or comes with the weights, otherwise a byte-level one with merges learned from the text.
  // Its files are copied or written to the folder.
  heed::tokenizer open_tokenizer() {
    std::filesystem::create_directories(folder_);
    const std::string& source = given_.tokenizer.empty() ? given_.from : given_.tokenizer;
    if (given_.resume) return heed::load_tokenizer(folder_.string());
    if (!given_.from.empty() && std::filesystem::equivalent(given_.from, folder_))
      throw std::runtime_error(given_.from +
                               " is where the model begins; give another folder as --out");
    if (source.empty()) {
      heed::save_byte_tokenizer(folder_, heed::learn_merges(words_, given_.vocabulary));
      return heed::load_tokenizer(folder_.string());
    }
    copy_tokenizer(source, folder_);
    return heed::load_tokenizer(folder_.string());
  }

  token_text read_tokens() const {
    if (given_.paragraphs || given_.answers) return read_paragraphs(text_, words_, given_.answers);
    return {text_.encode(words_, {.add_special_tokens = false}), {}, {}};
  }

  heed::decoder<float> first_weights() {
    const bool adapted = given_.lora > 0;
    const std::filesystem::path source =
        given_.resume && !adapted ? folder_ : std::filesystem::path(given_.from);
    if (!given_.from.empty()) {
      heed::load_options how;
      if (adapted && !given_.storage.empty()) how.weights = storage();
      heed::language_model model = heed::load_language_model(source, how);
      if (adapted)
        heed::add_low_rank(model.decoder, {.rank = given_.lora,
                                           .alpha = given_.lora_alpha,
                                           .feed = given_.lora_feed,
                                           .seed = given_.seed});
      else
        heed::make_learnable(model.decoder);
      if (!given_.resume) copy_files(source, folder_, {"config.json"});
      return std::move(model.decoder);
    }
    heed::decoder<float> made({.vocabulary = text_.vocabulary_size(),
                               .positions = given_.kind == "gpt2" ? given_.context : 0,
                               .model = given_.model,
                               .layers = given_.layers,
                               .heads = given_.heads,
                               .kv_heads = given_.kv_heads,
                               .hidden = given_.hidden,
                               .seed = given_.seed});
    // GPT-2's initial weights: a standard deviation of 0.02, and 0.02 / √(2 layers) for the outputs of layers, so that
    // their sum does not dominate the token's vector in the residual stream.
    const auto begin = [](heed::linear<float>& layer, double share) {
      const double deviation =
          std::sqrt(2.0 / static_cast<double>(layer.inputs() + layer.outputs()));
      layer.weight *= static_cast<float>(share * 0.02 / deviation);
    };
    const double share = 1 / std::sqrt(2 * static_cast<double>(given_.layers));
    for (auto& block : made.blocks) {
      heed::attention_layer<float>& attention = block.attention;
      if (attention.rotary)
        attention.rotary.emplace(heed::rotary_embedding<float>::sizes{.width = attention.width(),
                                                                      .theta = given_.theta});
      for (auto* layer : {&attention.query, &attention.key, &attention.value}) begin(*layer, 1);
      begin(attention.output, share);
      auto& feed = std::get<heed::feed_forward<float>>(block.feed);
      begin(feed.up, 1);
      if (feed.gated()) begin(feed.gate, 1);
      begin(feed.down, share);
    }
    return made;
  }

  [[nodiscard]] double rate_of(heed::index step) const {
    return heed::cosine_rate{.peak = given_.rate,
                             .lowest = given_.rate / 10,
                             .steps = given_.steps,
                             .warm_up = given_.warm_up}(step);
  }

  heed::loss_sum one_step(double rate) {
    const heed::executor on = team_.executor();
    heed::set_zero(derivatives_, on);
    std::vector<heed::token_batch> batches;
    heed::index tokens = 0;
    for (heed::index i = 0; i < given_.accumulate; ++i) {
      batches.push_back(texts_.drawn(step_ * given_.accumulate + i, given_.batch, given_.seed));
      const std::vector<heed::index>& targets = batches.back().targets;
      tokens +=
          std::count_if(targets.begin(), targets.end(), [](heed::index id) { return id >= 0; });
    }
    heed::loss_sum loss;
    for (const heed::token_batch& batch : batches)
      loss += heed::loss_and_gradient(reads(), batch,
                                      1 / static_cast<double>(std::max<heed::index>(tokens, 1)),
                                      kept_, gradient_, on);
    heed::clip_by_norm(derivatives_, given_.clip, on);
    if (given_.optimiser == "muon")
      optimiser_.step(weights_, derivatives_, rate, on);
    else
      optimiser_.state.step(weights_, derivatives_, rate, on);
    if (rounded_) rounded_->round(on);
    return loss;
  }

  // Prints the loss of the held-out part, and a sample of generated text.
  void look() {
    const heed::token_batch batch = texts_.kept_back(2 * given_.batch);
    if (!batch.ids.empty()) {
      const double loss = heed::loss_of(reads(), batch, kept_, team_.executor()).mean();
      past_.validated(step_, loss);
      std::cerr << "validation loss " << loss << '\n';
    }
    std::vector<heed::index> prompt = text_.encode(given_.prompt, {.add_special_tokens = false});
    if (given_.sample == 0 || prompt.empty()) return;
    const auto said = static_cast<heed::index>(prompt.size());
    heed::generate_options how;
    how.tokens = std::max<heed::index>(0, std::min(given_.sample, given_.context - said));
    how.temperature = 0.8;
    how.seed = given_.seed + static_cast<std::uint64_t>(step_);
    how.on = team_.executor();
    std::vector<heed::index> ids = prompt;
    for (const heed::index id : heed::generation<float>(reads(), prompt, how)) ids.push_back(id);
    std::cout << text_.decode(ids) << "\n----\n" << std::flush;
  }

  void save() {
    heed::save_checkpoint(
        given_.checkpoint(), weights_, optimiser_.state,
        {{"step", std::to_string(step_)}, {"options", remembered_}, {"history", past_.text()}});
    if (rounded_ || given_.lora > 0)
      save(written());
    else
      save(gpt_);
    heed::detail::write_text(folder_ / "loss.svg", past_.svg(given_.steps));
  }

  void save(const heed::decoder<float>& whole) const {
    const heed::dtype type = *heed::dtype_named(given_.weights);
    if (given_.from.empty())
      heed::save_decoder(
          folder_, whole,
          {.context = given_.context, .theta = given_.theta, .ends = ends_, .weights = type});
    else
      heed::save_decoder_weights(folder_, whole, type);
  }

  [[nodiscard]] heed::dtype storage() const {
    const auto type = heed::dtype_named(given_.storage);
    if (!type) throw std::runtime_error("--storage: " + given_.storage + " is no type of numbers");
    return *type;
  }

  // The decoder of forward and backward: the trained weights, or their rounded copy.
  [[nodiscard]] const heed::decoder<float>& reads() const {
    return rounded_ ? rounded_->decoder() : gpt_;
  }

  // The same decoder with a matrix of floats for each weight and with its adapters merged.
  [[nodiscard]] heed::decoder<float> written() const {
    heed::decoder<float> whole = reads();
    heed::merge_low_rank(whole);
    heed::make_learnable(whole);
    return whole;
  }

  void go_on() {
    const auto state = heed::load_checkpoint(given_.checkpoint(), weights_, optimiser_.state);
    const auto step = state.find("step"), past = state.find("history");
    const auto end = step == state.end() ? nullptr : step->second.data() + step->second.size();
    if (past == state.end() || end == nullptr ||
        std::from_chars(step->second.data(), end, step_).ptr != end || step_ < 0)
      throw std::runtime_error(given_.checkpoint().string() + " does not say at which step it is");
    past_ = history::of(past->second);
    if (rounded_) rounded_->round(team_.executor());
  }

  const training_options& given_;
  std::string remembered_;
  team team_;
  std::filesystem::path folder_;
  std::string words_;
  heed::tokenizer text_;
  std::vector<heed::index> ends_;  // one token, or none
  corpus texts_;
  heed::decoder<float> gpt_, gradient_;
  heed::parameter_list<float> weights_, derivatives_;
  heed::muon<float> optimiser_;  // its state is AdamW's
  std::optional<heed::rounded_decoder<float>> rounded_;
  heed::saved<heed::decoder<float>> kept_;
  heed::index step_ = 0;
  history past_;
};
