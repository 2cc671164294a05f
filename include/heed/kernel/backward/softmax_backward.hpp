// SPDX-License-Identifier: MIT
// The softmax's gradient for a block of queries, one a lane, and a tile of keys:
//
//   forward:   p_j = exp(score_j - log_sum_exp);  out = Σ p_j v_j
//   backward:  d_score_j = p_j (d_p_j - delta),  d_p_j = d_out · v_j,  delta = Σ p_j d_p_j = d_out · out
//
// Dao et al., "FlashAttention", 2022, appendix B.
#pragma once

#include <heed/kernel/running_max.hpp>  // running_max
#include <heed/kernel/tile.hpp>         // queries_per_block

#include <cmath>   // isnan
#include <limits>  // infinity

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// A matrix of numbers (keys, lanes), with its distance from one key to the next.
template <class Scalar>
struct key_rows {
  Scalar* data;
  index pitch;
};

// The forward's results for each lane. A score is relative to `max`, which is rounded to halves,
// and `one_over` is the rest of the log-sum-exp: see running_max.hpp.
template <class Scalar>
struct softmax_backward {
  using s = simd<Scalar>;
  using packet = typename s::packet;
  using running = running_max<Scalar>;
  static constexpr index lanes = queries_per_block<Scalar>;
  static constexpr Scalar minus_infinity = -std::numeric_limits<Scalar>::infinity();

  Scalar* largest;   // (lanes), log-sum-exp in base 4: scores exceed it by rounding alone
  Scalar* max;       // (lanes), the multiple of 1/2 next to it; see running_max::prepare
  Scalar* one_over;  // (lanes), 4^(max - log-sum-exp); 0 for a query that sees nothing
  Scalar* delta;     // (lanes)

  template <class Memory>
  static constexpr softmax_backward in(Memory& memory) {
    return {memory.template take<Scalar>(lanes), memory.template take<Scalar>(lanes),
            memory.template take<Scalar>(lanes), memory.template take<Scalar>(lanes)};
  }

  // The log-sum-exp of a lane, in base 4.
  void set(index lane, Scalar log_sum_exp) const { largest[lane] = log_sum_exp; }

  // Computes max and one_over from the log-sum-exp of `count` lanes; the last packet is padded with
  // the last lane.
  void prepare(index count) const {
    detail::fill_last_packet(largest, 1, count);
    for (index i = 0; i < count; i += s::size) {
      const packet rounded[] = {running::rounded_to_halves(s::load(largest + i))};
      const auto from = running::prepare(rounded, largest + i, 1, s::size);
      packet e[] = {s::load(largest + i)};
      exp4_in_place<Scalar>(e, from.of);
      s::store(max + i, rounded[0]);
      s::store(one_over + i, e[0]);
      for (index l = i; l < i + s::size; ++l)
        one_over[l] = exactly_equal(largest[l], minus_infinity) ? Scalar(0) : 1 / one_over[l];
    }
  }

  // delta = Σ d_out(f, lane) out(f, lane)
  void set_delta(const Scalar* d_out, const Scalar* out, index width, index packets) const {
    for (index p = 0; p < packets * s::size; p += s::size) {
      packet sum = s::broadcast(Scalar(0));
      for (index f = 0; f < width; ++f)
        sum = s::multiply_add(s::load(d_out + f * lanes + p), s::load(out + f * lanes + p), sum);
      s::store(delta + p, sum);
    }
  }

  // From scores and d_p, (keys, lanes) without gaps, to p and d_score, which may be the same memory
  // as d_p. p and d_score are 0 where a score is -infinity, whatever d_p is.
  void run(Scalar* scores, const Scalar* d_p, const key_rows<Scalar>& p,
           const key_rows<Scalar>& d_score, index keys, index packets) const {
    if (packets == 2)
      run_packets<2>(scores, d_p, p, d_score, keys);
    else
      run_packets<1>(scores, d_p, p, d_score, keys);
  }

 private:
  template <int Packets>
  void run_packets(Scalar* scores, const Scalar* d_p, const key_rows<Scalar>& p,
                   const key_rows<Scalar>& d_score, index keys) const {
    constexpr auto packet_count = static_cast<std::size_t>(Packets);
    constexpr std::size_t together = 4 / packet_count;  // keys that are processed together
    const packet zero = s::broadcast(Scalar(0));
    const packet lowest = s::broadcast(std::numeric_limits<Scalar>::lowest());
    packet limit[packet_count], origin[packet_count], factor[packet_count], less[packet_count];
    unroll<Packets>([&](auto n) HEED_INLINED {
      limit[n] = s::load(largest + n * s::size);
      origin[n] = s::load(max + n * s::size);
      factor[n] = s::load(one_over + n * s::size);
      less[n] = s::load(delta + n * s::size);
    });
    const auto from = running::prepare(origin, scores, keys, lanes);
    const auto some = [&]<std::size_t Keys>(std::integral_constant<std::size_t, Keys>,
                                            index j) HEED_INLINED {
      packet score[Keys * packet_count], e[Keys * packet_count];
      unroll<index(Keys * packet_count)>([&](auto i) HEED_INLINED {
        score[i] = s::load(scores + (j + i / Packets) * lanes + i % Packets * s::size);
        // Clamps scores to the log-sum-exp, which rounding may put below them: exp4 requires it.
        const packet most = limit[i % Packets];
        e[i] = s::where_less(most, score[i], most, score[i]);
      });
      exp4_in_place<Scalar>(e, from.of);
      unroll<index(Keys * packet_count)>([&](auto i) HEED_INLINED {
        const index key = j + i / Packets, lane = i % Packets * s::size;
        const packet probability =
            s::where_less(score[i], lowest, zero, s::multiply(e[i], factor[i % Packets]));
        const packet above = s::subtract(s::load(d_p + key * lanes + lane), less[i % Packets]);
        s::store(p.data + key * p.pitch + lane, probability);
        s::store(d_score.data + key * d_score.pitch + lane,
                 s::where_less(score[i], lowest, zero, s::multiply(probability, above)));
      });
    };
    index j = 0;
    for (; j + index(together) <= keys; j += index(together))
      some(std::integral_constant<std::size_t, together>{}, j);
    for (; j < keys; ++j) some(std::integral_constant<std::size_t, 1>{}, j);
  }
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
