// SPDX-License-Identifier: MIT
// Every vector operation, lane by lane, against the same arithmetic on single numbers.
#include <heed/simd/simd.hpp>
#include <heed/simd/unroll.hpp>

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

namespace {

using heed::index;

template <class Scalar>
struct simd : ::testing::Test {
  using s = heed::detail::simd<Scalar>;
  using packet = typename s::packet;
  using lanes = std::array<Scalar, static_cast<std::size_t>(s::size)>;
  static constexpr Scalar infinity = std::numeric_limits<Scalar>::infinity();
  static constexpr Scalar nan = std::numeric_limits<Scalar>::quiet_NaN();

  // first, first + step, ...
  static lanes ramp(Scalar first, Scalar step) {
    lanes l;
    for (std::size_t i = 0; i < l.size(); ++i) l[i] = first + step * Scalar(i);
    return l;
  }
  static packet load(const lanes& l) { return s::load(l.data()); }
  static lanes store(const packet& p) {
    lanes l;
    s::store(l.data(), p);
    return l;
  }
  template <class Of>
  static lanes each(const lanes& a, const lanes& b, const Of& of) {
    lanes l;
    for (std::size_t i = 0; i < l.size(); ++i) l[i] = of(a[i], b[i]);
    return l;
  }
};
using scalars = ::testing::Types<float, double>;
TYPED_TEST_SUITE(simd, scalars);

TYPED_TEST(simd, arithmetic) {
  using f = TestFixture;
  using v = typename f::s;
  using Scalar = TypeParam;
  const auto x = f::ramp(Scalar(-1.3), Scalar(0.7)), y = f::ramp(Scalar(2.1), Scalar(-0.9));
  const auto a = f::load(x), b = f::load(y);
  EXPECT_EQ(f::store(v::add(a, b)), f::each(x, y, [](Scalar p, Scalar q) { return p + q; }));
  EXPECT_EQ(f::store(v::subtract(a, b)), f::each(x, y, [](Scalar p, Scalar q) { return p - q; }));
  EXPECT_EQ(f::store(v::multiply(a, b)), f::each(x, y, [](Scalar p, Scalar q) { return p * q; }));
  EXPECT_EQ(f::store(v::divide(a, b)), f::each(x, y, [](Scalar p, Scalar q) { return p / q; }));
  EXPECT_EQ(f::store(v::maximum(a, b)),
            f::each(x, y, [](Scalar p, Scalar q) { return p < q ? q : p; }));
  EXPECT_EQ(f::store(v::broadcast(Scalar(3))), f::ramp(3, 0));
  EXPECT_EQ(f::store(v::rounded(a)), x);
}

TYPED_TEST(simd, multiply_add_is_exact_on_integers) {
  using f = TestFixture;
  const auto x = f::ramp(-3, 2), y = f::ramp(5, -1);
  const auto got = f::store(f::s::multiply_add(f::load(x), f::load(y), f::load(x)));
  EXPECT_EQ(got, f::each(x, y, [](auto p, auto q) { return p * q + p; }));
}

TYPED_TEST(simd, where_less_takes_nan_for_not_less) {
  using f = TestFixture;
  using v = typename f::s;
  using Scalar = TypeParam;
  for (const Scalar p : {-f::infinity, Scalar(-1), Scalar(0), Scalar(1), f::infinity, f::nan})
    for (const Scalar q : {-f::infinity, Scalar(-1), Scalar(0), Scalar(1), f::infinity, f::nan}) {
      const auto got =
          v::where_less(v::broadcast(p), v::broadcast(q), v::broadcast(7), v::broadcast(8));
      EXPECT_EQ(f::store(got), f::ramp(p < q ? Scalar(7) : Scalar(8), 0)) << p << " " << q;
    }
  // what is not taken does not leak through
  const auto got =
      v::where_less(v::broadcast(0), v::broadcast(1), v::broadcast(7), v::broadcast(f::nan));
  EXPECT_EQ(f::store(got), f::ramp(7, 0));
}

TYPED_TEST(simd, any_not_equal_sees_every_lane) {
  using f = TestFixture;
  using Scalar = TypeParam;
  const auto x = f::ramp(1, 1);
  EXPECT_FALSE(f::s::any_not_equal(f::load(x), f::load(x)));
  EXPECT_FALSE(f::s::any_not_equal(f::s::broadcast(0), f::s::broadcast(Scalar(-0.0))));
  for (std::size_t i = 0; i < x.size(); ++i)
    for (const Scalar other : {Scalar(0), f::infinity, f::nan}) {
      auto y = x;
      y[i] = other;
      EXPECT_TRUE(f::s::any_not_equal(f::load(x), f::load(y))) << i;
    }
  EXPECT_TRUE(f::s::any_not_equal(f::s::broadcast(f::nan), f::s::broadcast(f::nan)));
}

TYPED_TEST(simd, shift_past_fraction_moves_low_bits_to_the_exponent) {
  using f = TestFixture;
  using Scalar = TypeParam;
  using bits = heed::detail::bits_of<Scalar>;
  // lane i holds the exponent field of 2^(i - 3) in its lowest bits
  typename f::lanes x, powers;
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = std::bit_cast<Scalar>(static_cast<typename bits::integer>(bits::bias + int(i) - 3));
    powers[i] = std::ldexp(Scalar(1), int(i) - 3);
    EXPECT_EQ(heed::detail::shift_past_fraction(x[i]), powers[i]);
  }
  EXPECT_EQ(f::store(heed::detail::shift_past_fraction(f::load(x))), powers);
}

