// SPDX-License-Identifier: MIT
// page_make FOLDER: the pages that tests/page/check.py opens, and what heed::weights says they must show.
//
//   small.html, small.json   two layers of four heads over 40 tokens, and all of their weights
//   large.html               30 layers of 9 heads over 512 tokens
#include <heed/model/decoder.hpp>
#include <heed/text/attention_page.hpp>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

namespace {

const std::vector<std::string> words{"The", " cat", " sat", " on", " the", " mat", ".",
                                     " A",  " dog", "<b>",  "\n",  " 猫",  "é"};

struct text {
  std::vector<heed::index> ids;
  std::vector<std::string> pieces;

  explicit text(heed::index count) {
    for (heed::index i = 0; i < count; ++i) {
      ids.push_back(i * i % 13);
      pieces.push_back(words[static_cast<std::size_t>(ids.back())]);
    }
  }
};

// Queries and keys that are larger than those a decoder begins with, so that heads differ.
heed::decoder<float> sharpened(heed::decoder<float> model) {
  for (auto& block : model.blocks) block.attention.query.weight *= 8;
  return model;
}

void write_small(const std::string& folder) {
  const text t(40);
  const auto model = sharpened(heed::decoder<float>(
      {.vocabulary = 13, .model = 16, .layers = 2, .heads = 4, .kv_heads = 2, .seed = 5}));
  heed::attention_page page(t.pieces, {t.ids}, {.title = "A <small> page", .model = "by hand"});
  std::ofstream truth(folder + "/small.json");
  truth << "[";
  (void)model.hidden(t.ids, heed::observe_weights([&](heed::index layer, const auto& w) {
                       page(layer, w);
                       truth << (layer > 0 ? "," : "") << "[";
                       for (heed::index i = 0; i < w.rows(); ++i) {
                         truth << (i > 0 ? ",[" : "[");
                         for (heed::index j = 0; j < w.cols(); ++j)
                           truth << (j > 0 ? "," : "") << w(i, j);
                         truth << "]";
                       }
                       truth << "]";
                     }));
  truth << "]";
  page.write(folder + "/small.html");
}

void write_large(const std::string& folder) {
  const text t(512);
  const auto model = sharpened(heed::decoder<float>(
      {.vocabulary = 13, .model = 72, .layers = 30, .heads = 9, .hidden = 8, .seed = 5}));
  heed::attention_page page(t.pieces, {t.ids}, {.title = "A large page"});
  (void)model.hidden(t.ids, heed::observe_weights(page));
  page.write(folder + "/large.html");
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return std::fputs("page_make FOLDER\n", stderr), 2;
  write_small(arguments[1]);
  write_large(arguments[1]);
}
