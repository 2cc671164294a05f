// SPDX-License-Identifier: MIT
// A small encoder-decoder, and pairs for it, for tests of learning.
#pragma once

#include "support/learning.hpp"

#include <heed/model/backward/encoder_decoder_parameters.hpp>

#include <utility>

namespace support {

// An encoder as BERT's and a decoder as GPT-2's (norms before), every weight about 0.6, those of norms about 2.
template <class Scalar>
heed::encoder_decoder<Scalar> small_translator(heed::index layers = 2) {
  heed::encoder_decoder<Scalar> m;
  m.encoder = heed::encoder<Scalar>(
      {.vocabulary = 5, .positions = 5, .model = 6, .layers = 1, .heads = 2, .hidden = 8});
  m.decoder = small_decoder<Scalar>(5, layers);
  for (heed::transformer_block<Scalar>& block : m.decoder.blocks) {
    m.cross_blocks.push_back(block);
    m.cross_blocks.back().attention.rules.causal = false;
    block.feed = heed::feed_forward<Scalar>();
    block.feed_norm = {};
  }
  const auto weights = heed::parameters_of(m);
  fill_parameters(weights);
  for (const auto& p : weights)
    for (heed::index i = 0; i < p.size() && p.name.find("norm") != p.name.npos; ++i) p.data[i] *= 3;
  return m;
}

// Sources of 3 tokens, of none and of 4; targets of 2, of 1 and of 4.
inline heed::token_sequences three_sources() {
  heed::token_sequences s;
  s.append({1, 4, 2});
  s.append({});
  s.append({0, 3, 3, 1});
  return s;
}
inline const std::vector<heed::index> target_ids = {0, 2, 0, 0, 4, 1, 1};
inline const std::vector<heed::index> target_starts = {0, 2, 3, 7};

// The hidden vectors of each target, with a cache of its source, as a program that writes has them.
template <class Scalar>
heed::matrix<Scalar> hidden_one_by_one(const heed::encoder_decoder<Scalar>& m) {
  const heed::token_sequences sources = three_sources();
  heed::matrix<Scalar> all(target_starts.back(), m.decoder.model());
  for (std::size_t i = 0; i + 1 < target_starts.size(); ++i) {
    const auto part = [&](const std::vector<heed::index>& of, heed::index from, heed::index to) {
      return std::vector<heed::index>(of.begin() + from, of.begin() + to);
    };
    const heed::index first = target_starts[i], end = target_starts[i + 1];
    auto cache = m.cache(
        m.encoder.hidden(part(sources.ids, sources.starts[i], sources.starts[i + 1])), end - first);
    all.middleRows(first, end - first) = m.hidden(part(target_ids, first, end), cache);
  }
  return all;
}

}  // namespace support
