// SPDX-License-Identifier: MIT
// The online softmax: running max, sum and weighted values of the keys seen so far, one query a lane.
//
//   update by a tile of scores s:     m' = max(m, round(max s));   p = 4^(s - m')
//                                     rescale = 4^(m - m');   sum = sum rescale + Σ p
//   then the product with the values: acc = acc rescale + pᵀ values
//   merge what others have seen:      the same, with their sum and acc for Σ p and pᵀ values
//
// Milakov and Gimelshein, "Online normalizer calculation for softmax", 2018; Dao et al.,
// "FlashAttention", 2022. There m is the largest score itself; running_max.hpp says why it is rounded
// here.
#pragma once

#include <heed/core/narrow.hpp>         // narrowed
#include <heed/gemm/micro_kernel.hpp>   // packed_pitch
#include <heed/kernel/running_max.hpp>  // running_max

#include <cmath>   // log
#include <limits>  // infinity

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The state of a block of queries.
template <class Scalar>
struct online_softmax {
  using s = simd<Scalar>;
  using packet = typename s::packet;
  static constexpr Scalar minus_infinity = -std::numeric_limits<Scalar>::infinity();
  static constexpr index lanes = packed_pitch<Scalar>;

  Scalar* max;      // (lanes), the running max, base 4
  Scalar* sum;      // (lanes)
  Scalar* rescale;  // (lanes), the factor of acc in the next product
  Scalar* acc;      // (value width, lanes), weighted values; uninitialised until the first product
  index packets;
  index width;  // value width

  // A state for `queries` lanes at most, which shares `rescale` with others.
  template <class Memory>
  static constexpr online_softmax in(Memory& memory, Scalar* rescale, index queries, index width) {
    return {
        memory.template take<Scalar>(lanes),         memory.template take<Scalar>(lanes), rescale,
        memory.template take<Scalar>(width * lanes), packets_of<Scalar>(queries),         width};
  }

  void reset() const {
    for (index p = 0; p < packets; ++p) {
      s::store(max + p * s::size, s::broadcast(minus_infinity));
      s::store(sum + p * s::size, s::broadcast(Scalar(0)));
    }
  }

  // Starts with a sink's logit, in base 4, the same for all lanes: a term of the denominator
  // without a key.
  void reset(Scalar sink) const {
    for (index p = 0; p < packets; ++p) {
      const auto alone = running::of_one(sink);
      s::store(max + p * s::size, alone.max);
      s::store(sum + p * s::size, alone.sum);
    }
    clear_acc();
  }

  // Sets the sink of one lane, without acc.
  void set_sink(index lane, Scalar sink) const {
    const auto alone = running::of_one(sink);
    Scalar numbers[static_cast<std::size_t>(s::size)];
    s::store(numbers, alone.max);
    max[lane] = numbers[0];
    s::store(numbers, alone.sum);
    sum[lane] = numbers[0];
  }

  void clear_acc() const {
    for (index f = 0; f < width; ++f)
      for (index p = 0; p < packets; ++p)
        s::store(acc + f * lanes + p * s::size, s::broadcast(Scalar(0)));
  }

  // The online softmax update: turns a tile's scores (keys, lanes) into 4^(score - max), and sets
  // rescale, by which `sum` has been multiplied; acc is multiplied by it in the next product.
  void update(Scalar* scores, index keys) const {
    if (packets == 2)
      update_packets<2>(scores, keys);
    else
      update_packets<1>(scores, keys);
  }

  // The two steps of an update that are about a packet of lanes. The first raises the running max to
  // the largest score of a tile, sets rescale, and returns the running max; the second adds the tile's
  // sum.
  packet raise_max(index lane, const packet& largest) const {
    const packet before = s::load(max + lane);
    const packet now = s::maximum(before, running::rounded_to_halves(largest));
    s::store(max + lane, now);
    s::store(rescale + lane, running::rescale(before, now));
    return now;
  }
  void add_to_sum(index lane, const packet& total) const {
    s::store(sum + lane, s::multiply_add(s::load(sum + lane), s::load(rescale + lane), total));
  }

  // Merges the state of a later part of the keys into this one.
  void merge(const online_softmax& other) const {
    fixed_array<Scalar, lanes> own_rescale, other_rescale;
    merge_sums(other, own_rescale, other_rescale);
    for (index p = 0; p < packets; ++p) {
      const packet f = s::load(own_rescale + p * s::size), g = s::load(other_rescale + p * s::size);
      for (index r = p * s::size; r < width * lanes; r += lanes)
        s::store(acc + r, sum_of(s::load(acc + r), f, s::load(other.acc + r), g));
    }
  }

