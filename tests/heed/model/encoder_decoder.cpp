// SPDX-License-Identifier: MIT
// An encoder-decoder against the same computed from its parts.
#include "support/refusal.hpp"

#include <heed/heed.hpp>
#include <heed/model/encoder_decoder.hpp>

#include <gtest/gtest.h>

namespace {

using heed::index;
using heed::matrix;
using ids = std::vector<index>;

heed::encoder_decoder<double> made() {
  heed::encoder_decoder<double> model;
  model.encoder = heed::encoder<double>(
      {.vocabulary = 30, .positions = 9, .model = 16, .layers = 1, .heads = 2});
  model.decoder = heed::decoder<double>(
      {.vocabulary = 20, .positions = 12, .model = 16, .layers = 2, .heads = 2});
  for (auto& block : model.decoder.blocks) {
    heed::transformer_block<double> cross;
    cross.attention = heed::attention_layer<double>(
        {.model = 16, .heads = 4, .kv_heads = 2, .seed = 5 + model.cross_blocks.size()});
    cross.attention.rules.causal = false;
    cross.attention_norm = heed::layer_norm<double>({.model = 16});
    cross.feed = block.feed;
    cross.feed_norm = block.feed_norm;
    block.feed = heed::feed_forward<double>();
    block.feed_norm = {};
    model.cross_blocks.push_back(std::move(cross));
  }
  return model;
}

TEST(encoder_decoder, is_the_formula_of_the_paper) {
  const heed::encoder_decoder<double> model = made();
  const matrix<double> memory = model.encoder.hidden(ids{4, 8, 15, 16, 23});
  const ids written{1, 7, 19};
  matrix<double> x = model.decoder.embed(written, 0), normed = x;
  for (std::size_t i = 0; i < 2; ++i) {
    const auto &own = model.decoder.blocks[i], &cross = model.cross_blocks[i];
    const auto attend = [&](const auto& a, const matrix<double>& m, heed::heads heads,
                            const auto&... rules) {
      const matrix<double> q = a.query(normed), k = a.key(m), v = a.value(m);
      x += a.output(matrix<double>(heed::reference::attention(q, k, v, heads, rules...)));
    };
    heed::normalise(own.attention_norm, x, normed);
    attend(own.attention, normed, heed::heads{2}, heed::causal);
    heed::normalise(cross.attention_norm, x, normed);
    attend(cross.attention, memory, heed::heads{4, 2});
    heed::normalise(cross.feed_norm, x, normed);
    x += std::get<heed::feed_forward<double>>(cross.feed)(normed);
  }
  heed::normalise(model.decoder.final_norm, x, x);
  auto cache = model.cache(memory, 8);
  EXPECT_LE((model.hidden(written, cache) - x).cwiseAbs().maxCoeff(), 1e-12);
  cache.clear();
  const matrix<double> logits = model(written, cache);
  EXPECT_EQ(logits.cols(), 20);
  cache.truncate(1);
  EXPECT_EQ(cache.position(), 1);
  EXPECT_EQ(model.next(ids{7, 19}, cache), logits.bottomRows(1));
}

TEST(encoder_decoder, refuses_a_cache_of_another_model) {
  const heed::encoder_decoder<double> model = made();
  auto cache = model.cache(matrix<double>::Zero(3, 16), 4);
  cache.read.pop_back();
  EXPECT_EQ(support::refusal<heed::shape_error>([&] { (void)model.next(ids{1}, cache); }),
            "heed::encoder_decoder: the decoder has 2 blocks, but there are 2 blocks of "
            "cross-attention, and the cache has 1; make it by encoder_decoder.cache(hidden, "
            "capacity)");
}

}  // namespace
