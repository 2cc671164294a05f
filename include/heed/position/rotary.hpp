// SPDX-License-Identifier: MIT
// Rotary positions: pairs of columns of q and k are rotated by an angle that grows with the
// position, so that a score depends on the distance between query and key.
//
//   heed::rotary_embedding<float> rope({.width = 64});
//   rope(q, 0);  // q: (queries, heads * 64), its first row at position 0
//   rope(k, 0);
//
// Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding", 2021.
#pragma once

#include <heed/core/check.hpp>               // require
#include <heed/core/number_span.hpp>         // number_span
#include <heed/core/scratch.hpp>             // scratch
#include <heed/position/rotary_scaling.hpp>  // rotary_frequencies
#include <heed/storage/view.hpp>             // view

#include <algorithm>  // all_of
#include <optional>   // optional
#include <vector>     // vector

namespace heed {
inline namespace HEED_ABI {

// Which columns of a head form pair i of a rotary width r.
enum class rotary_pairing {
  half_split,   // i and i + r / 2: GPT-NeoX, Hugging Face's LLaMA, ONNX's default
  interleaved,  // 2 i and 2 i + 1: the paper, GPT-J, LLaMA as published
};

namespace detail {

// Columns of pair i.
struct rotary_pair {
  index first;
  index second;
};
constexpr rotary_pair columns_of_pair(rotary_pairing pairing, index i, index rotary_width) {
  if (pairing == rotary_pairing::interleaved) return {2 * i, 2 * i + 1};
  return {i, i + rotary_width / 2};
}

}  // namespace detail

template <class Scalar>
class rotary_embedding {
 public:
  struct sizes {
    index width;             // columns of a head
    index rotary_width = 0;  // the first columns of each head, which are rotated; 0: all
    double theta = 10000;
    rotary_pairing pairing = rotary_pairing::half_split;
    rotary_scaling scaling = no_scaling{};
  };

  explicit rotary_embedding(const sizes& s)
      : width_(s.width),
        rotary_width_(s.rotary_width == 0 ? s.width : s.rotary_width),
        pairing_(s.pairing) {
    detail::require_given("heed::rotary_embedding", "width", width_, "the columns of one head");
    detail::require(
        width_ > 0 && rotary_width_ > 0 && rotary_width_ <= width_ && rotary_width_ % 2 == 0,
        "heed::rotary_embedding: width is ", width_, ", rotary width is ", rotary_width_,
        "; the second must be even, positive and no larger than the first");
    detail::require(s.theta > 0, "heed::rotary_embedding: theta is ", s.theta,
                    ", but it must be positive");
    std::visit(
        [this](const auto& scaling) {
          if constexpr (requires { scaling.factor; })
            detail::require(scaling.factor > 0, "heed::rotary_embedding: the scaling's factor is ",
                            scaling.factor, ", but it must be positive");
          if constexpr (requires { scaling.original_positions; }) {
            detail::require_given("heed::rotary_embedding", "original_positions of the scaling",
                                  scaling.original_positions,
                                  "the number of positions that the model was trained with");
            detail::require(scaling.original_positions > 0,
                            "heed::rotary_embedding: the scaling's original_positions is ",
                            scaling.original_positions, ", but it must be positive");
          }
          if constexpr (requires { scaling.long_factors; }) check(scaling, rotary_width_ / 2);
          if constexpr (requires { scaling.high_frequency_factor; })
            detail::require(scaling.high_frequency_factor > scaling.low_frequency_factor,
                            "heed::rotary_embedding: the scaling's high_frequency_factor is ",
                            scaling.high_frequency_factor,
                            ", but it must be larger than low_frequency_factor, ",
                            scaling.low_frequency_factor);
        },
        s.scaling);
    theta_ = s.theta;
    scaling_ = s.scaling;
    frequencies_.resize(static_cast<std::size_t>(rotary_width_ / 2));
    set_length(0);
  }

  // The embedding for sequences of `tokens` tokens, if the scaling depends on the length of a
  // sequence (dynamic NTK, LongRoPE); a new embedding is that of short sequences.
  [[nodiscard]] rotary_embedding for_length(index tokens) const {
    rotary_embedding longer = *this;
    if (depends_on_length()) longer.set_length(tokens);
    return longer;
  }
  [[nodiscard]] bool depends_on_length() const { return detail::depends_on_length(scaling_); }

  // Rotates x, (tokens, heads * width), in place; row i has position first_position + i. Angles are
  // computed in double. Throws shape_error if the columns are no whole number of heads.
  template <class X>
  void operator()(X&& x, index first_position) const {
    rotate(x, 1, own(), [&](index row) { return static_cast<double>(first_position + row); });
  }

  // The same as for_length(tokens)(x, first_position), without an allocation: frequencies are
  // computed in memory of `room`.
  template <class X>
  void operator()(X&& x, index first_position, index tokens, scratch& room) const {
    if (!depends_on_length()) return (*this)(x, first_position);
    scratch::frame frame(room);
    double* const frequencies = frame.take<double>(rotary_width_ / 2);
    const double length =
        detail::rotary_frequencies(rotary_width_, theta_, scaling_, tokens, frequencies);
    rotate(x, 1, {frequencies, length},
           [&](index row) { return static_cast<double>(first_position + row); });
  }

  // The same where row i has position positions[i]: any range or Eigen vector of numbers.
  template <class X, class Positions>
  requires(!std::is_integral_v<Positions>) void operator()(X&& x,
                                                           const Positions& positions) const {
    constexpr bool good = detail::numbers_for<Positions, double>;
    static_assert(good,
                  "heed::rotary_embedding: give the position of the first row, or a vector of "
                  "positions, one a row, stored, not an Eigen expression");
    if constexpr (good) {
      const detail::number_span<double> places(positions, "heed::rotary_embedding");
      rotate(
          x, 1, own(), [&](index row) { return places[row]; }, places.size());
    }
  }

  // The inverse of operator(): rotates back and, under YaRN, divides by the factor that operator()
  // multiplies by.
  template <class X>
  void inverse(X&& x, index first_position) const {
    rotate(x, -1, own(), [&](index row) { return static_cast<double>(first_position + row); });
  }

  // The gradient of (*this)(x, first_position, tokens, room): rotates back, and multiplies by the
  // factor that operator() multiplies by.
  template <class D>
  void backward(D&& d, index first_position, index tokens, scratch& room) const {
    scratch::frame frame(room);
    double* const frequencies = frame.take<double>(rotary_width_ / 2);
    const double length = detail::rotary_frequencies(rotary_width_, theta_, scaling_,
                                                     depends_on_length() ? tokens : 0, frequencies);
    rotate(d, -1, {frequencies, 1 / length},
           [&](index row) { return static_cast<double>(first_position + row); });
  }

  // Radians a position of pair i.
  [[nodiscard]] double frequency(index i) const {
    return frequencies_[static_cast<std::size_t>(i)];
  }

 private:
  // Radians a position of each pair, and the length that a rotated pair is multiplied by.
  struct turns {
    const double* frequencies;
    double length;
  };
  [[nodiscard]] turns own() const { return {frequencies_.data(), length_}; }

  void set_length(index tokens) {
    length_ =
        detail::rotary_frequencies(rotary_width_, theta_, scaling_, tokens, frequencies_.data());
  }

  static void check(const longrope_scaling& s, index pairs) {
    const auto all = [&](const std::vector<double>& factors) {
      return static_cast<index>(factors.size()) == pairs &&
             std::all_of(factors.begin(), factors.end(), [](double f) { return f > 0; });
    };
    detail::require(all(s.short_factors) && all(s.long_factors),
                    "heed::rotary_embedding: LongRoPE has ", s.short_factors.size(), " and ",
                    s.long_factors.size(), " factors; there must be ", pairs,
                    " of each, all of them positive");
  }

  // direction 1 rotates and multiplies by the length, -1 undoes both.
  template <class X, class PositionOf>
  void rotate(X&& x, int direction, const turns& by, const PositionOf& position_of,
              std::optional<index> positions = {}) const {
    constexpr bool good = detail::writable_of<X, Scalar>;
    static_assert(
        good,
        "heed::rotary_embedding: x must be a writable Eigen matrix of the embedding's scalar");
    if constexpr (good) {
      detail::require(positions.value_or(x.rows()) == x.rows(),
                      "heed::rotary_embedding: there are ", positions.value_or(0),
                      " positions for ", x.rows(), " rows");
      turn_rows(detail::view_of(x), direction, by, position_of);
    }
  }

  template <class PositionOf>
  void turn_rows(const detail::view<Scalar>& rows, int direction, const turns& by,
                 const PositionOf& position_of) const {
    using Number = accumulator_t<Scalar>;
    detail::require(rows.cols % width_ == 0, "heed::rotary_embedding: x is ", rows,
                    ", whose columns are no whole number of heads of width ", width_);
    const double length = direction > 0 ? by.length : 1 / by.length;
    for (index row = 0; row < rows.rows; ++row)
      for (index i = 0; i < rotary_width_ / 2; ++i) {
        const double angle = direction * position_of(row) * by.frequencies[i];
        const auto cosine = static_cast<Number>(length * std::cos(angle));
        const auto sine = static_cast<Number>(length * std::sin(angle));
        const auto [first, second] = detail::columns_of_pair(pairing_, i, rotary_width_);
        for (index head = 0; head < rows.cols; head += width_) {
          Scalar& a = rows(row, head + first);
          Scalar& b = rows(row, head + second);
          const auto x_a = static_cast<Number>(a);
          const auto x_b = static_cast<Number>(b);
          a = static_cast<Scalar>(x_a * cosine - x_b * sine);
          b = static_cast<Scalar>(x_b * cosine + x_a * sine);
        }
      }
  }

  index width_;
  index rotary_width_;
  rotary_pairing pairing_;
  double theta_ = 0;
  rotary_scaling scaling_;
  std::vector<double> frequencies_;
  double length_ = 1;
};

// Reorders the columns of query or key weights, (inputs, heads * width), or of their bias, trained
// for one pairing so that they serve the other: scores stay the same.
//
//   layer.query.weight = heed::change_pairing(weight, 64, 64, heed::rotary_pairing::interleaved,
//                                             heed::rotary_pairing::half_split);
template <detail::storage Weight>
[[nodiscard]] auto change_pairing(const Weight& weight, index width, index rotary_width,
                                  rotary_pairing from, rotary_pairing to) {
  matrix<detail::scalar_of<Weight>> changed = weight;
  detail::require(width > 0 && weight.cols() % width == 0 && rotary_width >= 0 &&
                      rotary_width <= width && rotary_width % 2 == 0,
                  "heed::change_pairing: weight has ", weight.cols(), " columns, width is ", width,
                  ", rotary width is ", rotary_width);
  for (index head = 0; head < weight.cols(); head += width)
    for (index i = 0; i < rotary_width / 2; ++i) {
      const auto [old_first, old_second] = detail::columns_of_pair(from, i, rotary_width);
      const auto [new_first, new_second] = detail::columns_of_pair(to, i, rotary_width);
      changed.col(head + new_first) = weight.col(head + old_first);
      changed.col(head + new_second) = weight.col(head + old_second);
    }
  return changed;
}

}  // namespace HEED_ABI
}  // namespace heed