// Every integer there is, in every lane.
TYPED_TEST(simd, loads_integers) {
  using f = TestFixture;
  constexpr index n = f::s::size;
  std::int8_t from[256 + 64];
  for (int i = 0; i < 256 + 64; ++i) from[i] = static_cast<std::int8_t>(i);
  for (index first = 0; first < 256; ++first) {
    const auto got = f::store(f::s::load(from + first));
    for (index i = 0; i < n; ++i)
      ASSERT_EQ(got[std::size_t(i)], static_cast<TypeParam>(from[first + i]));
  }
}

TYPED_TEST(simd, loads_lines_as_columns) {
  using f = TestFixture;
  constexpr index n = f::s::size, stride = n + 3;
  const auto transposes = [&](auto zero) {
    using Storage = decltype(zero);
    // Nothing lies beyond the last line, which a sanitizer would see.
    std::vector<Storage> from(std::size_t((n - 1) * stride + n));
    for (std::size_t i = 0; i < from.size(); ++i)
      from[i] = static_cast<Storage>(static_cast<float>(int(i) * 5 % 251 - 125));
    const auto turns_from = [&](const Storage* first, index step) {
      typename f::packet square[std::size_t(n)];
      f::s::load_transposed(square, first, step);
      for (index c = 0; c < n; ++c) {
        const auto column = f::store(square[c]);
        for (index r = 0; r < n; ++r)
          ASSERT_EQ(column[std::size_t(r)], static_cast<TypeParam>(first[r * step + c]))
              << r << " " << c << " " << step;
      }
    };
    turns_from(from.data(), stride);
    turns_from(from.data() + (n - 1) * stride, -stride);
    turns_from(from.data(), 0);
  };
  transposes(TypeParam(0));
  transposes(std::int8_t(0));
  if constexpr (std::is_same_v<TypeParam, float>) {
    transposes(Eigen::half(0));
    transposes(Eigen::bfloat16(0));
  }
}

TEST(unroll, counts_up) {
  heed::index digits = 0;
  heed::detail::unroll<4>([&](heed::index i) { digits = digits * 10 + i; });
  EXPECT_EQ(digits, 123);
  heed::detail::unroll<0>([&](heed::index) { digits = -1; });
  EXPECT_EQ(digits, 123);
}

TEST(unroll, counts_up_at_compile_time) {
  int digits = 0;
  heed::detail::unroll_constants<4>(
      [&](auto i) { digits = digits * 10 + std::integral_constant<int, i>::value; });
  EXPECT_EQ(digits, 123);
  heed::detail::unroll_constants<0>([&](auto) { digits = -1; });
  EXPECT_EQ(digits, 123);
}

