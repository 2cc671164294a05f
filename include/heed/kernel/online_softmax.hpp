// SPDX-License-Identifier: MIT
// The online softmax: origin, sum and weighted values of the keys seen so far, one query a lane.
//
//   fold a tile of scores s:   o' = max(o, round(max s));   p = 2^(s - o')
//                              factor = 2^(o - o');   sum = sum factor + Σ p
//   then the product with the values:   rows = rows factor + pᵀ values
//   merge what others have seen:        the same, with their sum and rows for Σ p and pᵀ values
//
// Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018; Dao et al.,
// "FlashAttention", 2022. There the origin is the largest score itself. Here it is a whole number
// near it, in powers of two: s - o' then costs no rounding, and factors are exact powers of two.
#pragma once

#include <heed/kernel/exponential.hpp>   // exp2
#include <heed/kernel/lane_product.hpp>  // packed_lanes

#include <cmath>   // log
#include <limits>  // infinity

namespace heed {
inline namespace HEED_ABI {

// What scores are measured in. Exponentials are powers of two of score * log2 e. Queries can carry
// the factor, which spares a product for every pair; score rules must see scores as they are.
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

  Scalar* origin;  // (lanes), halved, since log2 e times the largest of numbers is too large
  Scalar* sum;     // (lanes)
  Scalar* factor;  // (lanes), what rows must be multiplied by
  Scalar* rows;    // (value width, lanes); of no meaning until the first fold's product
  index packets;
  index width;  // value width

  // A state for `queries` lanes at most, which shares `factor` with others.
  template <class Memory>
  static online_softmax in(Memory& memory, Scalar* factor, index queries, index width) {
    return {
        memory.template take<Scalar>(lanes),         memory.template take<Scalar>(lanes), factor,
        memory.template take<Scalar>(width * lanes), packets_of<Scalar>(queries),         width};
  }

  void reset() const {
    for (index p = 0; p < packets; ++p) {
      s::store(origin + p * s::size, s::broadcast(minus_infinity));
      s::store(sum + p * s::size, s::broadcast(Scalar(0)));
    }
  }

  // A logit in the denominator that no key stands for, or -infinity for none; the same for all lanes.
  void reset(double natural_sink) const {
    for (index p = 0; p < packets; ++p) {
      const auto [half, e] = of_sink(natural_sink);
      s::store(origin + p * s::size, half);
      s::store(sum + p * s::size, e);
    }
    clear_rows();
  }

  // ... for one lane, and without rows.
  void set_sink(index lane, double natural_sink) const {
    const auto [half, e] = of_sink(natural_sink);
    Scalar numbers[static_cast<std::size_t>(s::size)];
    s::store(numbers, half);
    origin[lane] = numbers[0];
    s::store(numbers, e);
    sum[lane] = numbers[0];
  }

  void clear_rows() const {
    for (index f = 0; f < width; ++f)
      for (index p = 0; p < packets; ++p)
        s::store(rows + f * lanes + p * s::size, s::broadcast(Scalar(0)));
  }

  // Turns a tile's scores (keys, lanes) into 2^(score - origin), and sets the factor by which what
  // was summed before is to be rescaled: sum has been, rows wait for the next product.
  void fold(Scalar* scores, index keys) const {
    if (packets == 2)
      fold_packets<2>(scores, keys);
    else
      fold_packets<1>(scores, keys);
  }

  // Adds what another has seen, which came after.
  void merge(const online_softmax& other) const {
    Scalar own_factor[lanes], other_factor[lanes];
    merge_sums(other, own_factor, other_factor);
    for (index p = 0; p < packets; ++p) {
      const packet f = s::load(own_factor + p * s::size), g = s::load(other_factor + p * s::size);
      for (index r = p * s::size; r < width * lanes; r += lanes)
        s::store(rows + r, sum_of(s::load(rows + r), f, s::load(other.rows + r), g));
    }
  }

  // The same without rows, which must be summed by sum_of with the factors that this sets.
  void merge_sums(const online_softmax& other, Scalar* own_factor, Scalar* other_factor) const {
    for (index lane = 0; lane < packets * s::size; lane += s::size) {
      const packet mine = s::load(origin + lane), theirs = s::load(other.origin + lane);
      const packet now = s::maximum(mine, theirs);
      const packet f = power(mine, now), g = power(theirs, now);
      s::store(origin + lane, now);
      s::store(sum + lane, sum_of(s::load(sum + lane), f, s::load(other.sum + lane), g));
      s::store(own_factor + lane, f);
      s::store(other_factor + lane, g);
    }
  }
  static packet sum_of(const packet& own, const packet& own_factor, const packet& other,
                       const packet& other_factor) {
    return s::multiply_add(own, own_factor, s::rounded(s::multiply(other, other_factor)));
  }

  // Turns a tile's scores into probabilities, once every key has been folded.
  void normalise(Scalar* scores, index keys) const {
    for (index p = 0; p < packets; ++p) {
      packet half[] = {s::load(origin + p * s::size)};
      const packet total = s::load(sum + p * s::size);
      const packet zero = s::broadcast(Scalar(0));
      const auto from = refer(half, scores + p * s::size, keys);
      for (index j = 0; j < keys; ++j) {
        Scalar* const place = scores + j * lanes + p * s::size;
        packet e[] = {from.scaled(s::load(place), 0)};
        exp2_in_place<Scalar>(e, from.whole);
        // A sum of 0 has nothing but zeros above it; where a key is seen, NaN comes through.
        s::store(place, s::where_less(s::maximum(e[0], total), s::broadcast(least_positive), zero,
                                      s::divide(e[0], total)));
      }
    }
  }

  // Turns the weighted values into the result; 0 where nothing was seen. Adding 0 makes -0 a 0.
  void finish() const {
    const packet zero = s::broadcast(Scalar(0));
    for (index p = 0; p < packets; ++p) {
      const packet one_over = one_over_sum(p * s::size);
      for (index r = p * s::size; r < width * lanes; r += lanes)
        s::store(rows + r, s::multiply_add(s::load(rows + r), one_over, zero));
    }
  }

  // What rows must be multiplied by, of a packet of lanes.
  packet one_over_sum(index lane) const {
    const packet total = s::load(sum + lane);
    return s::where_less(total, s::broadcast(least_positive), s::broadcast(Scalar(0)),
                         s::divide(s::broadcast(Scalar(1)), total));
  }

  // log(sum of exp(score)) of one lane, natural logarithm; -infinity if nothing was seen.
  Scalar log_sum_exp(index lane) const {
    if (sum[lane] == 0) return minus_infinity;
    return static_cast<Scalar>(static_cast<double>(origin[lane]) *
                                   (2 / natural_scores::log2_of_exp) +
                               std::log(static_cast<double>(sum[lane])));
  }

 private:
  // How many of the unit make a natural one.
  static constexpr double per_natural = natural_scores::log2_of_exp / Unit::log2_of_exp;
  static constexpr Scalar least_positive = std::numeric_limits<Scalar>::min();
  static constexpr bool binary = Unit::log2_of_exp == 1;
  static constexpr Scalar half_unit = Scalar(Unit::log2_of_exp / 2);
  // Half origins from here on are not rounded to whole numbers, and scores are moved to them first.
  static constexpr Scalar far =
      static_cast<Scalar>(std::uint64_t(1) << (bits_of<Scalar>::fraction - 3));

  // What the exponential of a score is taken from.
  template <int Packets>
  struct reference {
    exp2_origin<Scalar> whole[Packets];
    packet unit[Packets];

    // A score in powers of two.
    packet scaled(const packet& score, int p) const {
      if constexpr (binary)
        return score;
      else
        return s::rounded(s::multiply(score, unit[p]));
    }
  };

  struct origin_and_sum {
    packet half;
    packet e;
  };
  // What a sink alone comes to. A logit beyond the largest of numbers is taken for that.
  static origin_and_sum of_sink(double natural_sink) {
    constexpr double most = std::numeric_limits<Scalar>::max();
    double sink = natural_sink * per_natural;
    if (sink > most) sink = most;
    if (sink < -most && natural_sink >= std::numeric_limits<double>::lowest()) sink = -most;
    Scalar score[static_cast<std::size_t>(lanes)];
    s::store(score, s::broadcast(static_cast<Scalar>(sink)));
    const packet half[] = {half_origin(s::load(score))};
    const auto from = refer(half, score, 1);
    packet e[] = {from.scaled(s::load(score), 0)};
    exp2_in_place<Scalar>(e, from.whole);
    return {half[0], e[0]};
  }

  static packet magnitude(const packet& x) {
    return s::maximum(x, s::subtract(s::broadcast(Scalar(0)), x));
  }

  // Half of the whole number next to a score; half of the score itself if that is large. Adding
  // 1.5 * 2^(fraction - 1) rounds to halves.
  static packet half_origin(const packet& score) {
    const packet rounder = s::broadcast(
        Scalar(1.5) * static_cast<Scalar>(std::uint64_t(1) << (bits_of<Scalar>::fraction - 1)));
    const packet half = s::rounded(s::multiply(score, s::broadcast(half_unit)));
    const packet whole = s::subtract(s::rounded(s::add(half, rounder)), rounder);
    return s::where_less(magnitude(half), s::broadcast(far), whole, half);
  }

  // Where nothing has been seen the origin is -infinity; 0 in its place keeps -infinity minus
  // -infinity from arising, and every exponential is then 0.
  static packet seen(const packet& half) {
    return s::where_less(half, s::broadcast(std::numeric_limits<Scalar>::lowest()),
                         s::broadcast(Scalar(0)), half);
  }

  // 2^(2 (from - to)) of half origins.
  static packet power(const packet& from, const packet& to) {
    const packet difference = s::subtract(from, seen(to));
    return exp2<Scalar>(s::add(difference, difference));
  }

  // What exponentials of a tile's scores are to be taken from, given half their origins. In lanes
  // whose origin is far from 0, which are rare, the difference is taken here.
  template <int Packets>
  static reference<Packets> refer(const packet (&half)[Packets], Scalar* scores, index keys) {
    const packet zero = s::broadcast(Scalar(0)), one = s::broadcast(Scalar(1));
    packet near[Packets], unit[Packets], any_far = zero;
    unroll<Packets>([&](auto p) HEED_INLINED {
      const packet h = seen(half[p]);
      near[p] = s::where_less(s::broadcast(far), magnitude(h), zero, s::add(h, h));
      unit[p] = s::where_less(s::broadcast(far), magnitude(h), one,
                              s::broadcast(Scalar(Unit::log2_of_exp)));
      any_far = s::where_less(s::broadcast(far), magnitude(h), one, any_far);
    });
    if (s::any_not_equal(any_far, zero))
      for (index j = 0; j < keys; ++j)
        unroll<Packets>([&](auto p) HEED_INLINED {
          Scalar* const place = scores + j * lanes + p * s::size;
          const packet score = s::load(place);
          const packet difference =
              s::subtract(s::rounded(s::multiply(score, s::broadcast(half_unit))), seen(half[p]));
          s::store(place, s::where_less(s::broadcast(far), magnitude(seen(half[p])),
                                        s::add(difference, difference), score));
        });
    return [&]<int... P>(std::integer_sequence<int, P...>) HEED_INLINED {
      return reference<Packets>{{exp2_origin<Scalar>(near[P])...}, {unit[P]...}};
    }
    (std::make_integer_sequence<int, Packets>{});
  }

  // The largest score of each lane, in a few chains at once, since each step waits for the last.
  template <int Packets>
  static void raise(packet (&largest)[Packets], const Scalar* scores, index keys) {
    constexpr int chains = 4;
    packet most[chains][Packets];
    unroll<chains * Packets>(
        [&](auto i) HEED_INLINED { most[i / Packets][i % Packets] = largest[i % Packets]; });
    const auto look = [&](auto c, index j) HEED_INLINED {
      unroll<Packets>([&](auto p) HEED_INLINED {
        most[c][p] = s::maximum(most[c][p], s::load(scores + j * lanes + p * s::size));
      });
    };
    index j = 0;
    for (; j + chains <= keys; j += chains)
      unroll<chains>([&](auto c) HEED_INLINED { look(c, j + c); });
    for (; j < keys; ++j) look(std::integral_constant<int, 0>{}, j);
    unroll<Packets>([&](auto p) HEED_INLINED {
      largest[p] =
          s::maximum(s::maximum(most[0][p], most[1][p]), s::maximum(most[2][p], most[3][p]));
    });
  }

  template <int Packets>
  void fold_packets(Scalar* scores, index keys) const {
    // Keys whose exponentials are formed together: as many as registers hold.
    constexpr int together = 4 / Packets;
    const auto each = [](const auto& step) HEED_INLINED { unroll<Packets>(step); };
    packet half[Packets], total[Packets];
    each([&](auto p) HEED_INLINED { half[p] = s::broadcast(minus_infinity); });
    raise(half, scores, keys);
    each([&](auto p) HEED_INLINED {
      const packet before = s::load(origin + p * s::size);
      half[p] = s::maximum(before, half_origin(half[p]));
      s::store(origin + p * s::size, half[p]);
      s::store(factor + p * s::size, power(before, half[p]));
      total[p] = s::broadcast(Scalar(0));
    });
    const auto from = refer(half, scores, keys);

    const auto some = [&]<int Keys>(std::integral_constant<int, Keys>, Scalar* row) HEED_INLINED {
      packet e[Keys * Packets];
      unroll<Keys * Packets>([&](auto i) HEED_INLINED {
        e[i] = from.scaled(s::load(row + i / Packets * lanes + i % Packets * s::size), i % Packets);
      });
      exp2_in_place<Scalar>(e, from.whole);
      unroll<Keys * Packets>([&](auto i) HEED_INLINED {
        s::store(row + i / Packets * lanes + i % Packets * s::size, e[i]);
        total[i % Packets] = s::add(total[i % Packets], e[i]);
      });
    };
    index j = 0;
    for (; j + together <= keys; j += together)
      some(std::integral_constant<int, together>{}, scores + j * lanes);
    for (; j < keys; ++j) some(std::integral_constant<int, 1>{}, scores + j * lanes);

    each([&](auto p) HEED_INLINED {
      Scalar* const place = sum + p * s::size;
      s::store(place, s::multiply_add(s::load(place), s::load(factor + p * s::size), total[p]));
    });
  }
};

}  // namespace HEED_ABI
}  // namespace heed
