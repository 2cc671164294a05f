// SPDX-License-Identifier: MIT
// The online softmax: origin, sum and weighted values of the keys seen so far, one query a lane.
//
//   fold a tile of scores s:   o' = max(o, round(max s));   p = 2^(s - o')
//                              factor = 2^(o - o');   sum = sum factor + Σ p
//   then the product with the values:   rows = rows factor + pᵀ values
//   merge what others have seen:        the same, with their sum and rows for Σ p and pᵀ values
//
// Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018; Dao et al.,
// "FlashAttention", 2022. There the origin is the largest score itself; softmax_origin.hpp tells why
// it is not here.
#pragma once

#include <heed/core/narrow.hpp>         // narrowed
#include <heed/gemm/micro_kernel.hpp>   // packed_pitch
#include <heed/kernel/running_max.hpp>  // softmax_origin

#include <cmath>   // log
#include <limits>  // infinity

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// State of a block of queries.
template <class Scalar, class Unit>
struct online_softmax {
  using s = simd<Scalar>;
  using packet = typename s::packet;
  static constexpr Scalar minus_infinity = -std::numeric_limits<Scalar>::infinity();
  static constexpr index lanes = packed_pitch<Scalar>;

  Scalar* origin;  // (lanes), halved, since log2 e times the largest of numbers is too large
  Scalar* sum;     // (lanes)
  Scalar* factor;  // (lanes), what rows must be multiplied by
  Scalar* rows;    // (value width, lanes); of no meaning until the first fold's product
  index packets;
  index width;  // value width

  // A state for `queries` lanes at most, which shares `factor` with others.
  template <class Memory>
  static online_softmax in(Memory& memory, Scalar* factor, index queries, index width) {
    return {
        memory.template take<Scalar>(lanes),         memory.template take<Scalar>(lanes), factor,
        memory.template take<Scalar>(width * lanes), packets_of<Scalar>(queries),         width};
  }

  void reset() const {
    for (index p = 0; p < packets; ++p) {
      s::store(origin + p * s::size, s::broadcast(minus_infinity));
      s::store(sum + p * s::size, s::broadcast(Scalar(0)));
    }
  }

  // A logit in the denominator that no key stands for, or -infinity for none; the same for all lanes.
  void reset(double natural_sink) const {
    for (index p = 0; p < packets; ++p) {
      const auto [half, e] = origins::of_sink(natural_sink);
      s::store(origin + p * s::size, half);
      s::store(sum + p * s::size, e);
    }
    clear_rows();
  }

  // ... for one lane, and without rows.
  void set_sink(index lane, double natural_sink) const {
    const auto [half, e] = origins::of_sink(natural_sink);
    Scalar numbers[static_cast<std::size_t>(s::size)];
    s::store(numbers, half);
    origin[lane] = numbers[0];
    s::store(numbers, e);
    sum[lane] = numbers[0];
  }

  void clear_rows() const {
    for (index f = 0; f < width; ++f)
      for (index p = 0; p < packets; ++p)
        s::store(rows + f * lanes + p * s::size, s::broadcast(Scalar(0)));
  }

  // Turns a tile's scores (keys, lanes) into 2^(score - origin), and sets the factor by which what
  // was summed before is to be rescaled: sum has been, rows wait for the next product.
  void fold(Scalar* scores, index keys) const {
    if (packets == 2)
      fold_packets<2>(scores, keys);
    else
      fold_packets<1>(scores, keys);
  }

  // The two steps of a fold that are about a packet of lanes. The first moves the origin to what the
  // largest score of a tile wants, sets the factor, and returns half the origin; the second adds the
  // tile's sum.
  packet move_origin(index lane, const packet& largest) const {
    const packet before = s::load(origin + lane);
    const packet half = s::maximum(before, origins::half_of(largest));
    s::store(origin + lane, half);
    s::store(factor + lane, origins::power(before, half));
    return half;
  }
  void add_to_sum(index lane, const packet& total) const {
    s::store(sum + lane, s::multiply_add(s::load(sum + lane), s::load(factor + lane), total));
  }

  // Adds what another has seen, which came after.
  void merge(const online_softmax& other) const {
    fixed_array<Scalar, lanes> own_factor, other_factor;
    merge_sums(other, own_factor, other_factor);
    for (index p = 0; p < packets; ++p) {
      const packet f = s::load(own_factor + p * s::size), g = s::load(other_factor + p * s::size);
      for (index r = p * s::size; r < width * lanes; r += lanes)
        s::store(rows + r, sum_of(s::load(rows + r), f, s::load(other.rows + r), g));
    }
  }

  // The same without rows, which must be summed by sum_of with the factors that this sets.
  void merge_sums(const online_softmax& other, Scalar* own_factor, Scalar* other_factor) const {
    for (index lane = 0; lane < packets * s::size; lane += s::size) {
      const packet mine = s::load(origin + lane), theirs = s::load(other.origin + lane);
      const packet now = s::maximum(mine, theirs);
      const packet f = origins::power(mine, now), g = origins::power(theirs, now);
      s::store(origin + lane, now);
      s::store(sum + lane, sum_of(s::load(sum + lane), f, s::load(other.sum + lane), g));
      s::store(own_factor + lane, f);
      s::store(other_factor + lane, g);
    }
  }
  static packet sum_of(const packet& own, const packet& own_factor, const packet& other,
                       const packet& other_factor) {
    return s::multiply_add(own, own_factor, s::rounded(s::multiply(other, other_factor)));
  }

