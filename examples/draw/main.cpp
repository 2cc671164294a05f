// SPDX-License-Identifier: MIT
// Draws the scene of a caption: a transformer reads the words and predicts the patches of a picture one by one.
//
//   draw "a red circle above a blue square" --out drawing.png
//   draw "a green triangle left of an orange cross" --attention page.html    which words each patch attended to
//   draw --check 200                              how many of 200 scenes are right, of each kind
//   draw --train --weights weights.safetensors    trains a new model
#include "../complete/terminal.hpp"
#include "../speaking/program.hpp"
#include "../speaking/team.hpp"
#include "caption.hpp"
#include "options.hpp"
#include "page.hpp"
#include "png.hpp"
#include "print.hpp"

#include <heed/models.hpp>

#include <CLI/CLI.hpp>

#include <iomanip>
#include <iostream>

namespace {

heed::sampling sampling_of(const options& given) {
  heed::sampling how;
  how.temperature = given.temperature;
  how.seed = given.seed;
  return how;
}

void write(const std::string& path, const std::string& text) {
  heed::detail::write_text(path, text);
  std::cerr << "written: " << path << '\n';
}

// The scenes of all captions. Throws caption_error for a wrong caption before anything is drawn.
std::vector<scene> scenes_of(const options& given) {
  if (given.captions.empty())
    throw caption_error("say what to draw, like \"a red circle above a blue square\"; " +
                        captions::what_is_known());
  std::vector<scene> scenes;
  for (const std::string& caption : given.captions) scenes.push_back(scene_of(caption));
  return scenes;
}

int draw(const options& given, const std::vector<scene>& scenes, const heed::decoder<float>& gpt,
         const heed::executor& on) {
  std::vector<picture> pictures;
  const bool colour = complete::colour_is_wanted() && !given.letters;
  for (const scene& asked : scenes) {
    const std::string caption = caption_of(asked);
    std::cout << caption << '\n';
    printer show(std::cout, colour);
    const drawing made = drawn(gpt, caption, sampling_of(given), on,
                               [&](heed::index i, heed::index id) { show.patch(i, id); });
    std::cout << "It shows " << seen_in(made.shown)
              << (shows(made.shown, asked) ? "." : ", which was not asked for.") << '\n';
    if (pictures.empty() && !given.attention.empty())
      write(given.attention, page_of(gpt, made, caption, on));
    pictures.push_back(made.shown);
  }
  if (!given.out.empty()) write(given.out, png_of(pictures, given.scale));
  return 0;
}

int check(const options& given, const heed::decoder<float>& gpt, const heed::executor& on) {
  std::cout << std::fixed << std::setprecision(1);
  for (std::size_t kind = 0; kind < held_names.size(); ++kind) {
    chance luck(given.seed);
    heed::sampling how = sampling_of(given);
    heed::index right = 0;
    for (heed::index i = 0; i < given.check; ++i) {
      const scene s = next_scene(luck, static_cast<held>(kind));
      how.seed = luck.next();
      right += shows(drawn(gpt, caption_of(s), how, on).shown, s) ? 1 : 0;
    }
    std::cout << std::left << std::setw(12) << held_names[kind] << std::right << std::setw(6)
              << right << " of " << std::setw(6) << given.check << std::setw(8)
              << 100.0 * static_cast<double>(right) / static_cast<double>(given.check) << " %"
              << std::endl;
  }
  return 0;
}

int train(options given, const heed::executor& on) {
  given.lesson.seed = given.seed;
  heed::decoder<float> gpt = drawing_model(given.seed);
  teach(gpt, given.lesson, on, [&](heed::index) { save_weights(given.weights, gpt); });
  std::cerr << "written: " << given.weights << '\n';
  return 0;
}

int run(const options& given) {
  const team threads(given.threads);
  if (given.train) return train(given, threads.executor());
  const std::vector<scene> scenes = given.check > 0 ? std::vector<scene>() : scenes_of(given);
  heed::decoder<float> gpt = drawing_model();
  load_weights(given.weights, gpt);
  if (given.check > 0) return check(given, gpt, threads.executor());
  return draw(given, scenes, gpt, threads.executor());
}

}  // namespace

int main(int count, char** arguments) {
  return program<options>("draw", "Draws what a caption says.", count, arguments, run);
}
