// SPDX-License-Identifier: MIT
// The one matrix product of the library: every lane sums its own column.
//
//   c(i, lane) = start + sum over j of a(i, j) b(j, lane),  j rising
//
// Elements of a are broadcast, rows of b and c are vectors. Each c(i, lane) is one chain of
// multiply-adds in the order of j, whatever the blocking: its bits depend on nothing else.
#pragma once

#include <heed/simd/opaque.hpp>        // opaque
#include <heed/simd/simd.hpp>          // simd
#include <heed/storage/prefetch.hpp>   // fetch_ahead
#include <heed/storage/quantised.hpp>  // scaled_rows

#include <cstddef>      // size_t
#include <cstdint>      // int8_t
#include <type_traits>  // integral_constant, remove_const_t

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Registers hold 6 x 2 accumulators, two vectors of b and one broadcast number on machines with 16.
// On machines with 32, 8 x 2 are twice what keeps two multipliers busy, and divide the usual sizes;
// four multipliers want 12 x 2. A lone packet of lanes has 8 x 1, or 12 x 1, two rows 2 x 4, one row 1 x 8.
inline constexpr int packets_per_block = 2;
template <class Scalar, int Packets>
inline constexpr int rows_per_block = Packets == 8                                   ? 1
                                      : Packets == 4                                 ? 2
                                      : simd<Scalar>::multiply_adds > 2              ? 12
                                      : Packets == 1 || simd<Scalar>::registers > 16 ? 8
                                                                                     : 6;

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

// Operand A, one number at a time: a(i, j) is data[i * row_stride + j * step]. One of the two is 1: rows
// or columns lie in one piece.
template <class Scalar>
struct a_operand {
  const Scalar* data;
  index row_stride;
  index step = 1;

  void skip_rows(index count) { data += count * row_stride; }
};

// Operand B or C: a row of lanes at a time, lanes next to each other. `load` gives packet p of row j of B
// from the one at hand.
template <class Scalar>
struct lane_operand {
  Scalar* data;
  index pitch;  // from one row to the next

  void skip_rows(index count) { data += count * pitch; }
  void skip_lanes(index count) { data += count; }

  template <class s>
  EIGEN_ALWAYS_INLINE auto load(index j, index p) const {
    return s::load(data + j * pitch + p * s::size);
  }
};

// The same with rows of packets_per_block packets without a gap, so that distances are part of the
// instructions.
template <class Scalar>
struct packed_lanes {
  Scalar* data;
  static constexpr index pitch = packets_per_block * simd<std::remove_const_t<Scalar>>::size;

  void skip_rows(index count) { data += count * pitch; }
  void skip_lanes(index count) { data += count; }

  template <class s>
  EIGEN_ALWAYS_INLINE auto load(index j, index p) const {
    return s::load(data + j * pitch + p * s::size);
  }
};

// B as 8-bit integers with a scale a row.
struct scaled_lane_operand {
  const std::int8_t* data;
  index pitch;
  const float* scales;
  index scale_stride;

  void skip_lanes(index count) { data += count; }

  template <class s>
  EIGEN_ALWAYS_INLINE auto load(index j, index p) const {
    return s::multiply(s::load(data + j * pitch + p * s::size),
                       s::broadcast(scales[j * scale_stride]));
  }
  void skip_rows(index count) {
    data += count * pitch;
    scales += count * scale_stride;
  }
};

// ... with a scale a lane.
struct lane_scaled_operand {
  const std::int8_t* data;
  index pitch;
  const float* scales;

  void skip_lanes(index count) {
    data += count;
    scales += count;
  }

  template <class s>
  EIGEN_ALWAYS_INLINE auto load(index j, index p) const {
    return s::multiply(s::load(data + j * pitch + p * s::size), s::load(scales + p * s::size));
  }
  void skip_rows(index count) { data += count * pitch; }
};

// Rows of Packets packets without a gap.
template <class Scalar, int Packets = packets_per_block>
inline constexpr index packed_pitch = Packets* simd<Scalar>::size;

// A tile of keys that lies by columns, from its first key on, as B.
template <class Storage>
lane_operand<const Storage> lanes_of_tile(const view<const Storage>& tile, index pitch) {
  return {tile.data, pitch};
}
inline lane_scaled_operand lanes_of_tile(const scaled_rows& tile, index pitch) {
  return {tile.data, pitch, tile.scales};
}

