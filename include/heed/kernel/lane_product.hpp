// SPDX-License-Identifier: MIT
// The one matrix product of the library: every lane sums its own column.
//
//   c(i, lane) = start + sum over j of a(i, j) b(j, lane),  j rising
//
// Elements of a are broadcast, rows of b and c are vectors. Each c(i, lane) is one chain of
// multiply-adds in the order of j, whatever the blocking: its bits depend on nothing else.
#pragma once

#include <heed/core/simd.hpp>    // simd
#include <heed/core/unroll.hpp>  // unroll

#include <type_traits>  // is_same_v

namespace heed {
inline namespace HEED_ABI {

// Registers hold 6 x 2 accumulators, two vectors of b and one broadcast number on machines with 16,
// and 12 x 2 on machines with 32; 12 x 1 for a lone packet of lanes.
inline constexpr int packets_per_block = 2;
template <class Scalar, int Packets>
inline constexpr int rows_per_block = Packets == 1 || simd<Scalar>::registers == 32 ? 12 : 6;

// Packets that so many lanes take.
template <class Scalar>
constexpr index packets_of(index lanes) {
  return divide_up(lanes, simd<Scalar>::size);
}

// Which neighbours of a lie next to each other in memory: a(i, j) and a(i, j + 1), or a(i, j) and
// a(i + 1, j). Known when compiling, so that their addresses are part of the instructions.
struct along_rows {
  static constexpr bool by_rows = true;
};
struct along_columns {
  static constexpr bool by_rows = false;
};

// a: one number at a time.
template <class Scalar, class Layout>
struct broadcast_side {
  const Scalar* data;
  index stride;  // from one row, or column, to the next

  void skip_rows(index count) { data += Layout::by_rows ? count * stride : count; }
};

// b or c: a row of lanes at a time, lanes next to each other.
template <class Scalar>
struct lane_side {
  Scalar* data;
  index pitch;  // from one row to the next
};

// b with no gap between its rows of packets_per_block packets.
template <class Scalar>
struct packed_lanes {
  const Scalar* data;
  static constexpr index pitch = packets_per_block * simd<Scalar>::size;
};

// Where the chains begin and what becomes of their ends: c = chain from 0, or chain from what c
// holds, or c times a factor a lane + chain from 0.
template <class Scalar>
struct from_zero {
  using s = simd<Scalar>;
  auto begin(const Scalar*) const { return s::broadcast(Scalar(0)); }
  auto end(const Scalar*, const typename s::packet& sum, int) const { return sum; }
};
template <class Scalar>
struct from_memory {
  using s = simd<Scalar>;
  auto begin(const Scalar* c) const { return s::load(c); }
  auto end(const Scalar*, const typename s::packet& sum, int) const { return sum; }
};
template <class Scalar>
struct onto_scaled {
  using s = simd<Scalar>;
  const Scalar* factors;  // (lanes)
  auto begin(const Scalar*) const { return s::broadcast(Scalar(0)); }
  auto end(const Scalar* c, const typename s::packet& sum, int packet) const {
    return s::multiply_add(s::load(c), s::load(factors + packet * s::size), sum);
  }
};

namespace detail {

// A pointer whose origin the compiler is not to know: GCC would otherwise keep the distances between
// rows in registers, run out of them, and reload them in the innermost loop.
template <class T>
T* opaque(T* p) {
#if defined(__GNUC__)
  __asm__("" : "+r"(p));
#endif
  return p;
}

// Rows x Packets accumulators stay in registers over the whole chain. Four terms are written out,
// so that the loop is short enough for its end to be foreseen.
template <int Rows, int Packets, class Scalar, class Layout, class Sums, class Lanes>
void product_block(lane_side<Scalar> c, broadcast_side<Scalar, Layout> a, Lanes b, index depth,
                   const Sums& sums) {
  using s = simd<Scalar>;
  typename s::packet sum[Rows][Packets];
  unroll<Rows>([&](auto i) HEED_INLINED {
    unroll<Packets>(
        [&](auto p) HEED_INLINED { sum[i][p] = sums.begin(c.data + i * c.pitch + p * s::size); });
  });

  constexpr int places = Layout::by_rows ? Rows : 1;
  const Scalar* place[places];
  unroll<places>([&](auto i) HEED_INLINED { place[i] = opaque(&a.data[i * a.stride]); });
  const auto add = [&](auto j) HEED_INLINED {
    typename s::packet lanes[Packets];
    unroll<Packets>([&](auto p)
                        HEED_INLINED { lanes[p] = s::load(b.data + j * b.pitch + p * s::size); });
    unroll<Rows>([&](auto i) HEED_INLINED {
      const auto one =
          s::broadcast(Layout::by_rows ? place[i % places][j] : place[0][j * a.stride + i]);
      unroll<Packets>([&](auto p) HEED_INLINED { s::accumulate(sum[i][p], one, lanes[p]); });
    });
  };
  const auto advance = [&](int steps) HEED_INLINED {
    unroll<places>([&](auto i)
                       HEED_INLINED { place[i] += Layout::by_rows ? steps : steps * a.stride; });
    b.data += steps * b.pitch;
  };
  constexpr int written_out = 4;
  for (; depth >= written_out; depth -= written_out) {
    unroll<written_out>(add);
    advance(written_out);
  }
  for (; depth > 0; --depth) {
    add(std::integral_constant<int, 0>{});
    advance(1);
  }

  unroll<Rows>([&](auto i) HEED_INLINED {
    unroll<Packets>([&](auto p) HEED_INLINED {
      Scalar* const to = c.data + i * c.pitch + p * s::size;
      s::store(to, sums.end(to, sum[i][p], p));
    });
  });
}

// Rows in full blocks, then in fours, twos and ones: few kinds, since each is compiled. Two fours
// are better than a full block of six and a two, which is too short to hide the latency of a
// multiply-add.
template <int Packets, class Scalar, class Layout, class Sums, class Lanes>
void product_rows(lane_side<Scalar> c, broadcast_side<Scalar, Layout> a, Lanes b, index rows,
                  index depth, const Sums& sums) {
  constexpr int full = rows_per_block<Scalar, Packets>;
  const auto blocks = [&]<int Count>(std::integral_constant<int, Count>, index times) {
    for (index i = 0; i < times; ++i) {
      product_block<Count, Packets>(c, a, b, depth, sums);
      c.data += Count * c.pitch;
      a.skip_rows(Count);
      rows -= Count;
    }
  };
  const index rest = rows % full;
  const bool one_less = full == 6 && rows > full && (rest == 2 || rest == 3);
  blocks(std::integral_constant<int, full>{}, rows / full - (one_less ? 1 : 0));
  blocks(std::integral_constant<int, 4>{}, rows / 4);
  blocks(std::integral_constant<int, 2>{}, rows / 2);
  blocks(std::integral_constant<int, 1>{}, rows);
}

}  // namespace detail

// c(rows, packets * simd size) by `sums`, over `depth` terms; packets is 1 or 2.
template <int Packets, class Scalar, class Layout, class Lanes, class Sums>
void lane_product(lane_side<Scalar> c, broadcast_side<Scalar, Layout> a, Lanes b, index rows,
                  index depth, const Sums& sums) {
  detail::product_rows<Packets>(c, a, b, rows, depth, sums);
}
template <class Scalar, class Layout, class Lanes, class Sums>
void lane_product(lane_side<Scalar> c, broadcast_side<Scalar, Layout> a, Lanes b, index rows,
                  index packets, index depth, const Sums& sums) {
  if (packets == 2)
    lane_product<2>(c, a, b, rows, depth, sums);
  else
    lane_product<1>(c, a, b, rows, depth, sums);
}

}  // namespace HEED_ABI
}  // namespace heed
