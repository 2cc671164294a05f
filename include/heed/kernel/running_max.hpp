// SPDX-License-Identifier: MIT
// What the exponentials of a softmax are taken from: a whole number near the largest score, in
// powers of two, so that score - origin costs no rounding and rescaling is exact.
#pragma once

#include <heed/core/narrow.hpp>  // narrowed
#include <heed/simd/exp2.hpp>    // exp2_origin, exp2

#include <algorithm>  // clamp
#include <cmath>      // isfinite
#include <limits>     // lowest, max
#include <utility>    // index_sequence

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// What scores are measured in. Exponentials are powers of two of score * log2 e. Queries can carry
// the factor, which spares a product for every pair; score rules must see scores as they are.
struct natural_scores {
  static constexpr double log2_of_exp = 1.44269504088896340735992468100189214;
};
struct binary_scores {  // scores times log2 e
  static constexpr double log2_of_exp = 1;
};

// How many of the unit make a natural one.
template <class Unit>
inline constexpr double scores_per_natural = natural_scores::log2_of_exp / Unit::log2_of_exp;

// A score, or a factor on scores, in the unit; a finite one stays finite.
template <class Scalar, class Unit>
Scalar in_unit(double natural) {
  constexpr double most = (std::numeric_limits<double>::max)();
  if (!std::isfinite(natural)) return static_cast<Scalar>(natural);
  return narrowed<Scalar>(std::clamp(natural * scores_per_natural<Unit>, -most, most));
}

// Origins are kept halved, since log2 e times the largest of numbers is too large.
template <class Scalar, class Unit>
struct softmax_origin {
  using s = simd<Scalar>;
  using packet = typename s::packet;

  // Half of the whole number next to a score; half of the score itself if that is large. Adding
  // 1.5 * 2^(fraction - 1) rounds to halves.
  static packet half_of(const packet& score) {
    const packet rounder = s::broadcast(
        Scalar(1.5) * static_cast<Scalar>(std::uint64_t(1) << (bits_of<Scalar>::fraction - 1)));
    const packet half = s::rounded(s::multiply(score, s::broadcast(half_unit)));
    const packet whole = s::subtract(s::rounded(s::add(half, rounder)), rounder);
    return s::where_less(magnitude(half), s::broadcast(unrounded_from), whole, half);
  }

  // 2^(2 (from - to)) of half origins.
  static packet power(const packet& from, const packet& to) {
    const packet difference = s::subtract(from, seen(to));
    return exp2<Scalar>(s::add(difference, difference));
  }

  // What the exponential of a score is taken from.
  template <std::size_t Packets>
  struct reference {
    exp2_origin<Scalar> whole[Packets];
    packet unit[Packets];

    // A score in powers of two.
    packet scaled(const packet& score, index p) const {
      if constexpr (exactly_equal(Unit::log2_of_exp, 1.0))
        return score;
      else
        return s::rounded(s::multiply(score, unit[p]));
    }
  };

  // The same for `count` times Packets packets of scores, `step` numbers apart, given half the
  // origins of those Packets. In lanes whose origin is far from 0, which are rare, the difference is
  // taken here.
  template <std::size_t Packets>
  static reference<Packets> refer(const packet (&half)[Packets], Scalar* scores, index count,
                                  index step) {
    const packet zero = s::broadcast(Scalar(0)), one = s::broadcast(Scalar(1));
    packet whole[Packets], unit[Packets], any_unrounded = zero;
    unroll<index(Packets)>([&](auto p) HEED_INLINED {
      const packet h = seen(half[p]);
      whole[p] = s::where_less(s::broadcast(unrounded_from), magnitude(h), zero, s::add(h, h));
      unit[p] = s::where_less(s::broadcast(unrounded_from), magnitude(h), one,
                              s::broadcast(Scalar(Unit::log2_of_exp)));
      any_unrounded = s::where_less(s::broadcast(unrounded_from), magnitude(h), one, any_unrounded);
    });
    if (s::any_not_equal(any_unrounded, zero))
      for (index j = 0; j < count; ++j)
        unroll<index(Packets)>([&](auto p) HEED_INLINED {
          Scalar* const place = scores + j * step + p * s::size;
          const packet score = s::load(place);
          const packet difference =
              s::subtract(s::rounded(s::multiply(score, s::broadcast(half_unit))), seen(half[p]));
          s::store(place, s::where_less(s::broadcast(unrounded_from), magnitude(seen(half[p])),
                                        s::add(difference, difference), score));
        });
    return [&]<std::size_t... P>(std::index_sequence<P...>) HEED_INLINED {
      return reference<Packets>{{exp2_origin<Scalar>(whole[P])...}, {unit[P]...}};
    }
    (std::make_index_sequence<Packets>{});
  }

  struct origin_and_power {
    packet half;
    packet e;
  };
  // What a sink alone comes to.
  static origin_and_power of_sink(double natural_sink) {
    Scalar score[static_cast<std::size_t>(s::size)];
    s::store(score, s::broadcast(in_unit<Scalar, Unit>(natural_sink)));
    const packet half[] = {half_of(s::load(score))};
    const auto from = refer(half, score, 1, s::size);
    packet e[] = {from.scaled(s::load(score), 0)};
    exp2_in_place<Scalar>(e, from.whole);
    return {half[0], e[0]};
  }

 private:
  static constexpr Scalar half_unit = Scalar(Unit::log2_of_exp / 2);
  // Half origins from here on are not rounded to whole numbers, and scores are moved to them first.
  static constexpr Scalar unrounded_from =
      static_cast<Scalar>(std::uint64_t(1) << (bits_of<Scalar>::fraction - 3));

  static packet magnitude(const packet& x) {
    return s::maximum(x, s::subtract(s::broadcast(Scalar(0)), x));
  }

  // Where nothing has been seen the origin is -infinity; 0 in its place keeps -infinity minus
  // -infinity from arising, and every exponential is then 0.
  static packet seen(const packet& half) {
    return s::where_less(half, s::broadcast(std::numeric_limits<Scalar>::lowest()),
                         s::broadcast(Scalar(0)), half);
  }
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
