// SPDX-License-Identifier: MIT
// The micro-kernel: every size around its blocks, with guard values around the result.
#include <heed/gemm/micro_kernel.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace {

using heed::index;

// b and c as the functions make them (given their data and rows' distance), a by rows or by columns,
// against sums of small integers, which are exact.
template <int Packets, class Scalar, class C, class B>
void sweep(bool by_rows, index pitch_of_c, const C& c_of, index pitch_of_b, const B& b_of) {
  constexpr Scalar guard = 4321;
  constexpr index lanes = Packets * heed::detail::simd<Scalar>::size;
  std::vector<Scalar> factors(static_cast<std::size_t>(lanes));
  for (index l = 0; l < lanes; ++l) factors[std::size_t(l)] = Scalar(l % 3 - 1);
  for (index rows = 0; rows <= 27; ++rows)
    for (const index depth : {0, 1, 2, 3, 4, 5, 9})
      for (const char* start : {"zero", "memory", "scaled"}) {
        std::vector<Scalar> a(static_cast<std::size_t>(rows * depth + 1)),
            b(static_cast<std::size_t>(depth * pitch_of_b + lanes)),
            c(static_cast<std::size_t>((rows + 2) * pitch_of_c), guard);
        for (std::size_t i = 0; i < a.size(); ++i) a[i] = Scalar(int(i * 7 % 11) - 5);
        for (std::size_t i = 0; i < b.size(); ++i) b[i] = Scalar(int(i * 5 % 13) - 6);
        for (index i = 0; i < rows; ++i)
          for (index l = 0; l < lanes; ++l)
            c[std::size_t((i + 1) * pitch_of_c + l)] = Scalar(i + l);
        const heed::detail::a_operand<Scalar> side{a.data(), by_rows ? depth : 1,
                                                   by_rows ? 1 : rows};
        const auto multiply = [&](const heed::detail::c_update<Scalar>& update) {
          heed::detail::macro_kernel<Packets>(c_of(c.data() + pitch_of_c, pitch_of_c), side,
                                              b_of(b.data(), pitch_of_b), rows, depth, update);
        };
        if (start[0] == 'z') multiply(heed::detail::from_zero<Scalar>());
        if (start[0] == 'm') multiply(heed::detail::from_memory<Scalar>());
        if (start[0] == 's') multiply(heed::detail::onto_scaled<Scalar>(factors.data()));
        for (index i = -1; i <= rows; ++i)
          for (index l = 0; l < pitch_of_c; ++l) {
            Scalar want = guard;
            if (i >= 0 && i < rows && l < lanes) {
              want = start[0] == 'z'   ? Scalar(0)
                     : start[0] == 'm' ? Scalar(i + l)
                                       : Scalar(i + l) * factors[std::size_t(l)];
              for (index j = 0; j < depth; ++j)
                want += a[std::size_t(by_rows ? i * depth + j : j * rows + i)] *
                        b[std::size_t(j * pitch_of_b + l)];
            }
            ASSERT_EQ(c[std::size_t((i + 1) * pitch_of_c + l)], want)
                << rows << " " << Packets << " " << depth << " " << start;
          }
      }
}

template <int Packets, class Scalar>
void sweep_layouts() {
  constexpr index lanes = Packets * heed::detail::simd<Scalar>::size;
  const auto c = [](Scalar* data, index pitch) {
    return heed::detail::lane_operand<Scalar>{data, pitch};
  };
  const auto b = [](const Scalar* data, index pitch) {
    return heed::detail::lane_operand<const Scalar>{data, pitch};
  };
  sweep<Packets, Scalar>(true, lanes + 3, c, lanes, b);
  sweep<Packets, Scalar>(true, lanes + 3, c, lanes + 5, b);
  if constexpr (Packets <= heed::detail::packets_per_block) {  // others have few rows, as they lie
    const auto packed_c = [](Scalar* data, index) {
      return heed::detail::packed_lanes<Scalar>{data};
    };
    const auto packed_b = [](const Scalar* data, index) {
      return heed::detail::packed_lanes<const Scalar>{data};
    };
    constexpr index pitch = heed::detail::packed_lanes<Scalar>::pitch;
    sweep<Packets, Scalar>(false, lanes + 3, c, lanes + 5, b);
    sweep<Packets, Scalar>(true, pitch, packed_c, pitch, packed_b);
    sweep<Packets, Scalar>(false, pitch, packed_c, pitch, packed_b);
  }
}

template <class Scalar>
void sweep_packets() {
  sweep_layouts<1, Scalar>();
  sweep_layouts<2, Scalar>();
  sweep_layouts<4, Scalar>();
  sweep_layouts<8, Scalar>();
}

// What is fetched is memory that is there: none of it, and all of it once.
TEST(macro_kernel, fetches_while_it_multiplies) {
  constexpr index lanes = heed::detail::packed_pitch<float>;
  std::vector<float> a(64, 1), b(16 * lanes, 2), c(4 * lanes);
  heed::matrix<float> later = heed::matrix<float>::Ones(5, 48);
  heed::detail::fetch_ahead fetch(heed::detail::view<const float>(heed::detail::view_of(later)), 0,
                                  1);
  fetch.prefetch_one_in(2);
  heed::detail::macro_kernel<2>(heed::detail::lane_operand<float>{c.data(), lanes},
                                heed::detail::a_operand<float>{a.data(), 16},
                                heed::detail::lane_operand<const float>{b.data(), lanes}, 4, 16,
                                heed::detail::from_zero<float>(), 1, fetch);
  for (const float sum : c) EXPECT_EQ(sum, 32.0f);
}

TEST(macro_kernel, is_exact_on_integers) {
  sweep_packets<float>();
  sweep_packets<double>();
}

}  // namespace
