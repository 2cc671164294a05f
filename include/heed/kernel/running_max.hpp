// SPDX-License-Identifier: MIT
// The running max of the online softmax, rounded so that rescaling is exact. Scores are logarithms to
// the base 4 here, and the running max m is the largest score rounded to a multiple of 1/2: 4^m is then a
// power of two, so that score - m costs no bit of the exponential, and multiplying by 4^(m - m') changes
// an exponent alone.
//
// Base 4, since log4(e) < 1: a finite score is finite in base 4. Milakov and Gimelshein, "Online
// normalizer calculation for softmax", 2018, take the largest score itself.
#pragma once

#include <heed/core/narrow.hpp>  // narrowed
#include <heed/simd/exp4.hpp>    // exp4_origin, exp4

#include <limits>   // lowest
#include <utility>  // index_sequence

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// A score times this is its logarithm to the base 4: exp(score) = 4^(score log4 e).
inline constexpr double log4_of_exp = 1.44269504088896340735992468100189214 / 2;

template <class Scalar>
struct running_max {
  using s = simd<Scalar>;
  using packet = typename s::packet;

  // The multiple of 1/2 nearest to a score, or the score itself if it is large. Adding 1.5 *
  // 2^(fraction - 1) rounds to multiples of 1/2.
  static packet rounded_to_halves(const packet& score) {
    const packet rounder = s::broadcast(
        Scalar(1.5) * static_cast<Scalar>(std::uint64_t(1) << (bits_of<Scalar>::fraction - 1)));
    const packet whole = s::subtract(s::rounded(s::add(score, rounder)), rounder);
    return s::where_less(magnitude(score), s::broadcast(unrounded_from), whole, score);
  }

  // The rescale factor of sums relative to the running max `from`, for the running max `to`:
  // 4^(from - to).
  static packet rescale(const packet& from, const packet& to) {
    return exp4<Scalar>(s::subtract(from, seen(to)));
  }

  // The running max as the origin of exp4, for `count` times Packets packets of scores that are
  // `step` numbers apart. In lanes whose running max is far from 0, which are rare, this function
  // subtracts it from the scores.
  template <std::size_t Packets>
  struct origins {
    exp4_origin<Scalar> of[Packets];
  };
  template <std::size_t Packets>
  static origins<Packets> prepare(const packet (&max)[Packets], Scalar* scores, index count,
                                  index step) {
    const packet zero = s::broadcast(Scalar(0)), one = s::broadcast(Scalar(1));
    packet origin[Packets], any_unrounded = zero;
    unroll<index(Packets)>([&](auto p) HEED_INLINED {
      const packet m = seen(max[p]);
      origin[p] = s::where_less(s::broadcast(unrounded_from), magnitude(m), zero, m);
      any_unrounded = s::where_less(s::broadcast(unrounded_from), magnitude(m), one, any_unrounded);
    });
    if (s::any_not_equal(any_unrounded, zero))
      for (index j = 0; j < count; ++j)
        unroll<index(Packets)>([&](auto p) HEED_INLINED {
          Scalar* const place = scores + j * step + p * s::size;
          const packet score = s::load(place), m = seen(max[p]);
          s::store(place, s::where_less(s::broadcast(unrounded_from), magnitude(m),
                                        s::subtract(score, m), score));
        });
    return [&]<std::size_t... P>(std::index_sequence<P...>) HEED_INLINED {
      return origins<Packets>{{exp4_origin<Scalar>(origin[P])...}};
    }
    (std::make_index_sequence<Packets>{});
  }

  // The running max and the sum of a single score, in every lane: the start of a softmax with a
  // sink.
  struct max_and_sum {
    packet max;
    packet sum;
  };
  static max_and_sum of_one(Scalar score) {
    Scalar scores[static_cast<std::size_t>(s::size)];
    s::store(scores, s::broadcast(score));
    const packet max[] = {rounded_to_halves(s::load(scores))};
    const auto from = prepare(max, scores, 1, s::size);
    packet e[] = {s::load(scores)};
    exp4_in_place<Scalar>(e, from.of);
    return {max[0], e[0]};
  }

 private:
  // A running max from this size on is not rounded, and is subtracted from scores before exp4.
  static constexpr Scalar unrounded_from =
      static_cast<Scalar>(std::uint64_t(1) << (bits_of<Scalar>::fraction - 3));

  static packet magnitude(const packet& x) {
    return s::maximum(x, s::subtract(s::broadcast(Scalar(0)), x));
  }

  // The running max of a lane that has seen no key is -infinity; 0 in its place avoids -infinity
  // minus -infinity, and every exponential is then 0.
  static packet seen(const packet& max) {
    return s::where_less(max, s::broadcast(std::numeric_limits<Scalar>::lowest()),
                         s::broadcast(Scalar(0)), max);
  }
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
