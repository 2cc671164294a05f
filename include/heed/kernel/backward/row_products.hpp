// SPDX-License-Identifier: MIT
// Products whose lanes are features, and packed rows of features with room for whole packets.
#pragma once

#include <heed/gemm/micro_kernel.hpp>  // macro_kernel, lane_operand
#include <heed/kernel/tile.hpp>        // pack, view
#include <heed/storage/copy.hpp>       // copy

#include <algorithm>  // fill, fill_n

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Rows whose only gaps are the zeros that pad the last packet.
template <class Scalar>
struct feature_rows {
  Scalar* data;
  index width;
  index pitch;

  // Room for `rows` rows in `memory`.
  template <class Memory>
  static constexpr feature_rows in(Memory& memory, index rows, index width) {
    const index pitch = whole_packets<Scalar>(width);
    return {memory.template take<Scalar>(rows * pitch), width, pitch};
  }

  index packets() const { return pitch / simd<Scalar>::size; }
  view<Scalar> rows(index first, index count) const {
    return {data + first * pitch, count, width, pitch, 1};
  }
  lane_operand<Scalar> lanes(index first) const { return {data + first * pitch, pitch}; }
  lane_operand<const Scalar> operand(index first) const { return {data + first * pitch, pitch}; }

  void clear(index count) const { std::fill_n(data, count * pitch, Scalar(0)); }

  // Copies rows in.
  template <class Rows>
  void fill(const Rows& from) const {
    detail::pack(rows(0, from.rows), from);
    for (index i = 0; i < from.rows && width < pitch; ++i)
      std::fill(data + i * pitch + width, data + (i + 1) * pitch, Scalar(0));
  }
};

// Operand B or C as blocks of packed lanes, so many numbers apart: a block is a panel.
template <class Scalar>
struct block_lanes {
  Scalar* data;
  index block_stride;
  static constexpr index pitch = packed_lanes<Scalar>::pitch;

  void skip_rows(index count) { data += count * pitch; }
  void skip_lanes(index) { data += block_stride; }

  template <class s>
  EIGEN_ALWAYS_INLINE auto load(index j, index p) const {
    return s::load(data + j * pitch + p * s::size);
  }
};

// c += a b: c(i, f) is continued by Σ a(i, j) b(j, f), j rising. A term whose factor a is exactly 0
// is left out unless b is `finite`, since 0 times infinity is NaN.
template <class Scalar>
void add_product(const feature_rows<Scalar>& c, index c_row, a_operand<Scalar> a,
                 const feature_rows<Scalar>& b, index b_row, index rows, index depth, bool finite) {
  constexpr index size = simd<Scalar>::size;
  if (!finite) {
    for (index i = 0; i < rows; ++i)
      for (index j = 0; j < depth; ++j) {
        const Scalar factor = a.data[i * a.row_stride + j * a.step];
        if (exactly_equal(factor, Scalar(0))) continue;
        for (index f = 0; f < c.width; ++f) {
          Scalar& sum = c.data[(c_row + i) * c.pitch + f];
          sum = fused(factor, b.data[(b_row + j) * b.pitch + f], sum);
        }
      }
    return;
  }
  auto to = c.lanes(c_row);
  auto from = b.operand(b_row);
  const index pairs = c.packets() / 2, in_pairs = pairs * 2 * size;
  if (pairs > 0) macro_kernel<2>(to, a, from, rows, depth, from_memory<Scalar>(), pairs);
  if (in_pairs == c.pitch) return;
  to.skip_lanes(in_pairs);
  from.skip_lanes(in_pairs);
  macro_kernel<1>(to, a, from, rows, depth, from_memory<Scalar>());
}

// to = factor * from, or to += factor * from. `room` has as many numbers as `from`.
template <class Scalar>
void give_rows(const view<Scalar>& to, const view<const Scalar>& from, Scalar factor, bool adds,
               Scalar* room) {
  if (!adds) return copy(to, from, factor);
  if (to.col_stride != 1) {
    const view<Scalar> sum{room, from.rows, from.cols, from.cols, 1};
    copy(sum, view<const Scalar>(to));
    give_rows<Scalar>(sum, from, factor, true, nullptr);
    return copy(to, view<const Scalar>(sum));
  }
  using s = simd<Scalar>;
  const auto factors = s::broadcast(factor);
  for (index i = 0; i < to.rows; ++i) {
    Scalar* const t = to.data + i * to.row_stride;
    const Scalar* const f = from.data + i * from.row_stride;
    index j = 0;
    for (; j + s::size <= to.cols; j += s::size)
      s::store(t + j, s::multiply_add(s::load(f + j), factors, s::load(t + j)));
    for (; j < to.cols; ++j) t[j] = fused(f[j], factor, t[j]);
  }
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
