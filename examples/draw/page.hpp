// SPDX-License-Identifier: MIT
// An HTML page of the attention weights of a drawing: on which words and earlier patches each patch has weight.
//
//   const std::string html = page_of(gpt, made, "a red circle above a blue square", {});
#pragma once

#include "model.hpp"
#include "page_parts.hpp"

#include <heed/text/attention_page/sparse_rows.hpp>

#include <nlohmann/json.hpp>

#include <cmath>

class drawing_page {
 public:
  // Adds the next layer; called by heed::observe_weights. w: (heads * tokens, tokens).
  template <class Weights>
  void operator()(heed::index, const Weights& w) {
    const heed::index tokens_seen = w.cols(), heads = w.rows() / tokens_seen;
    std::string bytes;
    for (heed::index patch = 0; patch < tokens::patches; ++patch) {
      const heed::index query = tokens::caption - 1 + patch;  // the token that predicts it
      for (heed::index key = 0; key <= query; ++key) {
        float sum = 0;
        for (heed::index head = 0; head < heads; ++head) sum += w(head * tokens_seen + query, key);
        bytes += static_cast<char>(std::lround(255 * sum / static_cast<float>(heads)));
      }
    }
    layers_.push_back(std::move(bytes));
  }

  // The whole file; `caption` must have only known words, since it is not escaped.
  [[nodiscard]] std::string html(const drawing& made, const std::string& caption) const {
    std::string out =
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
        caption + "</title>\n<style>";
    out += page_parts::style;
    out += "</style>\n</head>\n<body>";
    out += page_parts::body;
    out += "<script type=\"application/json\" id=\"about\">" + facts(made, caption).dump() +
           "</script>\n<script>";
    out += page_parts::script;
    return out + "</script>\n</body>\n</html>\n";
  }

 private:
  // The data of the script: words, colours, the four pixels of each patch, names and weights of layers.
  [[nodiscard]] nlohmann::json facts(const drawing& made, const std::string& caption) const {
    nlohmann::json words, colours, patches, names, layers;
    for (std::size_t i = 0; i < static_cast<std::size_t>(tokens::caption); ++i)
      words.push_back(tokens::words[static_cast<std::size_t>(made.ids[i] - tokens::first_word)]);
    for (const rgb& one : pixel_colours)
      colours.push_back("rgb(" + std::to_string(one.red) + ' ' + std::to_string(one.green) + ' ' +
                        std::to_string(one.blue) + ')');
    for (int y = 0; y < picture::side; y += 2)
      for (int x = 0; x < picture::side; x += 2)
        patches.push_back({made.shown.at(x, y), made.shown.at(x + 1, y), made.shown.at(x, y + 1),
                           made.shown.at(x + 1, y + 1)});
    for (const layer_pattern& one : layer_patterns) names.push_back(one.name);
    for (const std::string& bytes : layers_) layers.push_back(heed::detail::base64(bytes));
    return {{"title", caption},   {"words", words}, {"colours", colours},
            {"patches", patches}, {"names", names}, {"layers", layers}};
  }

  // For each layer, the weights as bytes: those of patch 0, of patch 1, ...
  std::vector<std::string> layers_;
};

// `title` is a caption made of known words.
inline std::string page_of(const heed::decoder<float>& gpt, const drawing& made,
                           const std::string& caption, const heed::executor& on) {
  drawing_page page;
  const std::vector<heed::index> ids(made.ids.begin(), made.ids.end() - 1);
  (void)gpt.hidden(ids, heed::observe_weights(page), heed::on(on));
  return page.html(made, caption);
}