  // The same without acc, which must be summed by sum_of with the factors that this sets.
  void merge_sums(const online_softmax& other, Scalar* own_rescale, Scalar* other_rescale) const {
    for (index lane = 0; lane < packets * s::size; lane += s::size) {
      const packet mine = s::load(max + lane), theirs = s::load(other.max + lane);
      const packet now = s::maximum(mine, theirs);
      const packet f = running::rescale(mine, now), g = running::rescale(theirs, now);
      s::store(max + lane, now);
      s::store(sum + lane, sum_of(s::load(sum + lane), f, s::load(other.sum + lane), g));
      s::store(own_rescale + lane, f);
      s::store(other_rescale + lane, g);
    }
  }
  static packet sum_of(const packet& own, const packet& own_rescale, const packet& other,
                       const packet& other_rescale) {
    return s::multiply_add(own, own_rescale, s::rounded(s::multiply(other, other_rescale)));
  }

  // Turns a tile's scores into probabilities, once the state has all keys.
  void normalise(Scalar* scores, index keys) const {
    for (index p = 0; p < packets; ++p) {
      const packet m[] = {s::load(max + p * s::size)};
      const packet total = s::load(sum + p * s::size);
      const packet zero = s::broadcast(Scalar(0)), divisor = divisor_of(total);
      const auto from = running::prepare(m, scores + p * s::size, keys, lanes);
      for (index j = 0; j < keys; ++j) {
        Scalar* const place = scores + j * lanes + p * s::size;
        packet e[] = {s::load(place)};
        exp4_in_place<Scalar>(e, from.of);
        // A sum of 0 has nothing but zeros above it; where a key is seen, NaN comes through.
        s::store(place, s::where_less(s::maximum(e[0], total), s::broadcast(least_positive), zero,
                                      s::divide(e[0], divisor)));
      }
    }
  }

  // Turns acc into the result; 0 for a query that has seen no key. Adding 0 makes -0 a 0.
  void finish() const {
    const packet zero = s::broadcast(Scalar(0));
    for (index p = 0; p < packets; ++p) {
      const packet one_over = one_over_sum(p * s::size);
      for (index r = p * s::size; r < width * lanes; r += lanes)
        s::store(acc + r, s::multiply_add(s::load(acc + r), one_over, zero));
    }
  }

  // The last factor of acc, 1 / sum, of a packet of lanes.
  packet one_over_sum(index lane) const {
    const packet total = s::load(sum + lane);
    return s::where_less(total, s::broadcast(least_positive), s::broadcast(Scalar(0)),
                         s::divide(s::broadcast(Scalar(1)), divisor_of(total)));
  }

  // log(sum of exp(score)) of one lane, natural logarithm; -infinity if nothing was seen.
  Scalar log_sum_exp(index lane) const {
    if (exactly_equal(sum[lane], Scalar(0))) return minus_infinity;
    return narrowed<Scalar>(static_cast<double>(max[lane]) * (1 / log4_of_exp) +
                            std::log(static_cast<double>(sum[lane])));
  }

 private:
  using running = running_max<Scalar>;
  static constexpr Scalar least_positive = (std::numeric_limits<Scalar>::min)();

  // The sum, or 1 where the sum is 0: a division by 0 raises an exception, which some programs
  // trap. Clang assumes that no program traps exceptions, and would remove the selection if its
  // result were not rounded at this place.
  static packet divisor_of(const packet& total) {
    return s::rounded(
        s::where_less(total, s::broadcast(least_positive), s::broadcast(Scalar(1)), total));
  }

  // The largest score of each lane, in a few independent chains of maxima, since each step depends
  // on the one before.
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
  void update_packets(Scalar* scores, index keys) const {
    // Keys whose exponentials are computed together: as many as registers hold.
    constexpr index packet_count = index(Packets);
    constexpr std::size_t together = 4 / Packets;
    const auto each = [](const auto& step) HEED_INLINED { unroll<packet_count>(step); };
    packet m[Packets], total[Packets];
    each([&](auto p) HEED_INLINED { m[p] = s::broadcast(minus_infinity); });
    raise(m, scores, keys);
    each([&](auto p) HEED_INLINED {
      m[p] = raise_max(p * s::size, m[p]);
      total[p] = s::broadcast(Scalar(0));
    });
    const auto from = running::prepare(m, scores, keys, lanes);

    const auto some = [&]<std::size_t Keys>(std::integral_constant<std::size_t, Keys>,
                                            Scalar* row) HEED_INLINED {
      packet e[Keys * Packets];
      unroll<index(Keys) * packet_count>([&](auto i) HEED_INLINED {
        e[i] = s::load(row + i / packet_count * lanes + i % packet_count * s::size);
      });
      exp4_in_place<Scalar>(e, from.of);
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
