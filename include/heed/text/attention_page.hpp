// SPDX-License-Identifier: MIT
// Attention page: one self-contained HTML file that shows the attention probabilities of every head
// of a model.
//
//   heed::attention_page page(text, ids, {.title = "Once upon a time", .model = "SmolLM2-135M"});
//   (void)model.decoder.hidden(ids, heed::observe_weights(page));
//   page.write("attention.html");
#pragma once

#include <heed/io/new_file.hpp>                      // new_file
#include <heed/model/head_pattern.hpp>               // pattern_of
#include <heed/text/attention_page/body.hpp>         // page_body
#include <heed/text/attention_page/script.hpp>       // page_script
#include <heed/text/attention_page/sparse_rows.hpp>  // sparse_rows, base64
#include <heed/text/attention_page/style.hpp>        // page_style
#include <heed/text/tokenizer_class.hpp>             // tokenizer
#include <heed/text/utf8.hpp>                        // repaired

#include <array>       // array
#include <cctype>      // ispunct
#include <cstdio>      // snprintf
#include <filesystem>  // path
#include <span>        // span, as_bytes
#include <stdexcept>   // length_error
#include <string>      // string
#include <utility>     // move
#include <vector>      // vector

namespace heed {
inline namespace HEED_ABI {

struct attention_page_options {
  std::string title = "Attention";
  std::string model = {};  // the name of the model, shown below the title
  // The largest size of the file in bytes; keys with the smallest weights are left out to keep it.
  std::size_t most_bytes = 4900000;
};

// An observer for observe_weights(page), for a call with one sequence of tokens and no cache.
// Memory: at most 64 keys a row. Throws shape_error if weights have another number of tokens.
class attention_page {
 public:
  using options = attention_page_options;

  // `texts`: the text of each token; `tokens`: ids and kinds of tokens for head_pattern. Throws std::length_error
  // for more than 4096 tokens, and shape_error if there are not as many texts as ids.
  attention_page(std::vector<std::string> texts, pattern_tokens tokens, options given = {})
      : texts_(std::move(texts)), tokens_(std::move(tokens)), options_(std::move(given)) {
    detail::require<std::length_error>(texts_.size() <= 4096, name, ": there are ", texts_.size(),
                                       " tokens, but a page shows 4096 at most");
    detail::require(texts_.size() == tokens_.ids.size(), name, ": there are ", texts_.size(),
                    " texts, but ", tokens_.ids.size(), " ids");
  }

  attention_page(const tokenizer& text, const std::vector<index>& ids, options given = {})
      : attention_page(texts_of(text, ids), tokens_of(text, ids), std::move(given)) {}

  // Adds the next layer: w (heads * tokens, tokens). Layers must come in order, from 0 on. Throws shape_error
  // otherwise and for other sizes.
  template <class Weights>
  void operator()(index layer, const Weights& w) {
    const auto n = static_cast<index>(texts_.size());
    detail::require(n > 0 && w.cols() == n && w.rows() > 0 && w.rows() % n == 0 &&
                        layer == static_cast<index>(layers_.size()),
                    name, ": layer ", layer, " has weights of ", w.rows(), "x", w.cols(),
                    ", but the page has ", n, " tokens and awaits layer ", layers_.size());
    std::vector<head> heads;
    for (index first = 0; first < w.rows(); first += n) {
      const auto rows = w.middleRows(first, n);
      heads.push_back({pattern_of(rows, tokens_), detail::sparse_rows(rows)});
    }
    layers_.push_back(std::move(heads));
  }

  // The whole file.
  [[nodiscard]] std::string html() const {
    const std::string start = document_start(), end = document_end();
    std::string data;
    for (const index keys : {64, 48, 32, 24, 20, 16, 14, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}) {
      data = weights_of(keys);
      if (start.size() + data.size() + end.size() <= options_.most_bytes) break;
    }
    return start + data + end;
  }

  // Writes the file, wholly or not at all. Throws file_error if it cannot be written.
  void write(const std::filesystem::path& path) const {
    const std::string text = html();
    detail::new_file file(path);
    file.write(std::as_bytes(std::span(text)));
    file.commit();
  }

 private:
  static constexpr const char* name = "heed::attention_page";

  struct head {
    head_pattern pattern;
    detail::sparse_rows rows;
  };

  // The text that each token adds; for a token that adds none, the token as the vocabulary writes it.
  static std::vector<std::string> texts_of(const tokenizer& text, const std::vector<index>& ids) {
    std::vector<std::string> texts;
    token_stream stream = text.stream();
    for (const index id : ids) {
      std::string piece = stream.push(id);
      texts.push_back(piece.empty() ? text.token(id).value_or("") : std::move(piece));
    }
    return texts;
  }

  static pattern_tokens tokens_of(const tokenizer& text, const std::vector<index>& ids) {
    pattern_tokens tokens{ids};
    for (const index id : ids) {
      bool mark = false, word = false;
      for (const char c : text.decode({id})) {
        const auto byte = static_cast<unsigned char>(c);
        mark = mark || std::ispunct(byte) != 0 || c == '\n';
        word = word || std::isalnum(byte) != 0 || byte >= 0x80;
      }
      tokens.special.push_back(text.is_special(id));
      tokens.marks.push_back(mark && !word);
    }
    return tokens;
  }

  // A JSON string that is safe inside a script element.
  static std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : detail::text::repaired(text)) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x20 || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&') {
        std::array<char, 8> code{};
        std::snprintf(code.data(), code.size(), "\\u%04x", unsigned{byte});
        out += code.data();
      } else {
        out += c;
      }
    }
    return out + '"';
  }

  static std::string number(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.0f", value * 1e4);
    return text.data();
  }

  // The layers' heads: [kind, share, queries, rest, interest], shares in parts of 10,000.
  [[nodiscard]] std::string patterns() const {
    std::string out = "[";
    for (const auto& heads : layers_) {
      out += out.size() > 1 ? ",\n[" : "[";
      for (const head& h : heads) {
        if (&h != &heads.front()) out += ',';
        const head_pattern& p = h.pattern;
        out += '[' + std::to_string(static_cast<int>(p.kind)) + ',' + number(p.share) + ',' +
               std::to_string(p.queries) + ',' + number(p.rest) + ',' + number(p.interest) + ']';
      }
      out += ']';
    }
    return out + ']';
  }

  [[nodiscard]] std::string document_start() const {
    std::string out = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
    out += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
    out += "<title>Attention</title>\n<style>";
    out += detail::page_style;
    out += "</style>\n</head>\n<body>";
    out += detail::page_body;
    out +=
        "<script type=\"application/json\" id=\"about\">\n{\"title\": " + quoted(options_.title) +
        ",\n\"model\": " + quoted(options_.model) + ",\n\"tokens\": [";
    for (std::size_t i = 0; i < texts_.size(); ++i) out += (i > 0 ? "," : "") + quoted(texts_[i]);
    out += "],\n\"special\": [";
    for (std::size_t i = 0; i < tokens_.special.size(); ++i)
      if (tokens_.special[i]) out += (out.back() == '[' ? "" : ",") + std::to_string(i);
    out += "],\n\"heads\": " + patterns() + "}\n</script>\n";
    return out;
  }

  // A script element for each layer, with a line for each head.
  [[nodiscard]] std::string weights_of(index keys) const {
    std::string out;
    for (std::size_t layer = 0; layer < layers_.size(); ++layer) {
      out += "<script type=\"text/plain\" id=\"layer-" + std::to_string(layer) + "\">\n";
      for (const head& h : layers_[layer]) out += detail::base64(h.rows.bytes(keys)) + '\n';
      out += "</script>\n";
    }
    return out;
  }

  [[nodiscard]] static std::string document_end() {
    return "<script>" + std::string(detail::page_script) + "</script>\n</body>\n</html>\n";
  }

  std::vector<std::string> texts_;
  pattern_tokens tokens_;
  options options_;
  std::vector<std::vector<head>> layers_;
};

}  // namespace HEED_ABI
}  // namespace heed
