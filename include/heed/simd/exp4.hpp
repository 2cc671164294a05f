// SPDX-License-Identifier: MIT
// 4^x for the scores of a softmax, in vectors: one routine for every lane.
//
//   exp4<float>(simd<float>::broadcast(-1));  // 0.25 in every lane
#pragma once

#include <heed/simd/simd.hpp>    // simd, shift_past_fraction
#include <heed/simd/unroll.hpp>  // unroll

#include <iterator>  // size

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// c[0] + c[1] f + c[2] f^2 + ... is 2^f on [-1/2, 1/2] with the smallest relative error (Remez),
// c[0] = 1 held so that 2^0 is exactly 1: 2.6e-9 for float, 1.8e-17 for double.
template <class Scalar>
struct exp2_polynomial;
template <>
struct exp2_polynomial<float> {
  static constexpr float c[] = {1.0f,
                                0.69314721496788f,
                                0.24022652782877f,
                                0.05550310551207f,
                                0.00961769297615f,
                                0.00134066438475f,
                                0.00015594677015f};
};
template <>
struct exp2_polynomial<double> {
  static constexpr double c[] = {1.0,
                                 0.69314718055994569675,
                                 0.24022650695910098006,
                                 0.055504108664790394528,
                                 0.0096181291076070026171,
                                 0.001333355815343996974,
                                 0.00015403530441571850099,
                                 0.00001525272738518977478,
                                 1.3215442675452855182e-6,
                                 1.0180647660573069343e-7,
                                 7.0725703945407994337e-9,
                                 4.0780717860928704165e-10};
};

// The number that exponents are taken relative to (the running max): in each lane a multiple of
// 1/2, of at most an eighth of 2^fraction. 4^origin is then a power of two, so that the origin
// costs x no bit: the origin only shifts the exponent of the result.
template <class Scalar>
struct exp4_origin {
  using s = simd<Scalar>;
  using bits = bits_of<Scalar>;
  typename s::packet lowest;   // below it, the power of four is 0
  typename s::packet rounder;  // see exp4_in_place

  explicit exp4_origin(const typename s::packet& origin)
      : lowest(s::add(origin, s::broadcast(Scalar(-bits::bias) / 2))),
        rounder(s::subtract(
            s::broadcast(Scalar(1.5) * static_cast<Scalar>(std::uint64_t(1) << bits::fraction) +
                         Scalar(bits::bias)),
            s::add(origin, origin))) {}
};

// x = 4^(x - origin) for x from -infinity to origin + 1/2, in Count packets, of which packet i has
// origin[i % index(Origins)]: exactly 1 where x is the origin, exactly 0 at -infinity; a result
// below the normal numbers is subnormal or 0; NaN stays NaN. All packets take a step before any
// takes the next, since each step depends on the one before: a single packet would leave the
// pipeline idle.
template <class Scalar, std::size_t Count, std::size_t Origins>
EIGEN_ALWAYS_INLINE void exp4_in_place(typename simd<Scalar>::packet (&x)[Count],
                                       const exp4_origin<Scalar> (&origin)[Origins]) {
  using s = simd<Scalar>;
  using packet = typename s::packet;
  const auto each = [](const auto& step) HEED_INLINED { unroll<index(Count)>(step); };
  const packet two = s::broadcast(Scalar(2));

  each([&](auto i) HEED_INLINED { x[i] = s::maximum(x[i], origin[i % index(Origins)].lowest); });

  // Adding 1.5 * 2^fraction to 2 x leaves round(2 x) in the lowest bits; with the bias added too and
  // the origin subtracted, they are the exponent of 2^(round(2 x) - 2 origin).
  packet power[Count];
  each([&](auto i) HEED_INLINED {
    power[i] = s::rounded(s::multiply_add(x[i], two, origin[i % index(Origins)].rounder));
  });
  each([&](auto i) HEED_INLINED {
    x[i] = s::multiply_add(x[i], two,
                           s::rounded(s::subtract(origin[i % index(Origins)].rounder, power[i])));
  });
  each([&](auto i) HEED_INLINED { power[i] = shift_past_fraction(power[i]); });

  // 2^f of the fraction f that is left.
  constexpr auto& c = detail::exp2_polynomial<Scalar>::c;
  constexpr int degree = static_cast<int>(std::size(c)) - 1;
  packet p[Count];
  each([&](auto i) HEED_INLINED { p[i] = s::broadcast(c[degree]); });
  unroll<degree>([&](auto k) HEED_INLINED {
    const packet next = s::broadcast(c[degree - 1 - k]);
    each([&](auto i) HEED_INLINED { p[i] = s::multiply_add(p[i], x[i], next); });
  });
  each([&](auto i) HEED_INLINED { x[i] = s::multiply(p[i], power[i]); });
}

// 4^x of one packet.
template <class Scalar>
typename simd<Scalar>::packet exp4(const typename simd<Scalar>::packet& x) {
  using s = simd<Scalar>;
  typename s::packet alone[] = {x};
  const exp4_origin<Scalar> zero[] = {exp4_origin<Scalar>(s::broadcast(Scalar(0)))};
  exp4_in_place<Scalar>(alone, zero);
  return alone[0];
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
