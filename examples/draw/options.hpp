// SPDX-License-Identifier: MIT
// The options of `draw`.
#pragma once

#include "../speaking/team.hpp"
#include "training.hpp"

#include <CLI/CLI.hpp>

struct options {
  std::vector<std::string> captions;
  std::string weights = HEED_DRAW_WEIGHTS, out = "drawing.png", attention;
  std::optional<double> temperature;
  std::uint64_t seed = 1;
  int scale = 8, threads = 0;
  heed::index check = 0;
  bool train = false, letters = false;
  lesson_plan lesson;

  void add_to(CLI::App& app) {
    app.add_option(
        "captions", captions,
        "what to draw, like \"a red circle above a blue square\"; several are drawn side by side");
    app.add_option("--out", out, "the PNG file that is written; \"\": none")
        ->type_name("FILE")
        ->capture_default_str();
    app.add_option("--scale", scale, "how large a pixel is in it")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    app.add_option("--attention", attention,
                   "write a page here, a .html file, that shows which words each patch attended to")
        ->type_name("FILE");
    app.add_flag("--letters", letters, "letters in place of colours, in a terminal, too");
    app.add_option("--temperature", temperature,
                   "above 0, patches are drawn by chance; else the likeliest is taken")
        ->check(CLI::NonNegativeNumber);
    app.add_option("--seed", seed,
                   "of random numbers: the same seed gives the same picture, scenes or weights")
        ->capture_default_str();
    app.add_option("--weights", weights, "those of the model")->capture_default_str();
    app.add_option("--check", check,
                   "draw so many scenes of each kind and count those that are right")
        ->check(CLI::NonNegativeNumber);
    app.add_flag("--train", train, "teach a new model, which is written to --weights");
    app.add_option("--steps", lesson.steps, "in which it learns")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--threads", threads, "0: as many as the machine runs at once")
        ->check(CLI::Range(0, team::most))
        ->capture_default_str();
  }
};
