// SPDX-License-Identifier: MIT
// The RotaryEmbedding cases of ONNX, said with heed::rotary_embedding.
//
// The cases' caches are random numbers, not the cosines and sines of anything, so no frequencies
// give them. But each pair (c, s) is a turn by atan2(s, c) and a length, and turning is linear:
// every pair of columns alone is turned at the place where its own frequency gives that angle, and
// the parts are added. Which columns form a pair is ONNX's rule, written here once more; where heed
// had another, a part would end up in other columns.
#include <heed/position/rotary.hpp>

#include "attention_item.hpp"

namespace conformance {
namespace {

constexpr std::span<const listed_case> listed{};  // heed's public face expresses every case

enum inputs { x, cos_cache, sin_cache, position_ids };

std::string check(const onnx_case& c) {
  const tensor& tokens = c.input(x);
  const index heads =
      tokens.rank() == 4 ? tokens.extent(1) : static_cast<index>(c.number("num_heads", 0));
  const index count = tokens.extent(-2);
  const index width = tokens.rank() == 4 ? tokens.extent(3) : tokens.extent(2) / heads;
  const auto rotary_width = static_cast<index>(c.number("rotary_embedding_dim", 0));
  const bool interleaved = c.number("interleaved", 0) > 0;
  const heed::rotary_embedding<float> rope({.width = width,
                                            .rotary_width = rotary_width,
                                            .pairing = interleaved
                                                           ? heed::rotary_pairing::interleaved
                                                           : heed::rotary_pairing::half_split});

  const index turned = rotary_width == 0 ? width : rotary_width, pairs = turned / 2;
  std::string problem;
  for (index item = 0; item < tokens.extent(0); ++item) {
    // A row of the caches is that of the token's position or, without positions, of the token.
    const auto row_of = [&](index token) {
      const index row = item * count + token;
      return c.find_input(position_ids)
                 ? static_cast<index>(c.input(position_ids).data<std::int64_t>()[row])
                 : row;
    };
    const token_rows<float> given(tokens, item);
    heed::matrix<float> result = given.rows();
    for (index h = 0; h < heads; ++h) result.middleCols(h * width, turned).setZero();
    rope(result, 1);  // columns beyond the rotary width stay as they are at any place

    for (index pair = 0; pair < pairs; ++pair) {
      const index first = interleaved ? 2 * pair : pair;
      const index second = interleaved ? first + 1 : first + pairs;
      heed::matrix<float> part = heed::matrix<float>::Zero(count, heads * width);
      for (index h = 0; h < heads; ++h)
        for (const index column : {h * width + first, h * width + second})
          part.col(column) = given.rows().col(column);

      Eigen::VectorXd places(count);
      Eigen::VectorXf lengths(count);
      for (index token = 0; token < count; ++token) {
        const double cosine = c.input(cos_cache).rows<float>()(row_of(token), pair);
        const double sine = c.input(sin_cache).rows<float>()(row_of(token), pair);
        places[token] = std::atan2(sine, cosine) / rope.frequency(pair);
        lengths[token] = static_cast<float>(std::hypot(cosine, sine));
      }
      rope(part, places);
      result += lengths.asDiagonal() * part;
    }

    // Two products of a number and one no larger than 1.5, and their difference, on either side;
    // here the turn's cosine and the length were rounded too: at most 8 roundings in all.
    const double bound = 8 * unit_roundoff<float> * 2 * 1.5 *
                         static_cast<double>(given.rows().cwiseAbs().maxCoeff());
    problem += difference("heed::rotary_embedding", result,
                          token_rows<float>(c.output(0), item).rows(), bound);
  }
  return problem;
}

TEST(OnnxRotaryEmbedding, EveryCase) { run_every_case("RotaryEmbedding", listed, check); }

}  // namespace
}  // namespace conformance
