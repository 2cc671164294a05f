// SPDX-License-Identifier: MIT
// The accumulator of decoding: weighted values of a few query rows, features next to each other,
// the counterpart of online_softmax::acc where queries are too few to fill lanes. Sums are the
// same, in the same order.
#pragma once

#include <heed/kernel/decode/decode_scores.hpp>  // decode_scores, copy, online_softmax
#include <heed/kernel/excluded_pairs.hpp>        // excluded_pairs

#include <limits>  // infinity

namespace heed {
inline namespace HEED_ABI {
namespace detail {

template <class Scalar>
struct decode_output {
  using s = simd<Scalar>;
  static constexpr index panel = packets_per_block * s::size;  // features that are summed together

  Scalar* data;  // (rows, pitch)
  index count;
  index width;

  // Some of the rows.
  decode_output block(index first, index some) const {
    return {data + first * pitch(), some, width};
  }
  view<const Scalar> numbers() const { return {data, count, width, pitch(), 1}; }

  // Features of a row, rounded up to whole panels.
  static index pitch_of(index width) { return divide_up(width, panel) * panel; }
  index pitch() const { return pitch_of(width); }

  // data(row, feature) += weights(row, first + key) * value(key, feature) over some keys. Values
  // that lie by rows are read in place, others are packed a panel at a time; `edge` has room for
  // such a panel, which may hold any numbers.
  template <class Rows>
  void multiply(const decode_scores<Scalar>& weights, index first, const Rows& values, Scalar* edge,
                fetch_ahead fetch = {}) const {
    const a_operand<Scalar> by_row{weights.data + first, decode_scores<Scalar>::pitch};
    index f = 0;
    const auto panels = [&]<int Packets>(std::integral_constant<int, Packets>) {
      const index some = (width - f) / (Packets * s::size);
      macro_kernel<Packets>(lane_operand<Scalar>{data + f, pitch()}, by_row, lanes_from(values, f),
                            count, values.rows, from_memory<Scalar>(), some, fetch);
      f += some * Packets * s::size;
    };
    const bool by_rows = lie_by_rows(values);
    if (by_rows)
      for (index packets = packets_for_rows(count); packets >= packets_per_block; packets /= 2)
        with_packets(packets, panels);
    for (; f < width; f += panel) {
      const index some = (std::min)(panel, width - f);
      if (!by_rows) fetch_columns(values, f + panel, panel);
      copy(view<Scalar>{edge, values.rows, some, panel, 1}, values.block(0, f, values.rows, some));
      fetch_ahead nothing;
      macro_kernel<packets_per_block>(lane_operand<Scalar>{data + f, pitch()}, by_row,
                                      lane_operand<const Scalar>{edge, panel}, count, values.rows,
                                      from_memory<Scalar>(), 1, nothing);
    }
  }

  // data = the same sums without the pairs that are excluded.
  template <class Rows>
  void multiply_seen(const decode_scores<Scalar>& weights, const Rows& values,
                     const excluded_pairs& excluded) const {
    clear();  // beyond the width, too
    for (index row = 0; row < count; ++row)
      for (index f = 0; f < width; ++f)
        data[row * pitch() + f] = excluded.sum(weights.data, row, values, f);
  }

  // data = data * factor + tile, with one rescale factor for each row.
  void add(const Scalar* factor, const decode_output& tile) const {
    each([&](index row, index i) {
      return s::multiply_add(s::load(data + i), s::broadcast(factor[row]), s::load(tile.data + i));
    });
  }

  // data = data * own + other * theirs
  void merge(const Scalar* own_factor, const decode_output& other,
             const Scalar* other_factor) const {
    each([&](index row, index i) {
      return online_softmax<Scalar>::sum_of(s::load(data + i), s::broadcast(own_factor[row]),
                                            s::load(other.data + i),
                                            s::broadcast(other_factor[row]));
    });
  }

  // data = data / sum. Returns whether all results are finite; results are tested one by one, since
  // their sum might raise an exception if they are not.
  bool finish(const Scalar* one_over_sum) const {
    const auto zero = s::broadcast(Scalar(0));
    const auto infinity = s::broadcast(std::numeric_limits<Scalar>::infinity());
    auto worst = zero;
    each([&](index row, index i) {
      const auto result = s::multiply_add(s::load(data + i), s::broadcast(one_over_sum[row]), zero);
      const auto magnitude = s::maximum(result, s::subtract(zero, result));
      worst = s::where_less(magnitude, infinity, worst, infinity);
      return result;
    });
    return !s::any_not_equal(worst, zero);
  }

  void take(const decode_output& other) const {
    each([&](index, index i) { return s::load(other.data + i); });
  }

  void clear() const {
    each([](index, index) { return s::broadcast(Scalar(0)); });
  }

 private:
  template <class Number>
  void each(const Number& number) const {
    for (index row = 0; row < count; ++row)
      for (index i = row * pitch(); i < (row + 1) * pitch(); i += s::size)
        s::store(data + i, number(row, i));
  }
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
