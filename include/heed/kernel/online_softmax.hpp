// SPDX-License-Identifier: MIT
// The online softmax: maximum, sum and weighted values of the keys seen so far, one query a lane.
//
//   fold a tile of scores s:   m' = max(m, max s);   p = exp(s - m')
//                              sum = sum exp(m - m') + Σ p;   rows = rows exp(m - m') + pᵀ values
//
// Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018; Dao et al.,
// "FlashAttention", 2022.
#pragma once

#include <heed/kernel/exponential.hpp>   // exp2
#include <heed/kernel/lane_product.hpp>  // lane_side

#include <cmath>   // log
#include <limits>  // infinity

namespace heed {
inline namespace HEED_ABI {

// State of a block of queries. Exponentials are powers of two of (score - maximum) * log2 e, the
// difference first, so that large scores neither overflow nor lose more than their own rounding.
template <class Scalar>
struct online_softmax {
  using s = simd<Scalar>;
  using packet = typename s::packet;
  static constexpr Scalar minus_infinity = -std::numeric_limits<Scalar>::infinity();
  static constexpr Scalar log2_e = Scalar(1.44269504088896340735992468100189214L);

  Scalar* maximum;         // (lanes)
  Scalar* sum;             // (lanes)
  lane_side<Scalar> rows;  // (value width, lanes)
  index packets;
  index width;  // value width

  // A logit in the denominator that no key stands for, or -infinity for none.
  void reset(Scalar sink) const {
    for (index lane = 0; lane < packets * s::size; ++lane) {
      maximum[lane] = sink;
      sum[lane] = sink == minus_infinity ? Scalar(0) : Scalar(1);
    }
    for (index f = 0; f < width; ++f)
      for (index p = 0; p < packets; ++p)
        s::store(rows.data + f * rows.pitch + p * s::size, s::broadcast(Scalar(0)));
  }

  // Turns a tile's scores (keys, lanes) into exp(score - maximum), rescaling what was summed
  // before.
  void fold(lane_side<Scalar> scores, index keys) const {
    for (index p = 0; p < packets; ++p) {
      const index lane = p * s::size;
      const packet before = s::load(maximum + lane);
      packet now = before;
      for (index j = 0; j < keys; ++j)
        now = s::maximum(now, s::load(scores.data + j * scores.pitch + lane));
      const packet origin = reference_point(now);

      const packet factor = exponential(before, origin);
      packet total = s::broadcast(Scalar(0));
      for (index j = 0; j < keys; ++j) {
        Scalar* const place = scores.data + j * scores.pitch + lane;
        const packet e = exponential(s::load(place), origin);
        s::store(place, e);
        total = s::add(total, e);
      }
      s::store(maximum + lane, now);
      s::store(sum + lane, s::multiply_add(s::load(sum + lane), factor, total));

      if (s::any_not_equal(factor, s::broadcast(Scalar(1))))
        for (index f = 0; f < width; ++f) {
          Scalar* const place = rows.data + f * rows.pitch + lane;
          s::store(place, s::multiply(s::load(place), factor));
        }
    }
  }

  // Turns a tile's scores into probabilities, once every key has been folded.
  void normalise(lane_side<Scalar> scores, index keys) const {
    for (index p = 0; p < packets; ++p) {
      const index lane = p * s::size;
      const packet origin = reference_point(s::load(maximum + lane));
      const packet total = s::load(sum + lane);
      const packet zero = s::broadcast(Scalar(0));
      for (index j = 0; j < keys; ++j) {
        Scalar* const place = scores.data + j * scores.pitch + lane;
        const packet e = exponential(s::load(place), origin);
        // A sum of 0 has nothing but zeros above it; NaN must come through.
        s::store(place, s::where_less(s::maximum(e, total), s::broadcast(least_positive), zero,
                                      s::divide(e, total)));
      }
    }
  }

  // Turns the weighted values into the result; 0 where nothing was seen. Adding 0 makes -0 a 0.
  void finish() const {
    for (index p = 0; p < packets; ++p) {
      const packet total = s::load(sum + p * s::size);
      const packet zero = s::broadcast(Scalar(0));
      for (index f = 0; f < width; ++f) {
        Scalar* const place = rows.data + f * rows.pitch + p * s::size;
        const packet mean = s::add(s::divide(s::load(place), total), zero);
        s::store(place, s::where_less(total, s::broadcast(least_positive), zero, mean));
      }
    }
  }

  // log(sum of exp(score)) of one lane, natural logarithm; -infinity if nothing was seen.
  Scalar log_sum_exp(index lane) const {
    if (sum[lane] == 0) return minus_infinity;
    return static_cast<Scalar>(static_cast<double>(maximum[lane]) +
                               std::log(static_cast<double>(sum[lane])));
  }

 private:
  static constexpr Scalar least_positive = std::numeric_limits<Scalar>::min();

  // Where nothing has been seen the maximum is -infinity; 0 in its place keeps -infinity minus
  // -infinity from arising, and every exponential is then 0.
  static packet reference_point(const packet& m) {
    return s::where_less(m, s::broadcast(std::numeric_limits<Scalar>::lowest()),
                         s::broadcast(Scalar(0)), m);
  }

  static packet exponential(const packet& score, const packet& origin) {
    return exp2<Scalar>(s::rounded(s::multiply(s::subtract(score, origin), s::broadcast(log2_e))));
  }
};

}  // namespace HEED_ABI
}  // namespace heed
