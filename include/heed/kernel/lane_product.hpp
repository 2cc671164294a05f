// SPDX-License-Identifier: MIT
// The one matrix product of the library: every lane sums its own column.
//
//   c(i, lane) = start + sum over j of a(i, j) b(j, lane),  j rising
//
// Elements of a are broadcast, rows of b and c are vectors. Each c(i, lane) is one chain of
// multiply-adds in the order of j, whatever the blocking: its bits depend on nothing else.
#pragma once

#include <heed/core/prefetch.hpp>   // fetch_ahead
#include <heed/core/quantised.hpp>  // scaled_rows
#include <heed/core/simd.hpp>       // simd
#include <heed/core/unroll.hpp>     // unroll

#include <type_traits>  // integral_constant, is_same_v

namespace heed {
inline namespace HEED_ABI {

// Registers hold 6 x 2 accumulators, two vectors of b and one broadcast number on machines with 16.
// On machines with 32, 8 x 2 are twice what keeps two multipliers busy, and divide the usual sizes;
// four multipliers want 12 x 2. A lone packet of lanes has 12 x 1, two rows 2 x 4, one row 1 x 8.
inline constexpr int packets_per_block = 2;
template <class Scalar, int Packets>
inline constexpr int rows_per_block = Packets == 8                       ? 1
                                      : Packets == 4                     ? 2
                                      : Packets == 1                     ? 12
                                      : simd<Scalar>::registers == 16    ? 6
                                      : simd<Scalar>::multiply_adds == 2 ? 8
                                                                         : 12;

// Packets next to each other that products of so many rows take at a time: more for one or two rows,
// since eight chains are what hides the latency of a multiply-add.
constexpr index packets_for_rows(index rows) {
  return rows <= 1 ? 8 : rows == 2 ? 4 : packets_per_block;
}

// Calls use(std::integral_constant) with such a number.
template <class Use>
void with_packets(index packets, const Use& use) {
  if (packets == 8)
    use(std::integral_constant<int, 8>{});
  else if (packets == 4)
    use(std::integral_constant<int, 4>{});
  else
    use(std::integral_constant<int, packets_per_block>{});
}

// Packets that so many lanes take.
template <class Scalar>
constexpr index packets_of(index lanes) {
  return divide_up(lanes, simd<Scalar>::size);
}

// Lanes, rounded up to those.
template <class Scalar>
constexpr index whole_packets(index lanes) {
  return packets_of<Scalar>(lanes) * simd<Scalar>::size;
}

// Which neighbours of a lie next to each other in memory: a(i, j) and a(i, j + 1), or a(i, j) and
// a(i + 1, j). Known when compiling, so that their addresses are part of the instructions.
struct along_rows {
  static constexpr bool by_rows = true;
};
struct along_columns {
  static constexpr bool by_rows = false;
};
// ... and how far rows are apart.
template <index Stride>
struct along_rows_apart {
  static constexpr bool by_rows = true;
  static constexpr index stride = Stride;
};

// a: one number at a time.
template <class Scalar, class Layout>
struct broadcast_side {
  const Scalar* data;
  index stride;  // from one row, or column, to the next

  void skip_rows(index count) { data += Layout::by_rows ? count * stride : count; }
};
template <class Scalar, index Stride>
struct broadcast_side<Scalar, along_rows_apart<Stride>> {
  const Scalar* data;
  static constexpr index stride = Stride;

  void skip_rows(index count) { data += count * stride; }
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

}  // namespace detail

// b or c: a row of lanes at a time, lanes next to each other. Rows of b whose distance is not known
// when compiling are stepped through one by one; `load` gives packet p of the one at hand.
template <class Scalar>
struct lane_side {
  Scalar* data;
  index pitch;  // from one row to the next

  void skip_rows(index count) { data += count * pitch; }
  void skip_lanes(index count) { data += count; }

  template <class s>
  auto load(index, index p) const {
    return s::load(data + p * s::size);
  }
  void step() { data = detail::opaque(data + pitch); }
  void step_all(index) {}
};

// b as 8-bit integers with a scale a row.
struct scaled_lane_side {
  const std::int8_t* data;
  index pitch;
  const float* scales;
  index scale_stride;

  void skip_lanes(index count) { data += count; }

  template <class s>
  auto load(index, index p) const {
    return s::multiply(s::load(data + p * s::size), s::broadcast(*scales));
  }
  void step() {
    data = detail::opaque(data + pitch);
    scales = detail::opaque(scales + scale_stride);
  }
  void step_all(index) {}
};

// b whose rows are a distance apart that is known when compiling: `load` gives packet p of row j from
// the one at hand.
template <class Storage, index Pitch>
struct lanes_apart {
  const Storage* data;
  static constexpr index pitch = Pitch;

  void skip_lanes(index count) { data += count; }

  template <class s>
  auto load(index j, index p) const {
    return s::load(data + j * pitch + p * s::size);
  }
  void step() {}
  void step_all(index count) { data += count * pitch; }
};

// ... with no gap between rows of Packets packets.
template <class Scalar, int Packets = packets_per_block>
using packed_lanes = lanes_apart<Scalar, Packets * simd<Scalar>::size>;

// ... as 8-bit integers with a scale a lane.
template <index Pitch>
struct scaled_lanes_apart {
  const std::int8_t* data;
  const float* scales;

  void skip_lanes(index count) {
    data += count;
    scales += count;
  }

  template <class s>
  auto load(index j, index p) const {
    return s::multiply(s::load(data + j * Pitch + p * s::size), s::load(scales + p * s::size));
  }
  void step() {}
  void step_all(index count) { data += count * Pitch; }
};

// A tile of keys that lies by columns, from its first key on.
template <index Pitch, class Storage>
lanes_apart<Storage, Pitch> lanes_of_tile(const view<const Storage>& tile) {
  return {tile.data};
}
template <index Pitch>
scaled_lanes_apart<Pitch> lanes_of_tile(const scaled_rows& tile) {
  return {tile.data, tile.scales};
}

// Some rows of memory, from a column on, as b.
template <class Storage>
lane_side<const Storage> lanes_from(const view<const Storage>& rows, index first_col) {
  return {rows.data + first_col, rows.row_stride};
}
inline scaled_lane_side lanes_from(const scaled_rows& rows, index first_col) {
  return {rows.data + first_col, rows.row_stride, rows.scales, rows.scale_stride};
}

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

// Rows x Packets accumulators stay in registers over the whole chain. Four terms are written out,
// so that the loop is short enough for its end to be foreseen.
template <int Rows, int Packets, index Fetched, class Scalar, class Layout, class Sums, class Lanes,
          class Fetch>
void product_block(lane_side<Scalar> c, broadcast_side<Scalar, Layout> a, Lanes b, index depth,
                   const Sums& sums, Fetch& later) {
  using s = simd<Scalar>;
  Fetch fetch = later;  // in registers
  typename s::packet sum[static_cast<std::size_t>(Rows)][static_cast<std::size_t>(Packets)];
  unroll<Rows>([&](auto i) HEED_INLINED {
    unroll<Packets>(
        [&](auto p) HEED_INLINED { sum[i][p] = sums.begin(c.data + i * c.pitch + p * s::size); });
  });

  constexpr bool stride_is_known = !Layout::by_rows || !std::is_same_v<Layout, along_rows>;
  constexpr int places = stride_is_known ? 1 : Rows;
  fixed_array<const Scalar*, places> place;
  unroll<places>([&](auto i) HEED_INLINED { place[i] = opaque(&a.data[i * a.stride]); });
  const auto add = [&](auto j) HEED_INLINED {
    typename s::packet lanes[static_cast<std::size_t>(Packets)];
    unroll<Packets>([&](auto p) HEED_INLINED { lanes[p] = b.template load<s>(j, p); });
    b.step();
    fetch.template step<Fetched>(j);
    unroll<Rows>([&](auto i) HEED_INLINED {
      const auto one = s::broadcast(!Layout::by_rows  ? place[0][j * a.stride + i]
                                    : stride_is_known ? place[0][i * a.stride + j]
                                                      : place[i % places][j]);
      unroll<Packets>([&](auto p) HEED_INLINED { s::accumulate(sum[i][p], one, lanes[p]); });
    });
  };
  const auto advance = [&](int steps) HEED_INLINED {
    unroll<places>([&](auto i)
                       HEED_INLINED { place[i] += Layout::by_rows ? steps : steps * a.stride; });
    b.step_all(steps);
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
  later = fetch;
}

// Rows in full blocks, then in fours and what is left: few kinds, since each is compiled. Four rows of
// two packets hide the latency of a multiply-add, and fewer take as long as four: a full block of six
// less, where that leaves rows that make fours, or fours and a three.
template <int Packets, index Fetched, class Scalar, class Layout, class Sums, class Lanes,
          class Fetch>
void product_rows(lane_side<Scalar> c, broadcast_side<Scalar, Layout> a, Lanes b, index rows,
                  index depth, const Sums& sums, index strips, Fetch& fetch) {
  constexpr int full = rows_per_block<Scalar, Packets>;
  constexpr index strip = Packets * simd<Scalar>::size;
  const auto blocks = [&]<int Count>(std::integral_constant<int, Count>, index times) {
    for (index i = 0; i < times; ++i) {
      auto c_strip = c;
      auto b_strip = b;
      for (index n = 0; n < strips; ++n) {
        product_block<Count, Packets, Fetched>(c_strip, a, b_strip, depth, sums, fetch);
        c_strip.skip_lanes(strip);
        b_strip.skip_lanes(strip);
      }
      c.skip_rows(Count);
      a.skip_rows(Count);
      rows -= Count;
    }
  };
  const index rest = rows % full;
  const bool one_less = full == 6 && rows > full && (rest == 1 || rest == 2 || rest == 5);
  blocks(std::integral_constant<int, full>{}, rows / full - (one_less ? 1 : 0));
  if constexpr (full > 4) blocks(std::integral_constant<int, 4>{}, rows / 4);
  if constexpr (full > 4 && Packets > 1) blocks(std::integral_constant<int, 3>{}, rows / 3);
  if constexpr (full > 2) blocks(std::integral_constant<int, 2>{}, rows / 2);
  if constexpr (full > 1) blocks(std::integral_constant<int, 1>{}, rows);
}

}  // namespace detail

// c(rows, packets * simd size) by `sums`, over `depth` terms; packets is 1, 2, 4 or 8. The same for
// so many strips of packets, next to each other in b and c.
template <int Packets, class Scalar, class Layout, class Lanes, class Sums>
void lane_product(lane_side<Scalar> c, broadcast_side<Scalar, Layout> a, Lanes b, index rows,
                  index depth, const Sums& sums, index strips = 1) {
  fetch_nothing nothing;
  detail::product_rows<Packets, 0>(c, a, b, rows, depth, sums, strips, nothing);
}
template <class Scalar, class Layout, class Lanes, class Sums>
void lane_product(lane_side<Scalar> c, broadcast_side<Scalar, Layout> a, Lanes b, index rows,
                  index packets, index depth, const Sums& sums) {
  if (packets == 2)
    lane_product<2>(c, a, b, rows, depth, sums);
  else
    lane_product<1>(c, a, b, rows, depth, sums);
}

// ... while so many bytes of what is wanted later are asked for with each term.
template <int Packets, index Fetched, class Scalar, class Layout, class Lanes, class Sums>
void lane_product(lane_side<Scalar> c, broadcast_side<Scalar, Layout> a, Lanes b, index rows,
                  index depth, const Sums& sums, index strips, fetch_ahead& fetch) {
  detail::product_rows<Packets, Fetched>(c, a, b, rows, depth, sums, strips, fetch);
}

}  // namespace HEED_ABI
}  // namespace heed