  // Turns a tile's scores into probabilities, once every key has been folded.
  void normalise(Scalar* scores, index keys) const {
    for (index p = 0; p < packets; ++p) {
      packet half[] = {s::load(origin + p * s::size)};
      const packet total = s::load(sum + p * s::size);
      const packet zero = s::broadcast(Scalar(0)), divisor = divisor_of(total);
      const auto from = origins::refer(half, scores + p * s::size, keys, lanes);
      for (index j = 0; j < keys; ++j) {
        Scalar* const place = scores + j * lanes + p * s::size;
        packet e[] = {from.scaled(s::load(place), 0)};
        exp2_in_place<Scalar>(e, from.whole);
        // A sum of 0 has nothing but zeros above it; where a key is seen, NaN comes through.
        s::store(place, s::where_less(s::maximum(e[0], total), s::broadcast(least_positive), zero,
                                      s::divide(e[0], divisor)));
      }
    }
  }

  // Turns the weighted values into the result; 0 where nothing was seen. Adding 0 makes -0 a 0.
  void finish() const {
    const packet zero = s::broadcast(Scalar(0));
    for (index p = 0; p < packets; ++p) {
      const packet one_over = one_over_sum(p * s::size);
      for (index r = p * s::size; r < width * lanes; r += lanes)
        s::store(rows + r, s::multiply_add(s::load(rows + r), one_over, zero));
    }
  }

  // What rows must be multiplied by, of a packet of lanes.
  packet one_over_sum(index lane) const {
    const packet total = s::load(sum + lane);
    return s::where_less(total, s::broadcast(least_positive), s::broadcast(Scalar(0)),
                         s::divide(s::broadcast(Scalar(1)), divisor_of(total)));
  }

  // log(sum of exp(score)) of one lane, natural logarithm; -infinity if nothing was seen.
  Scalar log_sum_exp(index lane) const {
    if (exactly_equal(sum[lane], Scalar(0))) return minus_infinity;
    return narrowed<Scalar>(static_cast<double>(origin[lane]) * (2 / natural_scores::log2_of_exp) +
                            std::log(static_cast<double>(sum[lane])));
  }

 private:
  using origins = softmax_origin<Scalar, Unit>;
  static constexpr Scalar least_positive = (std::numeric_limits<Scalar>::min)();

  // A sum, or 1 where it is 0: dividing by 0 raises an exception, which some programs trap. Clang, which
  // takes it that nobody does, would see through the choice were it not made here and now.
  static packet divisor_of(const packet& total) {
    return s::rounded(
        s::where_less(total, s::broadcast(least_positive), s::broadcast(Scalar(1)), total));
  }

  // The largest score of each lane, in a few chains at once, since each step waits for the last.
  template <std::size_t Packets>
  static void raise(packet (&largest)[Packets], const Scalar* scores, index keys) {
    constexpr index chains = 4, packet_count = index(Packets);
    packet most[static_cast<std::size_t>(chains)][Packets];
    unroll<chains * packet_count>([&](auto i) HEED_INLINED {
      most[i / packet_count][i % packet_count] = largest[i % packet_count];
    });
    const auto look = [&](auto c, index j) HEED_INLINED {
      unroll<packet_count>([&](auto p) HEED_INLINED {
        most[c][p] = s::maximum(most[c][p], s::load(scores + j * lanes + p * s::size));
      });
    };
    index j = 0;
    for (; j + chains <= keys; j += chains)
      unroll<chains>([&](auto c) HEED_INLINED { look(c, j + c); });
    for (; j < keys; ++j) look(0, j);
    unroll<packet_count>([&](auto p) HEED_INLINED {
      largest[p] =
          s::maximum(s::maximum(most[0][p], most[1][p]), s::maximum(most[2][p], most[3][p]));
    });
  }

  template <std::size_t Packets>
  void fold_packets(Scalar* scores, index keys) const {
    // Keys whose exponentials are formed together: as many as registers hold.
    constexpr index packet_count = index(Packets);
    constexpr std::size_t together = 4 / Packets;
    const auto each = [](const auto& step) HEED_INLINED { unroll<packet_count>(step); };
    packet half[Packets], total[Packets];
    each([&](auto p) HEED_INLINED { half[p] = s::broadcast(minus_infinity); });
    raise(half, scores, keys);
    each([&](auto p) HEED_INLINED {
      half[p] = move_origin(p * s::size, half[p]);
      total[p] = s::broadcast(Scalar(0));
    });
    const auto from = origins::refer(half, scores, keys, lanes);

    const auto some = [&]<std::size_t Keys>(std::integral_constant<std::size_t, Keys>,
                                            Scalar* row) HEED_INLINED {
      packet e[Keys * Packets];
      unroll<index(Keys) * packet_count>([&](auto i) HEED_INLINED {
        e[i] = from.scaled(s::load(row + i / packet_count * lanes + i % packet_count * s::size),
                           i % packet_count);
      });
      exp2_in_place<Scalar>(e, from.whole);
      unroll<index(Keys) * packet_count>([&](auto i) HEED_INLINED {
        s::store(row + i / packet_count * lanes + i % packet_count * s::size, e[i]);
        total[i % packet_count] = s::add(total[i % packet_count], e[i]);
      });
    };
    index j = 0;
    for (; j + index(together) <= keys; j += index(together))
      some(std::integral_constant<std::size_t, together>{}, scores + j * lanes);
    for (; j < keys; ++j) some(std::integral_constant<std::size_t, 1>{}, scores + j * lanes);

    each([&](auto p) HEED_INLINED { add_to_sum(p * s::size, total[p]); });
  }
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