// Words of 32 bits, as many as a packet of floats has lanes.
TEST(words, are_taken_apart) {
  using s = heed::detail::simd<float>;
  constexpr auto size = static_cast<std::size_t>(s::size);
  std::uint32_t from[size];
  for (std::size_t i = 0; i < size; ++i)
    from[i] = 0x9C013C00U + static_cast<std::uint32_t>(i) * 0x01010001U;
  const auto a = s::load_words(from);
  const auto each = [&](const auto& of) {
    std::array<std::uint32_t, size> want{};
    for (std::size_t i = 0; i < size; ++i) want[i] = of(from[i]);
    return want;
  };
  const auto stored = [](const auto& words) {
    std::array<std::uint32_t, size> got{};
    s::store_words(got.data(), words);
    return got;
  };
  EXPECT_EQ(stored(s::shift_left<5>(a)), each([](std::uint32_t x) { return x << 5; }));
  EXPECT_EQ(stored(s::shift_right<5>(a)), each([](std::uint32_t x) { return x >> 5; }));
  EXPECT_EQ(stored(s::shift_right_signed<24>(a)), each([](std::uint32_t x) {
              return static_cast<std::uint32_t>(static_cast<int>(x >> 24) - 256);
            }));
  EXPECT_EQ(stored(s::both(a, 0xF00FU)), each([](std::uint32_t x) { return x & 0xF00FU; }));
  EXPECT_EQ(stored(s::either(a, s::shift_right<1>(a))),
            each([](std::uint32_t x) { return x | x >> 1; }));
  EXPECT_EQ(stored(s::turned(a, 0xF00FU)), each([](std::uint32_t x) { return x ^ 0xF00FU; }));
  EXPECT_EQ(stored(s::byte_of<0>(a)), each([](std::uint32_t x) { return x & 255; }));
  EXPECT_EQ(stored(s::byte_of<1>(a)), each([](std::uint32_t x) { return x >> 8 & 255; }));
  EXPECT_EQ(stored(s::byte_of<2>(a)), each([](std::uint32_t x) { return x >> 16 & 255; }));
  EXPECT_EQ(stored(s::byte_of<3>(a)), each([](std::uint32_t x) { return x >> 24; }));

  const auto numbers = [](const auto& packet) {
    std::array<float, size> got{};
    s::store(got.data(), packet);
    return got;
  };
  std::array<float, size> want_numbers{}, want_halves{};
  for (std::size_t i = 0; i < size; ++i) {
    want_numbers[i] = -100 + float(i);     // the upper byte, with its sign
    want_halves[i] = 1 + float(i) / 1024;  // 0x3C00 + i
  }
  EXPECT_EQ(numbers(s::number_of(s::shift_right_signed<24>(a))), want_numbers);
  EXPECT_EQ(numbers(s::half_of(a)), want_halves);
  for (std::size_t i = 0; i < size; ++i) want_numbers[i] = float(i % 16);
  EXPECT_EQ(numbers(s::number_of_nibble(a)), want_numbers);
  EXPECT_EQ(numbers(s::float_of(s::turned(s::both(a, 0), 0x40490FDB))),
            numbers(s::broadcast(std::bit_cast<float>(0x40490FDB))));
}

TEST(words, are_transposed_on_their_way_in) {
  using s = heed::detail::simd<float>;
  constexpr index stride = 21;
  std::vector<std::byte> lines(static_cast<std::size_t>((s::size - 1) * stride + 16));
  for (std::size_t i = 0; i < lines.size(); ++i) lines[i] = static_cast<std::byte>(i * 7);
  typename s::words to[4];
  s::load_words_transposed(to, lines.data(), stride);
  for (index k = 0; k < 4; ++k) {
    std::uint32_t got[static_cast<std::size_t>(s::size)];
    s::store_words(got, to[k]);
    for (index i = 0; i < s::size; ++i) {
      std::uint32_t want = 0;
      std::memcpy(&want, lines.data() + i * stride + 4 * k, sizeof want);
      EXPECT_EQ(got[i], want) << "word " << k << " of line " << i;
    }
  }
}

}  // namespace
