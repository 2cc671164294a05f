// SPDX-License-Identifier: MIT
// The scores of decoding: a few query rows, keys next to each other. Queries are too few to fill
// lanes, so keys are lanes. The chains of multiply-adds and the sums are those of prefill, in the
// same order.
#pragma once

#include <heed/kernel/apply_rules.hpp>     // tile_place
#include <heed/kernel/online_softmax.hpp>  // online_softmax
#include <heed/kernel/tile.hpp>            // keys_per_tile, fill_last_packet
#include <heed/storage/prefetch.hpp>       // fetch_ahead
#include <heed/storage/quantised.hpp>      // copy, lane_scaling

#include <algorithm>  // fill, min
#include <limits>     // infinity

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The most query rows that decoding processes together.
inline constexpr index most_rows = 64;

template <class Scalar>
struct decode_scores {
  using s = simd<Scalar>;
  static constexpr index pitch = keys_per_tile;
  static constexpr Scalar minus_infinity = -std::numeric_limits<Scalar>::infinity();

  Scalar* data;  // (count, pitch)
  index count;

  Scalar* row(index i) const { return data + i * pitch; }
  decode_scores block(index first, index some) const { return {row(first), some}; }

  // The number of keys that `multiply` processes at a time for so many rows. Of keys by rows no
  // more than four packets, since memory is read fastest a few rows at a time. Columns lie far
  // apart, and each is read for all keys of a tile at once.
  static index keys_per_run(index rows, bool by_rows) {
    return by_rows ? (std::min)(packets_for_rows(rows), index(4)) * s::size : keys_per_tile;
  }
  static index room_for(index width) { return pitch * width; }

  // scores(row, first + key) = query(row) · key, for keys_per_run keys at most; queries (count, width)
  // without gaps.
  template <class Rows>
  void multiply(index first, const Scalar* queries, const Rows& keys, Scalar* room,
                fetch_ahead fetch = {}) const {
    if (!lie_by_rows(keys))
      multiply_columns(queries, keys, room);
    else if (keys_per_run(count, true) == 4 * s::size)
      multiply<4>(first, queries, keys, room, fetch);
    else
      multiply<packets_per_block>(first, queries, keys, room, fetch);
  }

  // scores(row, key) = query(row) · key for keys that lie by columns in a tile, from its first key
  // on. Memory behind the last key, to the end of a panel, is read as well, and its scores have no
  // meaning.
  template <class Rows>
  void multiply_tile(const Scalar* queries, const Rows& keys, fetch_ahead fetch = {}) const {
    index packets = (std::min)(packets_for_rows(count), pitch / s::size);
    while (packets > packets_per_block && packets / 2 * s::size >= keys.rows) packets /= 2;
    with_packets(packets, [&]<int Packets>(std::integral_constant<int, Packets>) {
      constexpr index lanes = Packets * s::size;
      auto keys_at_hand = lanes_of_tile(keys, pitch);
      for (index j = 0; j < keys.rows; j += lanes) {
        macro_kernel<Packets>(lane_operand<Scalar>{data + j, pitch},
                              a_operand<Scalar>{queries, keys.cols}, keys_at_hand, count, keys.cols,
                              from_zero<Scalar>(), 1, fetch);
        keys_at_hand.skip_lanes(lanes);
      }
    });
  }

  // Whether any score of the first keys is -infinity. Four rows are tested at a time, since each
  // step depends on the one before.
  bool any_excluded(index keys) const {
    constexpr int together = 4;
    const auto zero = s::broadcast(Scalar(0)), one = s::broadcast(Scalar(1));
    typename s::packet most[together] = {zero, zero, zero, zero};
    for (index i = 0; i < count; i += together)
      for (index j = 0; j < keys; j += s::size)
        unroll<together>([&](auto n) HEED_INLINED {
          const auto scores = s::load(row((std::min)(i + n, count - 1)) + j);
          most[n] = s::maximum(most[n], s::subtract(zero, scores));
        });
    const auto infinity = s::broadcast(std::numeric_limits<Scalar>::infinity());
    const auto all = s::maximum(s::maximum(most[0], most[1]), s::maximum(most[2], most[3]));
    return s::any_not_equal(s::where_less(all, infinity, one, zero), one);
  }

  // Pads each row's last packet with the score of the last key.
  void fill_up(index keys) const { fill_last_packet(data, count, keys, pitch); }

  // scores = 4^(scores - max) of one row, after fill_up.
  static void exponentials(Scalar max, Scalar* scores, index keys) {
    const typename s::packet of_row[] = {s::broadcast(max)};
    const index packets = packets_of<Scalar>(keys);
    const auto from = running_max<Scalar>::prepare(of_row, scores, packets, s::size);
    const auto some = [&]<std::size_t Together>(std::integral_constant<std::size_t, Together>,
                                                Scalar* place) HEED_INLINED {
      typename s::packet e[Together];
      unroll<index(Together)>([&](auto i) HEED_INLINED { e[i] = s::load(place + i * s::size); });
      exp4_in_place<Scalar>(e, from.of);
      unroll<index(Together)>([&](auto i) HEED_INLINED { s::store(place + i * s::size, e[i]); });
    };
    index p = 0;
    for (; p + 4 <= packets; p += 4)
      some(std::integral_constant<std::size_t, 4>{}, scores + p * s::size);
    for (; p < packets; ++p) some(std::integral_constant<std::size_t, 1>{}, scores + p * s::size);
  }

