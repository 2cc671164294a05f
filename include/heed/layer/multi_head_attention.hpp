// SPDX-License-Identifier: MIT
// The multi-head attention layer: project to queries, keys and values, attend, project back.
//
//   heed::multi_head_attention<float> mha({.model = 768, .heads = 12});
//   mha(x, y, heed::causal);          // self-attention: x and y are (tokens, 768)
//   mha(x, memory, y);                // cross-attention: keys and values come from memory
//   mha(x, y, cache, heed::causal);   // the tokens of x follow those in a kv_cache, which grows
//   mha.query.weight = ...;           // plain public weights, (inputs, outputs)
//
// Vaswani et al., "Attention Is All You Need", 2017, section 3.2.2.
#pragma once

#include <heed/attention.hpp>             // attention
#include <heed/layer/qkv_projection.hpp>  // qkv_projection, linear
#include <heed/position/rotary.hpp>       // rotary_embedding

#include <optional>  // optional

#include <string_view>  // string_view

namespace heed {
inline namespace HEED_ABI {

namespace detail {

// A cache: it has a position, and rows are appended to it.
template <class T>
concept remembers = requires(T& cache) {
  cache.position();
  cache.keys();
  cache.values();
};

// Error messages name the function that the user called.
struct called_as {
  using heed_kind = setting_kind;
  static constexpr std::string_view setting_name = "called_as";
  const char* verb;

  template <class Scalar>
  void apply(settings<Scalar>& s) const {
    s.verb = verb;
  }
};

}  // namespace detail

// y = attention(x W_Q + b_Q, m W_K + b_K, m W_V + b_V) W_O + b_O with m = x or memory.
template <class Scalar>
struct multi_head_attention : qkv_projection<Scalar> {
  using sizes = head_sizes;
  using qkv_projection<Scalar>::query;
  using qkv_projection<Scalar>::key;
  using qkv_projection<Scalar>::value;

  linear<Scalar> output;  // (heads * width, model)
  heed::heads heads;
  std::optional<rotary_embedding<Scalar>> rotary;  // of queries and keys, in self-attention

  explicit multi_head_attention(const sizes& given) : qkv_projection<Scalar>(name, given) {
    const sizes s = given.resolved(name);
    heads = {s.heads, s.kv_heads};
    output = linear<Scalar>({s.heads * s.width, s.model, s.bias, s.seed + 3});
  }

  // Self-attention: x (tokens, model), y (tokens, model). All modifiers of heed::attention but
  // heads. Takes memory for four matrices of (tokens, heads * width) from scratch; a second call
  // with the same shapes allocates nothing. Throws shape_error if sizes do not fit.
  template <class X, class Y, class... Modifiers>
  requires(detail::eigen_object<Y> && (!detail::eigen_object<Modifiers> && ...)) void operator()(
      const X& x, Y&& y, const Modifiers&... modifiers) const {
    apply(x, x, y, without_cache{}, modifiers...);
  }

  // Self-attention of tokens that follow those in a cache, a kv_cache or a rolling_cache with as
  // many key/value heads and the same width: their keys and values are appended. Throws
  // std::length_error if the cache is full; the cache is then unchanged.
  template <class X, class Y, class Cache, class... Modifiers>
  requires(detail::eigen_object<Y>&& detail::remembers<Cache>) void operator()(
      const X& x, Y&& y, Cache& cache, const Modifiers&... modifiers) const {
    apply(x, x, y, cache, modifiers...);
  }

  // Cross-attention: x (tokens, model), memory (keys, model), y (tokens, model).
  template <class X, class Memory, class Y, class... Modifiers>
  requires(detail::eigen_object<Memory>&& detail::eigen_object<Y>) void operator()(
      const X& x, const Memory& memory, Y&& y, const Modifiers&... modifiers) const {
    apply(x, memory, y, without_cache{}, modifiers...);
  }

  // Self-attention by value.
  template <class X, class... Modifiers>
  requires((!detail::eigen_object<Modifiers> && ...)) [[nodiscard]] matrix<Scalar> operator()(
      const X& x, const Modifiers&... modifiers) const {
    matrix<Scalar> y;
    if constexpr (detail::layer_call_is_good<Scalar, X>()) {
      y.resize(x.rows(), output.outputs());
      apply(x, x, y, without_cache{}, modifiers...);
    }
    return y;
  }

 private:
  static constexpr const char* name = "heed::multi_head_attention";
  static constexpr detail::linear_names query_names{name, "query.weight", "query.bias"};
  static constexpr detail::linear_names key_names{name, "key.weight", "key.bias"};
  static constexpr detail::linear_names value_names{name, "value.weight", "value.bias"};
  static constexpr detail::linear_names output_names{name, "output.weight", "output.bias",
                                                     "what the heads give"};

  struct without_cache {};

  template <class Modifier>
  static constexpr bool is_heads = std::is_same_v<Modifier, heed::heads>;

  template <class X, class Memory, class Y, class Cache, class... Modifiers>
  void apply(const X& x, const Memory& memory, Y&& y, Cache&& cache,
             const Modifiers&... modifiers) const {
    static_assert(!(is_heads<Modifiers> || ...),
                  "heed::multi_head_attention knows its heads; leave heed::heads out");
    if constexpr (detail::layer_call_is_good<Scalar, X>() &&
                  detail::layer_call_is_good<Scalar, Memory>() &&
                  detail::modifiers_are_good<Modifiers...>())
      if constexpr (detail::output_is_good<Y, X>()) attend(x, memory, y, cache, modifiers...);
  }

  template <class X, class Memory, class Y, class Cache, class... Modifiers>
  void attend(const X& x, const Memory& memory, Y&& y, Cache& cache,
              const Modifiers&... modifiers) const {
    check(x, memory, detail::view<const Scalar>(detail::view_of(y)));
    const auto options = detail::gather_settings<Scalar>(modifiers...);
    scratch& room = options.memory ? *options.memory : detail::default_scratch();
    const auto on_same = on(options.on);

    scratch::frame frame(room);
    auto q = frame.take_matrix<Scalar>(x.rows(), query.outputs());       // (tokens, heads * width)
    auto k = frame.take_matrix<Scalar>(memory.rows(), key.outputs());    // (keys, kv heads * width)
    auto v = frame.take_matrix<Scalar>(memory.rows(), value.outputs());  // (keys, kv heads * width)
    auto context = frame.take_matrix<Scalar>(x.rows(), value.outputs() / heads.kv * heads.query);
    part(query, query_names)(x, q, in(room), on_same);
    part(key, key_names)(memory, k, in(room), on_same);
    part(value, value_names)(memory, v, in(room), on_same);
    constexpr bool cached = detail::remembers<Cache>;
    if (rotary && static_cast<const void*>(&x) == &memory) {
      index first = 0;
      if constexpr (cached) first = cache.position();
      (*rotary)(q, first);
      (*rotary)(k, first);
    }
    if constexpr (cached) {
      cache.append(k, v);
      attention(q, cache.keys(), cache.values(), context, heads, detail::called_as{name},
                modifiers...);
    } else {
      attention(q, k, v, context, heads, detail::called_as{name}, modifiers...);
    }
    part(output, output_names)(context, y, in(room), on_same);
  }

  // Refuses sizes that do not fit, before anything is computed.
  template <class X, class Memory>
  void check(const X& x, const Memory& memory, const detail::view<const Scalar>& y) const {
    const char* memory_name = static_cast<const void*>(&x) == &memory ? "x" : "memory";
    const auto of_memory = [&](detail::linear_names names) {
      names.x = memory_name;
      return names;
    };
    part(query, query_names).check_input({x.rows(), x.cols()});
    part(key, of_memory(key_names)).check_input({memory.rows(), memory.cols()});
    part(value, of_memory(value_names)).check_input({memory.rows(), memory.cols()});
    detail::check_size(name, "y", y, {x.rows(), output.outputs()});
  }

  static detail::linear_call<Scalar> part(const linear<Scalar>& layer,
                                          const detail::linear_names& names) {
    return {layer, names};
  }
};

}  // namespace HEED_ABI
}  // namespace heed
