// SPDX-License-Identifier: MIT
// Self-attention and cross-attention: out = softmax(q kᵀ / √width) v.
//
//   Eigen::MatrixXf out = heed::attention(q, k, v, heed::causal);   // by value
//   heed::attention(q, k, v, out, heed::causal);                    // into memory you own
//
// Vaswani et al., "Attention Is All You Need", 2017.
#pragma once

#include <heed/core/stack_memory.hpp>     // stack_memory
#include <heed/kernel/forward.hpp>        // forward
#include <heed/kernel/instances.hpp>      // those that another file compiles
#include <heed/kernel/key_weights.hpp>    // forward_and_key_weights
#include <heed/modifiers.hpp>             // causal, window, soft_cap, heads, ...
#include <heed/modifiers/arguments.hpp>   // output_is_good
#include <heed/modifiers/call_check.hpp>  // call_is_good

namespace heed {
inline namespace HEED_ABI {

// Writes attention of q over k and v into `out`, which keeps its size.
//
//   q    (queries, query heads * width)
//   k    (keys, kv heads * width)
//   v    (keys, kv heads * value width)
//   out  (queries, query heads * value width), apart from q, k and v in memory
//
// Each is any Eigen object with direct access, in any storage order and with any stride, of float,
// double, half or bfloat16 (sums are formed in float or double). All have the same scalar, but k
// and v of half or bfloat16 go with queries of float too, and heed::quantised k and v with all but
// double; the bits are those of the same numbers converted to float. k may lie in tiles, as the
// keys of a kv_cache do (heed::key_tiles): a call with few queries reads tiles faster. If a
// sequence begins within a tile, all of k is copied first. Modifiers come in any order: masks
// intersect, score rules apply left to right to the scaled scores, masks after them. A row that may
// see no key is 0. Takes O(1) memory in the number of rows (but for that copy, for a number a row
// and head with key_weights, and for a second result where sums of values overflow), from the
// calling thread's scratch or from that of in(scratch); a second call with the same shapes
// allocates nothing. The bits of a row do not depend on the rows beside it, on threads or on
// chunks.
// Throws shape_error, before anything is written, if sizes do not fit.
template <class Q, class K, class V, class Out, class... Modifiers>
requires detail::eigen_object<Out>
void attention(const Q& q, const K& k, const V& v, Out&& out, const Modifiers&... modifiers) {
  if constexpr (detail::call_is_good<Q, K, V, Modifiers...>())
    if constexpr (detail::output_is_good<Out, Q>()) {
      using call_type = detail::attention_call<detail::scalar_of<Q>, detail::key_view_t<K>>;
      using Scalar = typename call_type::Scalar;
      const auto rules = detail::gather_rules(modifiers...);
      call_type call{detail::view_of(q),
                     detail::view_of(k),
                     detail::view_of(v),
                     detail::view_of(out),
                     {},
                     detail::gather_settings<Scalar>(modifiers...),
                     decltype(rules)::has_scores};
      const char* verb = call.options.verb;
      call.sizes = detail::check_inputs(verb, call.q, call.k, call.v, call.options, rules);
      detail::check_outputs(verb, call.q, call.k, call.v, call.out, call.options, call.sizes);
      if constexpr (detail::has_dropout<Modifiers...>)
        if (call.options.drop_probability > 0)
          call.drop = {{call.options.drop_probability, call.options.drop_seed},
                       detail::drop<Scalar>};
      using small_type = detail::small_task<call_type>;
      const detail::rules_of_call<Scalar> erased_rules(rules);
      constexpr index bytes =
          detail::has_key_weights<Modifiers...> ? 0 : detail::stack_bytes<small_type, Q, K, V>();
      if constexpr (bytes > 0)
        if (detail::is_one_tile(call)) {
          detail::stack_memory<bytes> memory;
          if (small_type(call, erased_rules, memory).run_in_one_piece()) return;
        }
      scratch& memory = call.options.memory ? *call.options.memory : detail::default_scratch();
      scratch::frame frame(memory);
      if (!call.keys_begin_tiles()) call.k = detail::without_tiles(frame, call.k);
      if constexpr (detail::has_key_weights<Modifiers...>)
        detail::forward_and_key_weights(call, erased_rules, memory);
      else
        detail::forward(call, erased_rules, memory);
    }
}

// The same by value: a matrix (queries, query heads * value width) in q's scalar and storage order.
template <class Q, class K, class V, class... Modifiers>
[[nodiscard]] auto attention(const Q& q, const K& k, const V& v, const Modifiers&... modifiers) {
  if constexpr (detail::call_is_good<Q, K, V, Modifiers...>()) {
    constexpr int order = Q::IsRowMajor ? Eigen::RowMajor : Eigen::ColMajor;
    Eigen::Matrix<detail::scalar_of<Q>, Eigen::Dynamic, Eigen::Dynamic, order> out;
    const auto s = detail::gather_settings<accumulator_t<detail::scalar_of<Q>>>(modifiers...);
    const bool divides = s.query_heads >= 1 && s.kv_heads >= 1 && q.cols() % s.query_heads == 0 &&
                         v.cols() % s.kv_heads == 0;
    out.resize(q.rows(),
               divides && s.query_heads <= q.cols() ? v.cols() / s.kv_heads * s.query_heads : 0);
    attention(q, k, v, out, modifiers...);
    return out;
  }
}

}  // namespace HEED_ABI
}  // namespace heed