  // online_softmax::update, after fill_up; row i is lane i of the sums. Lanes beyond the last row
  // need rows as well, whose results are not used.
  void update(const online_softmax<Scalar>& sums, index keys) const {
    for (index first = 0; first < count; first += s::size) {
      const index some = (std::min)(s::size, count - first);
      Scalar max[static_cast<std::size_t>(s::size)];
      s::store(max, sums.raise_max(first, largest(first, keys)));
      for (index i = 0; i < some; ++i) exponentials(max[i], row(first + i), keys);
    }
    for (index first = 0; first < count; first += s::size) sums.add_to_sum(first, sum(first, keys));
  }

  // Changes the scores of one head by a function that takes queries as lanes, as in prefill: scores
  // are transposed, and the last packet is padded with the last query. There are queries_per_block
  // queries at most; `room` has keys_per_tile times as many numbers.
  template <class Change>
  void change(const tile_place& place, Scalar* room, const Change& by) const {
    const view<Scalar> rows{data, place.row_count, place.key_count, pitch, 1};
    const view<Scalar> columns{room, place.row_count, place.key_count, 1,
                               queries_per_block<Scalar>};
    copy(columns, view<const Scalar>(rows));
    fill_last_packet(room, place.key_count, place.row_count);
    by(room);
    copy(rows, view<const Scalar>(columns));
  }

 private:
  template <int Packets, class Rows>
  void multiply(index first, const Scalar* queries, const Rows& keys, Scalar* room,
                fetch_ahead& fetch) const {
    transpose<Packets>(room, keys, fetch);
    fetch.prefetch_one_in(2 * index(sizeof(Scalar)) / index(sizeof(*keys.data)));
    macro_kernel<Packets>(lane_operand<Scalar>{data + first, pitch},
                          a_operand<Scalar>{queries, keys.cols},
                          lane_operand<const Scalar>{room, packed_pitch<Scalar, Packets>}, count,
                          keys.cols, from_zero<Scalar>(), 1, fetch);
  }

  // Keys by columns are lanes already, and are packed only to lie together, all keys of a tile.
  template <class Rows>
  void multiply_columns(const Scalar* queries, const Rows& keys, Scalar* room) const {
    copy_columns(view<Scalar>{room, keys.rows, keys.cols, 1, pitch}, keys);
    clear_lanes(room, keys.cols, keys.rows, pitch, pitch);
    multiply_tile(queries, view<const Scalar>{room, keys.rows, keys.cols, 1, pitch});
  }

  // room(f, key) = keys(key, f). Addresses are kept in variables apart from the views: compilers
  // assume that a vector's store may change the views.
  template <int Packets, class Rows>
  static void transpose(Scalar* room, const Rows& keys, fetch_ahead& later) {
    constexpr index lanes = Packets * s::size;
    constexpr index bytes = s::size * s::size * static_cast<index>(sizeof(*keys.data));
    auto fetch = later;
    const index squares = keys.rows / s::size * s::size, width = keys.cols / s::size * s::size;
    const index stride = keys.row_stride;
    for (index j = 0; j < squares; j += s::size) {
      const auto* from = keys.data + j * stride;
      Scalar* to = room + j;
      const auto scaled = lane_scaling<Scalar>(keys, j);
      for (index f = 0; f < width; f += s::size) {
        fetch.template step<bytes / 2>();
        typename s::packet square[static_cast<std::size_t>(s::size)];
        s::load_transposed(square, from, stride);
        unroll<s::size>([&](auto i) HEED_INLINED { s::store(to + i * lanes, scaled(square[i])); });
        from += s::size;
        to += s::size * lanes;
      }
    }
    later = fetch;
    const auto rest = [&](index f, index j, index features, index some) {
      copy(view<Scalar>{room + f * lanes + j, some, features, 1, lanes},
           keys.block(j, f, some, features));
    };
    if (width < keys.cols) rest(width, 0, keys.cols - width, squares);
    if (squares < keys.rows) rest(0, squares, keys.cols, keys.rows - squares);
    clear_lanes(room, keys.cols, keys.rows, lanes, lanes);
  }

  // Clears lanes without a key, which products read: old bits of memory might raise exceptions.
  static void clear_lanes(Scalar* room, index rows, index first, index last, index row_pitch) {
    for (index f = 0; f < rows && first < last; ++f)
      std::fill(room + f * row_pitch + first, room + f * row_pitch + last, Scalar(0));
  }

  // The largest scores of a packet of rows, a row a lane.
  typename s::packet largest(index first, index keys) const {
    typename s::packet most[static_cast<std::size_t>(s::size)];
    const auto each = [](const auto& step) HEED_INLINED { unroll<s::size>(step); };
    each([&](auto i) HEED_INLINED { most[i] = s::broadcast(minus_infinity); });
    for (index j = 0; j < keys; j += s::size)
      each([&](auto i)
               HEED_INLINED { most[i] = s::maximum(most[i], s::load(row(first + i) + j)); });
    s::transpose(most);
    for (index i = 1; i < s::size; ++i) most[0] = s::maximum(most[0], most[i]);
    return most[0];
  }

  // The sums of a packet of rows, a row a lane: each is one chain of additions.
  typename s::packet sum(index first, index keys) const {
    auto total = s::broadcast(Scalar(0));
    index j = 0;
    for (; j + s::size <= keys; j += s::size) {
      typename s::packet square[static_cast<std::size_t>(s::size)];
      s::load_transposed(square, row(first) + j, pitch);
      for (const auto& one : square) total = s::add(total, one);
    }
    for (; j < keys; ++j) total = s::add(total, s::gather(row(first) + j, pitch));
    return total;
  }
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
