// SPDX-License-Identifier: MIT
// The online softmax: maximum, sum and weighted values of the keys seen so far, one query a lane.
//
//   fold a tile of scores s:   m' = max(m, max s);   p = exp(s - m')
//                              factor = exp(m - m');   sum = sum factor + Σ p
//   then the product with the values:   rows = rows factor + pᵀ values
//
// Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018; Dao et al.,
// "FlashAttention", 2022.
#pragma once

#include <heed/kernel/exponential.hpp>   // exp2
#include <heed/kernel/lane_product.hpp>  // packed_lanes

#include <cmath>   // log
#include <limits>  // infinity

namespace heed {
inline namespace HEED_ABI {

// What scores are measured in. Exponentials are powers of two of (score - maximum) * log2 e. Queries
// can carry the factor, which spares a product for every pair; score rules must see scores as they
// are, and take the difference first, so that the lowest of numbers does not overflow.
struct natural_scores {
  static constexpr double log2_of_exp = 1.44269504088896340735992468100189214;
};
struct binary_scores {  // scores times log2 e
  static constexpr double log2_of_exp = 1;
};

// State of a block of queries.
template <class Scalar, class Unit>
struct online_softmax {
  using s = simd<Scalar>;
  using packet = typename s::packet;
  static constexpr Scalar minus_infinity = -std::numeric_limits<Scalar>::infinity();
  static constexpr index lanes = packed_lanes<Scalar>::pitch;

  Scalar* maximum;  // (lanes)
  Scalar* sum;      // (lanes)
  Scalar* factor;   // (lanes), what rows must be multiplied by
  Scalar* rows;     // (value width, lanes)
  index packets;
  index width;  // value width

  // A logit in the denominator that no key stands for, or -infinity for none.
  void reset(Scalar natural_sink) const {
    const auto sink = static_cast<Scalar>(static_cast<double>(natural_sink) * per_natural);
    for (index lane = 0; lane < packets * s::size; ++lane) {
      maximum[lane] = sink;
      sum[lane] = sink == minus_infinity ? Scalar(0) : Scalar(1);
    }
    for (index f = 0; f < width; ++f)
      for (index p = 0; p < packets; ++p)
        s::store(rows + f * lanes + p * s::size, s::broadcast(Scalar(0)));
  }

  // Turns a tile's scores (keys, lanes) into exp(score - maximum), and sets the factor by which what
  // was summed before is to be rescaled: sum has been, rows wait for the next product.
  void fold(Scalar* scores, index keys) const {
    if (packets == 2)
      fold_packets<2>(scores, keys);
    else
      fold_packets<1>(scores, keys);
  }

  // Turns a tile's scores into probabilities, once every key has been folded.
  void normalise(Scalar* scores, index keys) const {
    for (index p = 0; p < packets; ++p) {
      const index lane = p * s::size;
      const packet origin = reference_point(s::load(maximum + lane));
      const packet total = s::load(sum + lane);
      const packet zero = s::broadcast(Scalar(0));
      for (index j = 0; j < keys; ++j) {
        Scalar* const place = scores + j * lanes + lane;
        const packet e = exp2<Scalar>(exponent(s::load(place), origin));
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
      const packet one_over = s::divide(s::broadcast(Scalar(1)), total);
      const packet zero = s::broadcast(Scalar(0));
      for (index f = 0; f < width; ++f) {
        Scalar* const place = rows + f * lanes + p * s::size;
        const packet mean = s::multiply_add(s::load(place), one_over, zero);
        s::store(place, s::where_less(total, s::broadcast(least_positive), zero, mean));
      }
    }
  }

  // log(sum of exp(score)) of one lane, natural logarithm; -infinity if nothing was seen.
  Scalar log_sum_exp(index lane) const {
    if (sum[lane] == 0) return minus_infinity;
    return static_cast<Scalar>(static_cast<double>(maximum[lane]) / per_natural +
                               std::log(static_cast<double>(sum[lane])));
  }

 private:
  template <int Packets>
  void fold_packets(Scalar* scores, index keys) const {
    // Keys whose exponentials are formed together: as many as registers hold.
    constexpr int together = 4 / Packets;
    packet now[Packets], origin[Packets], total[Packets];
    const auto each = [](const auto& step) HEED_INLINED { unroll<Packets>(step); };
    each([&](auto p) HEED_INLINED { now[p] = s::load(maximum + p * s::size); });
    for (index j = 0; j < keys; ++j)
      each([&](auto p) HEED_INLINED {
        now[p] = s::maximum(now[p], s::load(scores + j * lanes + p * s::size));
      });
    packet factors[Packets];
    each([&](auto p) HEED_INLINED {
      origin[p] = reference_point(now[p]);
      factors[p] = exponent(s::load(maximum + p * s::size), origin[p]);
      s::store(maximum + p * s::size, now[p]);
      total[p] = s::broadcast(Scalar(0));
    });
    exp2_in_place<Scalar>(factors);

    const auto some = [&]<int Keys>(std::integral_constant<int, Keys>, Scalar* from) HEED_INLINED {
      packet e[Keys * Packets];
      unroll<Keys * Packets>([&](auto i) HEED_INLINED {
        e[i] = exponent(s::load(from + i / Packets * lanes + i % Packets * s::size),
                        origin[i % Packets]);
      });
      exp2_in_place<Scalar>(e);
      unroll<Keys * Packets>([&](auto i) HEED_INLINED {
        s::store(from + i / Packets * lanes + i % Packets * s::size, e[i]);
        total[i % Packets] = s::add(total[i % Packets], e[i]);
      });
    };
    index j = 0;
    for (; j + together <= keys; j += together)
      some(std::integral_constant<int, together>{}, scores + j * lanes);
    for (; j < keys; ++j) some(std::integral_constant<int, 1>{}, scores + j * lanes);

    each([&](auto p) HEED_INLINED {
      Scalar* const place = sum + p * s::size;
      s::store(place, s::multiply_add(s::load(place), factors[p], total[p]));
      s::store(factor + p * s::size, factors[p]);
    });
  }

  // How many of the unit make a natural one.
  static constexpr double per_natural = natural_scores::log2_of_exp / Unit::log2_of_exp;
  static constexpr Scalar least_positive = std::numeric_limits<Scalar>::min();

  // Where nothing has been seen the maximum is -infinity; 0 in its place keeps -infinity minus
  // -infinity from arising, and every exponential is then 0.
  static packet reference_point(const packet& m) {
    return s::where_less(m, s::broadcast(std::numeric_limits<Scalar>::lowest()),
                         s::broadcast(Scalar(0)), m);
  }

  // log2 of exp(score - origin).
  static packet exponent(const packet& score, const packet& origin) {
    const packet difference = s::subtract(score, origin);
    if constexpr (Unit::log2_of_exp == 1) return difference;
    return s::rounded(s::multiply(difference, s::broadcast(Scalar(Unit::log2_of_exp))));
  }
};

}  // namespace HEED_ABI
}  // namespace heed
