// SPDX-License-Identifier: MIT
// Continues a text: reads its tokens into the model and appends predicted tokens.
//
//   complete::continuation c("Ada met Bob. Bob met Ada. Ada met", 2);
//   c.read();
//   c.grow();
//   c.added();  // " Bob"
#pragma once

#include "model.hpp"       // model, prediction
#include "tokens.hpp"      // cut
#include "vocabulary.hpp"  // vocabulary

#include <string>       // string
#include <string_view>  // string_view
#include <vector>       // vector

namespace complete {

// Refers to the text. Only the last `context` tokens of a text are read, so that memory is bounded:
// about 5 KB for each token of the context.
class continuation {
 public:
  static constexpr std::size_t context = 32768;

  continuation(std::string_view text, index wanted)
      : tokens_(cut(text)),
        dropped_(tokens_.size() > context ? tokens_.size() - context : 0),
        words_({tokens_.begin() + static_cast<std::ptrdiff_t>(dropped_), tokens_.end()}),
        ids_(words_.ids()),
        given_(static_cast<index>(ids_.size())),
        wanted_(wanted),
        model_(words_.size(), given_ + wanted) {}

  // Reads the text; calls report(tokens read, all tokens) after each portion.
  template <class Report>
  void read(Report&& report) {
    constexpr std::size_t portion = 512;
    for (std::span<const index> rest(ids_); !rest.empty();) {
      const auto now = rest.first(std::min(portion, rest.size()));
      model_.read(now);
      rest = rest.subspan(now.size());
      report(model_.size(), given_);
    }
  }
  void read() {
    read([](index, index) {});
  }

  // Appends the number of tokens wanted, or fewer if nothing in the text resembles its end; calls
  // report(tokens added, tokens wanted) after each.
  template <class Report>
  void grow(Report&& report) {
    for (index i = 0; i < wanted_; ++i) {
      const prediction next = model_.next();
      if (next.alike == 0) return;
      ids_.push_back(next.id);
      model_.read({&ids_.back(), 1});
      report(i + 1, wanted_);
    }
  }
  void grow() {
    grow([](index, index) {});
  }

  std::string added() const {
    std::string text;
    for (index i = given_; i < size(); ++i) text += token(i);
    return text;
  }

  index given() const { return given_; }  // tokens of the text that are read
  index size() const { return static_cast<index>(ids_.size()); }
  std::size_t dropped() const { return dropped_; }  // tokens before those
  bool complete() const { return size() == given_ + wanted_; }
  index id(index place) const { return ids_[static_cast<std::size_t>(place)]; }
  std::string_view token(index place) const { return words_.token(id(place)); }
  const vocabulary& words() const { return words_; }
  const model& attention() const { return model_; }

 private:
  std::vector<std::string_view> tokens_;  // of the whole text
  std::size_t dropped_;
  vocabulary words_;
  std::vector<index> ids_;
  index given_;
  index wanted_;
  model model_;
};

}  // namespace complete
