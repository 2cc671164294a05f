// SPDX-License-Identifier: MIT
// Prints the word in each second of a sound as it arrives: the Keyword Transformer distinguishes ten words.
//
//   listen FILE.wav
//   arecord -q -t raw -f S16_LE -r 16000 | listen
#include "listening/sound_file.hpp"
#include "listening/word_of_second.hpp"
#include "speaking/interrupt.hpp"
#include "speaking/program.hpp"

#include <heed/io/file_error.hpp>  // file_error
#include <heed/io/load_keyword_model.hpp>

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdio>
#include <iostream>

namespace {

// The labels of the published model.
const std::vector<std::string> labels{"(silence)", "(unknown)", "yes", "no",  "up",   "down",
                                      "left",      "right",     "on",  "off", "stop", "go"};

struct options {
  std::string file, model = "models/kwt1.safetensors";
  bool windows = false;

  void add_to(CLI::App& app) {
    app.add_option(
        "file", file,
        "16,000 samples a second; without it, standard input: 16-bit samples of one channel");
    app.add_option("--model", model,
                   "what examples/kwt1_from_tflite.py makes of the publisher's file")
        ->capture_default_str();
    app.add_flag("--windows", windows, "also print every window, ten a second");
  }
};

// Measures the computing time of windows.
class stopwatch {
 public:
  void start() { begin_ = clock::now(); }
  void window() {
    const double ms = std::chrono::duration<double, std::milli>(clock::now() - begin_).count();
    ++count_;
    sum_ += ms;
    most_ = (std::max)(most_, ms);
  }
  void print() const {
    std::fprintf(stderr, "%ld windows, %.2f ms each, %.2f ms at most, one thread\n", count_,
                 count_ > 0 ? sum_ / static_cast<double>(count_) : 0.0, most_);
  }

 private:
  using clock = std::chrono::steady_clock;

  clock::time_point begin_;
  long count_ = 0;
  double sum_ = 0, most_ = 0;
};

void print(double seconds, heed::index label, float probability) {
  std::printf("%5.1f s  %-9s  %.2f\n", seconds, labels[static_cast<std::size_t>(label)].c_str(),
              static_cast<double>(probability));
  std::fflush(stdout);
}

int run(const options& given) {
  constexpr long rate = 16000, step = rate / 10;
  const heed::keyword_model model = heed::load_keyword_model(given.model);
  if (model.labels() != static_cast<heed::index>(labels.size()))
    throw heed::file_error(given.model + ": the model has " + std::to_string(model.labels()) +
                           " labels, but this program knows the names of " +
                           std::to_string(labels.size()));
  sound_file sound(given.file, rate);
  heed::keyword_listener listener(model, step);
  const long window = listener.window(), before = window / 2;
  word_of_second words(rate, window, before);
  stopwatch watch;

  const auto say = [](const second_heard& s) {
    print(static_cast<double>(s.second), s.label, s.probability);
  };
  const auto hear = [&](const heed::heard& h) {
    watch.window();
    if (given.windows)
      print(static_cast<double>(h.end - window - before) / rate, h.best(),
            h.probabilities.maxCoeff());
    words.add(h, say);
  };
  const auto push = [&](std::span<const float> samples) {
    watch.start();
    listener.push(samples, hear);
  };

  // Silence before and after the sound, so that every second of it has windows with their middles in it.
  const std::vector<float> silence(static_cast<std::size_t>(before));
  push(silence);
  const interrupt ctrl_c;
  while (!interrupt::came()) {
    const auto samples = sound.read(step);
    if (samples.empty()) break;
    push(samples);
  }
  if (sound.samples() == 0 && !interrupt::came())
    throw std::runtime_error((given.file.empty() ? "standard input" : given.file) +
                             ": holds no samples");
  push(std::span(silence).first(static_cast<std::size_t>(before - step)));
  words.finish(say);
  watch.print();
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  return program<options>(
      "listen",
      "Names the word in each second of a sound: yes, no, up, down, left, right, on, off, stop or "
      "go.",
      count, arguments, run);
}
