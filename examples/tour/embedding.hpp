// SPDX-License-Identifier: MIT
// Chapters 1 and 2 of the tour: from text to tokens and vectors.
#pragma once

#include "traveller.hpp"

namespace tour {

inline void traveller::begin() {
  page.line("# Self-attention in ten minutes\n");
  page.paragraph(
      "One sentence goes through a language model, step by step: what each step is for, its "
      "formula, the line of heed that computes it, the numbers, a picture. The model is "
      "stories260K of llama2.c: 260,000 weights, 5 layers of 8 heads, trained to tell children's "
      "stories. It is a thousand times smaller than SmolLM2-135M, which answers questions, and "
      "made of the same parts.");
  page.paragraph(
      "This page is written by [examples/tour.cpp](../examples/tour.cpp), which runs the very "
      "lines that are shown; a test compares the two. `sh examples/run tour --help` says how to do "
      "it yourself. In the pictures a full square is a positive number, a hollow one negative; the "
      "larger, the further from zero.");
}

inline void traveller::split() {
  page.title("1. Tokens");
  page.paragraph(
      "A model reads no letters and no words, but tokens: pieces of text from a list, here of 512. "
      "Frequent words are one token; others are spelled with several. The first token stands for "
      "the beginning.");
  TOUR_RUN(ids = text.encode(sentence));
  heed::token_stream stream = text.stream();
  for (const index id : ids) {
    std::string piece = stream.push(id);
    names.push_back(piece.empty() ? "<s>" : piece.substr(piece.starts_with(' ') ? 1 : 0));
  }
  std::string words, numbers;
  for (index i = 0; i < tokens(); ++i) {
    words += (i > 0 ? " · " : "") + name(i);
    numbers += (i > 0 ? " " : "") + std::to_string(ids[static_cast<std::size_t>(i)]);
  }
  page.line("    " + words + "\n    " + numbers + '\n');
  page.paragraph("What comes behind `his`? That is what the model is going to say.");
}

inline void traveller::embed() {
  page.title("2. Embedding: a token becomes a vector");
  page.paragraph(
      "The model has learned a vector of 64 numbers for each token: a row of its table E. Nothing "
      "in a row says what its numbers mean; tokens that are used alike have rows that point "
      "alike.");
  page.formula("x = E[token]                          (16 tokens, 64)");
  TOUR_RUN(x = model.decoder.words(ids));
  numbered("token", 8);
  for (const char* which : {"Tim", "He", "his", "ball"}) {
    const std::string shown = std::string(which) == "ball" ? "b" : which;
    row('`' + shown + '`', x, place(shown), 0, 8);
  }
  page.line();
  const auto alike = [&](index a, index b) {
    const matrix<float> normed = x.rowwise().normalized();
    return fixed(static_cast<double>(normed.row(a).dot(normed.row(b))));
  };
  page.paragraph("The cosine of two vectors says how alike they point: He and his " +
                 alike(place("He"), place("his")) + ", He and Tim " +
                 alike(place("He"), place("Tim")) + ", with and to " +
                 alike(place("with"), place("to")) + ", He and red's first piece " +
                 alike(place("He"), place("r")) + ".");
  tour::picture strip(64 + 64 * 10 + 8, 16 * 14 + 12);
  strip.row_names(names, 64, 4, 14);
  for (index i = 0; i < tokens(); ++i)
    strip.squares(x.row(i), 64, 6 + 14 * static_cast<int>(i), 10,
                  static_cast<double>(x.cwiseAbs().maxCoeff()));
  page.show("embedding", "The vectors of the 16 tokens, a row each", strip);
}

}  // namespace tour