// Some rows of memory, from a column on, as B.
template <class Storage>
lane_operand<const Storage> lanes_from(const view<const Storage>& rows, index first_col) {
  return {rows.data + first_col, rows.row_stride};
}
inline scaled_lane_operand lanes_from(const scaled_rows& rows, index first_col) {
  return {rows.data + first_col, rows.row_stride, rows.scales, rows.scale_stride};
}

// What becomes of C, in the words of BLAS: C = A B (beta 0), C = A B + C where chains begin with what C
// holds (beta 1), or C = A B + C diag(factors) where it is added to their ends.
template <class Scalar>
struct c_update {
  bool from_memory = false;
  const Scalar* factors = nullptr;  // (lanes)
};
template <class Scalar>
c_update<Scalar> from_zero() {
  return {};
}
template <class Scalar>
c_update<Scalar> from_memory() {
  return {true, nullptr};
}
template <class Scalar>
c_update<Scalar> onto_scaled(const Scalar* factors) {
  return {false, factors};
}

// What a product is about.
template <class C, class Scalar, class Lanes>
struct row_product {
  C c;
  a_operand<Scalar> a;
  Lanes b;
  index depth;  // terms of a sum
  c_update<Scalar> update;
  index panels;
};

// Rows x Packets accumulators stay in registers over the whole chain. Four terms are written out, so that
// the loop is short enough for its end to be foreseen.
template <int Rows, int Packets, class C, class Scalar, class Lanes, class Fetch>
EIGEN_ALWAYS_INLINE void micro_kernel(C c, a_operand<Scalar> a, Lanes b, index depth,
                                      const c_update<Scalar>& update, Fetch& fetch) {
  using s = simd<Scalar>;

  // Calls use(i, row of C) for each row, whose addresses are formed one after the other: all at once
  // would fill the registers.
  const auto each_row = [&](const auto& use) HEED_INLINED {
    Scalar* row = c.data;
    HEED_UNROLL for (int i = 0; i < Rows; ++i) {
      use(i, row);
      row = opaque(row + c.pitch);
    }
  };
  constexpr auto packets = static_cast<std::size_t>(Packets);
  typename s::packet sum[static_cast<std::size_t>(Rows)][packets];
  HEED_UNROLL for (int i = 0; i < Rows; ++i) HEED_UNROLL for (int p = 0; p < Packets; ++p)
      sum[i][p] = s::broadcast(Scalar(0));
  if (update.from_memory)
    each_row([&](int i, const Scalar* row) HEED_INLINED {
      HEED_UNROLL for (int p = 0; p < Packets; ++p) sum[i][p] = s::load(row + p * s::size);
    });

  // Addresses in A: of every third row, from which the machine reaches the two behind it.
  constexpr int per_place = 3, places = (Rows + per_place - 1) / per_place;
  const Scalar* place[static_cast<std::size_t>(places)];
  HEED_UNROLL for (int g = 0; g < places; ++g) place[g] =
      opaque(a.data + g * per_place * a.row_stride);

  const auto add = [&](int j) HEED_INLINED {
    typename s::packet lanes[packets];
    HEED_UNROLL for (int p = 0; p < Packets; ++p) lanes[p] = b.template load<s>(j, p);
    HEED_UNROLL for (int i = 0; i < Rows; ++i) {
      const auto one = s::broadcast(place[i / per_place][i % per_place * a.row_stride]);
      HEED_UNROLL for (int p = 0; p < Packets; ++p) s::accumulate(sum[i][p], one, lanes[p]);
    }
    HEED_UNROLL for (int g = 0; g < places; ++g) place[g] = opaque(place[g] + a.step);
  };
  constexpr index written_out = 4;
  const auto terms = static_cast<std::size_t>(depth);
  for (std::size_t n = terms / written_out; n > 0; --n) {
    HEED_UNROLL for (int j = 0; j < written_out; ++j) {
      add(j);
      fetch.template step<Packets * s::size * index(sizeof(*b.data))>(j, n);
    }
    b.skip_rows(written_out);
  }
  for (std::size_t n = terms % written_out; n > 0; --n) {
    add(0);
    b.skip_rows(1);
  }

  if (update.factors != nullptr)
    each_row([&](int i, const Scalar* row) HEED_INLINED {
      HEED_UNROLL for (int p = 0; p < Packets; ++p) sum[i][p] = s::multiply_add(
          s::load(row + p * s::size), s::load(update.factors + p * s::size), sum[i][p]);
    });
  each_row([&](int i, Scalar* row) HEED_INLINED {
    HEED_UNROLL for (int p = 0; p < Packets; ++p) s::store(row + p * s::size, sum[i][p]);
  });
}

