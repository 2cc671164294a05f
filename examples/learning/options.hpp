// SPDX-License-Identifier: MIT
// The options of `train` and `distributed_train`.
#pragma once

#include "../speaking/team.hpp"

#include <heed/core/types.hpp>
#include <heed/io/safetensors.hpp>

#include <CLI/CLI.hpp>

#include <cstdint>
#include <filesystem>
#include <sstream>
#include <string>

struct training_options {
  std::string text, out = "trained", tokenizer, from, storage, optimiser = "adamw", kind = "gpt2",
                    prompt = "\n", weights = "f32";
  heed::index layers = 4, heads = 4, kv_heads = 0, model = 128, hidden = 0, context = 128;
  heed::index vocabulary = 256, batch = 16, accumulate = 1, steps = 1000, warm_up = 50, every = 100,
              sample = 160;
  heed::index lora = 0;
  double theta = 10000, rate = 2e-3, lora_alpha = 16, decay = 0.1, clip = 1, validation = 0.05;
  std::uint64_t seed = 1;
  int threads = 0;
  bool resume = false, recompute = false, lora_feed = false, paragraphs = false, one_line = false,
       answers = false;

  void add_to(CLI::App& app) {
    app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    app.add_option("text,--text", text, "a text file, or a folder of them");
    app.add_option("--out", out, "the folder in which the model is kept")
        ->configurable(false)
        ->capture_default_str();
    app.add_flag("--resume", resume, "go on with what is in that folder")->configurable(false);
    app.add_flag("--paragraphs", paragraphs,
                 "learn each paragraph, which empty lines keep apart, as a text of its own");
    app.add_flag(
        "--answers", answers,
        "the same, where the lines of a paragraph are by two speakers in turn: learn the second's");
    app.add_option("--tokenizer", tokenizer,
                   "a folder of a tokenizer; without it, tokens are bytes");
    app.add_option("--vocabulary", vocabulary,
                   "tokens of a tokenizer that is learned from the text first; 256: bytes alone")
        ->check(CLI::Range(256, 1 << 20))
        ->capture_default_str();
    auto* const begins =
        app.add_option("--from", from, "begin with the weights and the tokenizer of this folder");
    app.add_option(
           "--lora", lora,
           "keep those weights and train low-rank adapters of this rank beside attention's; the "
           "saved model has them merged; 0: train all weights")
        ->check(CLI::NonNegativeNumber)
        ->needs(begins);
    app.add_option("--lora-alpha", lora_alpha, "adapters are multiplied by it over their rank")
        ->capture_default_str();
    app.add_flag("--lora-feed", lora_feed, "feed-forward layers have adapters too");
    app.add_option("--storage", storage,
                   "what weights are rounded to where they are read, bf16, f16, q8_0, ...; the "
                   "optimiser keeps floats; with --lora, of the weights that stay");
    app.add_option("--kind", kind, "what the model is made like")
        ->check(CLI::IsMember({"gpt2", "llama"}))
        ->capture_default_str();
    app.add_flag("--one-line", one_line, "let generate and chat end where the model ends a line");
    app.add_option("--weights", weights, "what weights are rounded to in the file of the model")
        ->check(CLI::IsMember({"f32", "f16", "bf16"}))
        ->capture_default_str();
    const auto size = [&](const char* name, heed::index& to, const char* what) {
      app.add_option(name, to, what)->check(CLI::PositiveNumber)->capture_default_str();
    };
    size("--layers", layers, "blocks of the model");
    size("--heads", heads, "heads of attention");
    app.add_option("--kv-heads", kv_heads, "heads of keys and values; 0: as many (llama)")
        ->capture_default_str();
    size("--model", model, "numbers of a token's vector");
    app.add_option("--hidden", hidden, "numbers inside the feed-forward layer; 0: 4 times as many")
        ->capture_default_str();
    size("--context", context, "tokens that are seen at once");
    app.add_option("--theta", theta, "of rotary positions: smaller where texts are short (llama)")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    size("--batch", batch, "pieces of text in a batch");
    size("--accumulate", accumulate, "batches before a step");
    size("--steps", steps, "steps in all");
    app.add_option("--warm-up", warm_up, "steps in which the rate rises")->capture_default_str();
    app.add_option("--optimiser", optimiser, "muon: fewer steps, each a little slower")
        ->check(CLI::IsMember({"adamw", "muon"}))
        ->capture_default_str();
    app.add_option("--rate", rate, "the largest rate")->capture_default_str();
    app.add_option("--decay", decay, "weight decay of the optimiser")->capture_default_str();
    app.add_option("--clip", clip, "the largest norm of a gradient")->capture_default_str();
    app.add_option("--validation", validation, "the share of the text that is kept for validation")
        ->check(CLI::Range(0.0, 0.5))
        ->capture_default_str();
    size("--every", every, "steps between a look at validation and a sample; it saves then, too");
    app.add_option("--sample", sample, "tokens of a sample; 0: none")->capture_default_str();
    app.add_option("--prompt", prompt, "what samples begin with");
    app.add_option("--seed", seed, "of random numbers: the same seed gives the same weights")
        ->capture_default_str();
    app.add_option("--threads", threads, "0: as many as the machine runs at once")
        ->check(CLI::Range(0, team::most))
        ->capture_default_str();
    app.add_flag("--recompute", recompute, "less memory: activations are computed twice");
  }

  [[nodiscard]] std::filesystem::path checkpoint() const {
    return std::filesystem::path(out) / "checkpoint.safetensors";
  }

  // The options of this run as text, for the field "options" of the checkpoint: with --resume, the options of the
  // checkpoint, which are read first, and then those of the command line, which take precedence.
  std::string remembered(CLI::App& app) const {
    std::string now = app.config_to_str(false, false);
    if (!resume) return now;
    const auto before = heed::read_safetensors(checkpoint());
    std::string both = before.metadata().text("options") + '\n' + now;
    std::istringstream in(both);
    app.parse_from_stream(in);
    return both;
  }
};
