// SPDX-License-Identifier: MIT
// Layer 1: head h, counted from 1, finds the token h places to the left and copies its code.
//
// The code of a place has a pair (sin, cos) for each frequency. The code of the place h to the left is
// the same code with every pair rotated by h times its frequency: a linear map that is the same for
// all places. So a query is the code of its own place, rotated back by h; a key is the code of its
// place; and their product is largest where both are equal.
#pragma once

#include <heed/attention.hpp>             // attention, causal, window, scale, sink
#include <heed/layer/qkv_projection.hpp>  // qkv_projection, linear
#include <heed/position/sinusoidal.hpp>   // sinusoidal

#include <cmath>   // cos, sin
#include <vector>  // vector

namespace complete {

using heed::index;

class neighbour_heads {
 public:
  static constexpr index count = 8;
  static constexpr index place_width = 64;
  static constexpr index reach = 63;  // the window, in tokens to the left: the cost is linear

  // x is (tokens, token_width + place_width): the code of a token, then the code of its place.
  explicit neighbour_heads(index token_width)
      : places({.model = place_width}), project(sizes(token_width + place_width)) {
    project.value = heed::linear<float>(
        {.inputs = token_width + place_width, .outputs = token_width, .bias = false});
    project.value.weight.setIdentity();  // the code of the token
    project.key.weight.setZero();
    project.key.weight.bottomRows(place_width).setIdentity();  // the code of its place
    project.query.weight.setZero();
    for (index h = 0; h < count; ++h)
      turn_back(project.query.weight.block(token_width, h * place_width, place_width, place_width),
                static_cast<double>(h + 1));
    sinks.assign(count, sharpness * (agreement(0) + agreement(1)) / 2);
  }

  // q is (queries, 8 * 64); the eight heads share k, (keys, 64), and v, (keys, token width). The
  // result is (queries, 8 * token width). If there is no such neighbour, the sink takes the weight,
  // and the head's result is 0.
  template <class Q, class K, class V, class Out, class... Modifiers>
  void attend(const Q& q, const K& k, const V& v, Out&& out, const Modifiers&... modifiers) const {
    heed::attention(q, k, v, out, heed::heads{.query = count, .kv = 1},
                    heed::causal && heed::window{.left = reach}, heed::scale(sharpness),
                    heed::sink(sinks), modifiers...);
  }

  heed::sinusoidal<float> places;
  heed::qkv_projection<float> project;

  // The score of the second-best place is lower by about 1.05 times this: its weight is below 1e-18.
  static constexpr double sharpness = 40;
  std::vector<double> sinks;  // half-way between the score of the right place and the second best

 private:
  static heed::head_sizes sizes(index model) {
    return {.model = model, .heads = count, .kv_heads = 1, .width = place_width, .bias = false};
  }

  template <class Block>
  void turn_back(Block&& weight, double steps) const {
    for (index pair = 0; pair < place_width / 2; ++pair) {
      const double angle = steps * places.frequency(pair);
      const auto cosine = static_cast<float>(std::cos(angle));
      const auto sine = static_cast<float>(std::sin(angle));
      weight.template block<2, 2>(2 * pair, 2 * pair) << cosine, sine, -sine, cosine;
    }
  }

  // The product of the codes of two places at this distance.
  double agreement(double distance) const {
    double sum = 0;
    for (index pair = 0; pair < place_width / 2; ++pair)
      sum += std::cos(distance * places.frequency(pair));
    return sum;
  }
};

}  // namespace complete
