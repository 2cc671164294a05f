// SPDX-License-Identifier: MIT
// The one matrix product of the library: every lane sums its own column.
//
//   c(i, lane) = c(i, lane) + sum over j of a(i, j) b(j, lane),  j rising
//
// Elements of a are broadcast, rows of b and c are vectors. Each c(i, lane) is one chain of
// multiply-adds in the order of j, whatever the blocking: its bits depend on nothing else.
#pragma once

#include <heed/core/simd.hpp>    // simd
#include <heed/core/unroll.hpp>  // unroll

#include <type_traits>  // is_same_v

namespace heed {
inline namespace HEED_ABI {

// a: one number at a time, any strides.
template <class Scalar>
struct broadcast_side {
  const Scalar* data;
  index row_stride;  // from i to i + 1
  index step;        // from j to j + 1
};

// b or c: a row of lanes at a time, lanes next to each other.
template <class Scalar>
struct lane_side {
  Scalar* data;
  index pitch;  // from one row to the next
};

// Where the chains begin.
struct from_zero {};    // c = a b
struct from_memory {};  // c = c + a b

namespace detail {

// Rows x Packets accumulators stay in registers over the whole chain.
template <class Scalar, class Start, int Rows, int Packets>
void product_block(lane_side<Scalar> c, broadcast_side<Scalar> a, lane_side<const Scalar> b,
                   index depth) {
  using s = simd<Scalar>;
  using packet = typename s::packet;
  packet sum[Rows][Packets];
  unroll<Rows>([&](auto i) HEED_INLINED {
    unroll<Packets>([&](auto p) HEED_INLINED {
      if constexpr (std::is_same_v<Start, from_memory>)
        sum[i][p] = s::load(c.data + i * c.pitch + p * s::size);
      else
        sum[i][p] = s::broadcast(Scalar(0));
    });
  });

  for (index j = 0; j < depth; ++j) {
    packet lanes[Packets];
    unroll<Packets>([&](auto p)
                        HEED_INLINED { lanes[p] = s::load(b.data + j * b.pitch + p * s::size); });
    unroll<Rows>([&](auto i) HEED_INLINED {
      const packet one = s::broadcast(a.data[i * a.row_stride + j * a.step]);
      unroll<Packets>([&](auto p)
                          HEED_INLINED { sum[i][p] = s::multiply_add(one, lanes[p], sum[i][p]); });
    });
  }

  unroll<Rows>([&](auto i) HEED_INLINED {
    unroll<Packets>([&](auto p)
                        HEED_INLINED { s::store(c.data + i * c.pitch + p * s::size, sum[i][p]); });
  });
}

// Rows in blocks of `Rows`, the last two of even length so that neither is too short to hide the
// latency of a multiply-add.
template <class Scalar, class Start, int Rows, int Packets>
void product_rows(lane_side<Scalar> c, broadcast_side<Scalar> a, lane_side<const Scalar> b,
                  index rows, index depth) {
  const auto block = [&]<int Count>(std::integral_constant<int, Count>) HEED_INLINED {
    product_block<Scalar, Start, Count, Packets>(c, a, b, depth);
    c.data += Count * c.pitch;
    a.data += Count * a.row_stride;
    rows -= Count;
  };
  while (rows >= 2 * Rows || rows == Rows) block(std::integral_constant<int, Rows>{});
  while (rows > 0) {
    const index now = rows > Rows ? (rows + 1) / 2 : rows;
    unroll<Rows>([&](auto i) HEED_INLINED {
      if (now == i + 1) block(std::integral_constant<int, i + 1>{});
    });
  }
}

}  // namespace detail

// Registers hold 6 x 2 accumulators, two vectors of b and one broadcast number on machines with 16,
// and 12 x 2 on machines with 32.
inline constexpr index packets_per_block = 2;
template <class Scalar>
inline constexpr int rows_per_block = simd<Scalar>::registers == 32 ? 12 : 6;

// c(rows, packets * simd size) by Start, over `depth` terms; packets is 1 or 2.
template <class Scalar, class Start>
void lane_product(lane_side<Scalar> c, broadcast_side<Scalar> a, lane_side<const Scalar> b,
                  index rows, index packets, index depth, Start) {
  constexpr int full = rows_per_block<Scalar>;
  if (packets == 2)
    detail::product_rows<Scalar, Start, full, 2>(c, a, b, rows, depth);
  else
    detail::product_rows<Scalar, Start, full, 1>(c, a, b, rows, depth);
}

}  // namespace HEED_ABI
}  // namespace heed