// Blocks of Rows rows from a row on, each over all panels of lanes. Never inlined: there are few kinds,
// and each is compiled once.
template <int Rows, int Packets, class C, class Scalar, class Lanes, class Fetch>
HEED_ONE_COPY void row_blocks(const row_product<C, Scalar, Lanes>& product, index first_row,
                              index blocks, Fetch& later) {
  constexpr index panel = Packets * simd<Scalar>::size;
  const c_update<Scalar> update = product.update;
  C c = product.c;
  a_operand<Scalar> a = product.a;
  c.skip_rows(first_row);
  a.skip_rows(first_row);
  Fetch fetch = later;  // in registers
  for (; blocks > 0; --blocks) {
    auto c_panel = c;
    auto b_panel = product.b;
    for (index n = product.panels; n > 0; --n) {
      micro_kernel<Rows, Packets>(c_panel, a, b_panel, product.depth, update, fetch);
      c_panel.skip_lanes(panel);
      b_panel.skip_lanes(panel);
    }
    c.skip_rows(Rows);
    a.skip_rows(Rows);
  }
  later = fetch;
}

// Rows in full blocks, then in fours and what is left: few kinds, since each is compiled. Four rows of two
// packets hide the latency of a multiply-add, and fewer take as long as four: a full block of six less,
// where that leaves rows that make fours, or fours and a three.
template <int Packets, class C, class Scalar, class Lanes, class Fetch>
void product_rows(const row_product<C, Scalar, Lanes>& product, index rows, Fetch& fetch) {
  constexpr index full = rows_per_block<Scalar, Packets>;
  index done = 0;
  const auto blocks = [&]<int Rows>(std::integral_constant<int, Rows>, index count) {
    row_blocks<Rows, Packets>(product, done, count, fetch);
    done += count * Rows;
  };
  if (rows >= full) {
    const auto count = static_cast<index>(static_cast<std::size_t>(rows) / std::size_t(full));
    const index rest = rows - count * full;
    const bool one_less = full == 6 && rows > full && (rest == 1 || rest == 2 || rest == 5);
    blocks(std::integral_constant<int, full>{}, count - (one_less ? 1 : 0));
  }
  if constexpr (full > 4)
    if (rows - done >= 4) blocks(std::integral_constant<int, 4>{}, (rows - done) / 4);
  if constexpr (full > 4 && Packets > 1)
    if (rows - done == 3) return blocks(std::integral_constant<int, 3>{}, 1);
  if constexpr (full > 2)
    if (rows - done >= 2) blocks(std::integral_constant<int, 2>{}, 1);
  if constexpr (full > 1)
    if (rows > done) blocks(std::integral_constant<int, 1>{}, rows - done);
}

// C(rows, packets * simd size) by `update`, over `depth` terms; packets is 1, 2, 4 or 8. The same for so
// many panels of packets, next to each other in B and C.
template <int Packets, class C, class Scalar, class Lanes>
void macro_kernel(C c, a_operand<Scalar> a, Lanes b, index rows, index depth,
                  const c_update<Scalar>& update, index panels = 1) {
  fetch_nothing nothing;
  const detail::row_product<C, Scalar, Lanes> product{c, a, b, depth, update, panels};
  detail::product_rows<Packets>(product, rows, nothing);
}
template <class C, class Scalar, class Lanes>
void macro_kernel(C c, a_operand<Scalar> a, Lanes b, index rows, index packets, index depth,
                  const c_update<Scalar>& update) {
  if (packets == 2)
    macro_kernel<2>(c, a, b, rows, depth, update);
  else
    macro_kernel<1>(c, a, b, rows, depth, update);
}

// ... while `fetch` asks for what is wanted later.
template <int Packets, class C, class Scalar, class Lanes>
void macro_kernel(C c, a_operand<Scalar> a, Lanes b, index rows, index depth,
                  const c_update<Scalar>& update, index panels, fetch_ahead& fetch) {
  detail::product_rows<Packets>(
      detail::row_product<C, Scalar, Lanes>{c, a, b, depth, update, panels}, rows, fetch);
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
