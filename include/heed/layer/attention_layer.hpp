// SPDX-License-Identifier: MIT
// The attention layer of a model: projections, norms of queries and keys, rotary positions, a cache, and
// rules that are data, so that one layer serves every family of models.
//
//   heed::attention_layer<float> layer({.model = 768, .heads = 12});
//   layer.rotary = heed::rotary_embedding<float>({.width = 64});
//   heed::kv_cache<float> cache({.capacity = 1024, .heads = 12, .width = 64});
//   layer(x, y, cache);  // x and y: (tokens, 768); the tokens follow those in the cache
#pragma once

#include <heed/attention.hpp>                       // attention
#include <heed/cache/kv_cache.hpp>                  // kv_cache
#include <heed/cache/rollback.hpp>                  // rollback
#include <heed/layer/linear.hpp>                    // linear
#include <heed/layer/normalisation.hpp>             // normalisation
#include <heed/layer/observe_weights.hpp>           // is_observer, observe
#include <heed/layer/qkv_projection.hpp>            // head_sizes
#include <heed/modifiers/scores/distance_bias.hpp>  // distance_bias_rule
#include <heed/position/rotary.hpp>                 // rotary_embedding

#include <algorithm>   // max
#include <functional>  // function
#include <optional>    // optional
#include <vector>      // vector

namespace heed {
inline namespace HEED_ABI {

namespace detail {

// Keys and values of which several processes hold a part each: append(k, v) keeps a share of the
// rows, and modifier() is the modifier that makes a call attend to the rows of all processes.
template <class Rows>
concept shared_rows = requires(Rows& rows) {
  rows.position();
  rows.modifier();
};

// Heads of which several processes hold a part each: attend(layer, x, y, modifiers...) computes all
// of them.
template <class Heads, class Layer>
concept shared_heads = requires(Heads& heads, const Layer& layer, const matrix<float>& x,
                                matrix<float>& y) {
  heads.attend(layer, x, y);
};

// The settings of a layer, without those that are empty.
template <class Scalar>
struct layer_settings {
  using heed_kind = setting_kind;
  static constexpr std::string_view setting_name = "layer_settings";
  const char* verb;
  std::optional<double> scale;
  const std::vector<double>* sinks;
  const std::vector<index>* starts;  // of the sequences of a packed batch, or null
  std::optional<view<Scalar>> weights = {};
  const std::vector<index>* key_starts = nullptr;  // of the keys; null: those of the queries

  void apply(settings<Scalar>& s) const {
    s.verb = verb;
    s.weights = weights;
    s.scale = scale;
    if (!sinks->empty()) s.sink = number_span<double>(*sinks);
    if (starts != nullptr) {
      s.packed = true;
      s.query_starts = number_span<index>(*starts);
      s.key_starts = number_span<index>(key_starts == nullptr ? *starts : *key_starts);
    }
  }
};

struct attention_layer_gradient;

}  // namespace detail

// The masks and score rules of an attention layer; all of them may be changed after the layer is
// constructed.
struct attention_rules {
  bool causal = true;  // otherwise every token sees all of its sequence
  // How many tokens before its own a token sees, and after its own, if not causal; all unless
  // given.
  std::optional<index> window = {};
  std::optional<double> scale = {};  // 1 / √width unless given
  double soft_cap = 0;               // 0: none
  std::vector<double> alibi = {};    // a slope a head, or none; not beside soft_cap
  // (heads, 2 * reach + 1): added at distances -reach to reach; or none.
  matrix<double> distance_bias = {};
  std::vector<double> sinks = {};  // a logit a head, or none
  // A mask of your own, true = attend, within what causal and window let through; its positions are
  // those of heed::where, so that it is the same with a cache. Not beside alibi, distance_bias and
  // soft_cap. Empty: no further mask.
  //
  //   layer.rules.sees = [](heed::at i) { return i.key % 8 == i.query % 8; };  // columns of rows of 8
  std::function<bool(at)> sees = {};
};

// Keys and values of another sequence, an encoder's result for example, which are computed once.
template <class Scalar>
struct attention_memory {
  kv_cache<Scalar> rows;
};

// Several sequences, stacked by rows: sequence i is the rows starts[i] ... starts[i + 1] - 1, which
// follow the tokens in caches[i]. Refers to both vectors.
template <class Scalar>
struct cached_sequences {
  const std::vector<index>& starts;
  const std::vector<kv_cache<Scalar>*>& caches;
};

// q, k, v = x W + b, normed and rotated; y = attention(q, k, v) W_O + b_O.
template <class Scalar>
struct attention_layer {
  using sizes = head_sizes;

  linear<Scalar> query;   // (model, heads * width)
  linear<Scalar> key;     // (model, kv heads * width)
  linear<Scalar> value;   // (model, kv heads * width)
  linear<Scalar> output;  // (heads * width, model); empty: y is what the heads give
  heed::heads heads;
  // Norms of queries and keys: of each head or of a whole row, whichever is as wide as the weight
  // of the norm.
  normalisation<Scalar> query_norm;
  normalisation<Scalar> key_norm;
  std::optional<rotary_embedding<Scalar>> rotary;
  double clip = 0;  // q, k and v are clamped to ± clip; 0: not clamped
  attention_rules rules;

  attention_layer() = default;
  explicit attention_layer(const sizes& given) {
    const sizes s = given.resolved(name);
    heads = {s.heads, s.kv_heads};
    query = linear<Scalar>({s.model, s.heads * s.width, s.bias, s.seed});
    key = linear<Scalar>({s.model, s.kv_heads * s.width, s.bias, s.seed + 1});
    value = linear<Scalar>({s.model, s.kv_heads * s.width, s.bias, s.seed + 2});
    output = linear<Scalar>({s.heads * s.width, s.model, s.bias, s.seed + 3});
  }

  [[nodiscard]] index kv_heads() const { return heads.kv == 0 ? heads.query : heads.kv; }

  // Columns of one head.
  [[nodiscard]] index width() const { return query.outputs() / heads.query; }
  [[nodiscard]] index value_width() const { return value.outputs() / kv_heads(); }

  // x: (tokens, model) that follow the tokens in the cache, to which their keys and values are
  // appended; y: (tokens, model), which may be x itself. Modifiers: in, on, observe_weights. Takes
  // memory for four matrices of (tokens, heads * width) from scratch; a second call with the same
  // shapes allocates nothing. Throws shape_error if sizes do not fit and std::length_error if the
  // cache is full; nothing is then written, and the cache is unchanged.
  template <class X, class Y, class... Modifiers>
  requires detail::eigen_object<Y>
  void operator()(const X& x, Y&& y, kv_cache<Scalar>& cache, const Modifiers&... modifiers) const {
    detail::rollback undo(cache);
    run(
        x, y, [&](std::size_t) { return cache.position(); }, nullptr,
        [&](const auto& k, const auto& v, const auto& use) {
          cache.append(k, v);
          use(cache.keys(), cache.values());
        },
        modifiers...);
    undo.keep();
  }

  // Several sequences at once, each with its own cache; the bits of each are those of a call with
  // that sequence alone.
  template <class X, class Y, class... Modifiers>
  requires detail::eigen_object<Y>
  void operator()(const X& x, Y&& y, const cached_sequences<Scalar>& sequences,
                  const Modifiers&... modifiers) const {
    run(
        x, y, [&](std::size_t i) { return sequences.caches[i]->position(); }, &sequences.starts,
        [&](const auto& k, const auto& v, const auto& use) {
          for (std::size_t i = 0; i < sequences.caches.size(); ++i) {
            kv_cache<Scalar>& cache = *sequences.caches[i];
            const index first = sequences.starts[i], count = sequences.starts[i + 1] - first;
            cache.append(k.middleRows(first, count), v.middleRows(first, count));
            use(cache.keys(), cache.values(), first, count);
          }
        },
        modifiers...);
  }

  // The same where several processes hold the keys and values.
  template <class X, class Y, detail::shared_rows Rows, class... Modifiers>
  requires detail::eigen_object<Y>
  void operator()(const X& x, Y&& y, Rows& rows, const Modifiers&... modifiers) const {
    run(
        x, y, [&](std::size_t) { return rows.position(); }, nullptr,
        [&](const auto& k, const auto& v, const auto& use) {
          rows.append(k, v);
          use(rows.keys(), rows.values(), rows.modifier());
        },
        modifiers...);
  }

  // The same where several processes hold the heads.
  template <class X, class Y, detail::shared_heads<attention_layer> Heads, class... Modifiers>
  requires detail::eigen_object<Y>
  void operator()(const X& x, Y&& y, Heads& shared, const Modifiers&... modifiers) const {
    shared.attend(*this, x, y, modifiers...);
  }

  // Without a cache: the first token has position 0.
  template <class X, class Y, class... Modifiers>
  requires(detail::eigen_object<Y> && (!detail::eigen_object<Modifiers> && ...)) void operator()(
      const X& x, Y&& y, const Modifiers&... modifiers) const {
    run(
        x, y, at_start, nullptr, [](const auto& k, const auto& v, const auto& use) { use(k, v); },
        modifiers...);
  }

  // Several sequences, stacked by rows: sequence i is the rows starts[i] ... starts[i + 1] - 1, and
  // its first token has position 0.
  template <class X, class Y, class... Modifiers>
  requires detail::eigen_object<Y>
  void operator()(const X& x, Y&& y, const std::vector<index>& starts,
                  const Modifiers&... modifiers) const {
    run(
        x, y, at_start, &starts, [](const auto& k, const auto& v, const auto& use) { use(k, v); },
        modifiers...);
  }

  // Cross-attention, part 1: the keys and values of rows, (rows, model).
  template <class Rows, class... Modifiers>
  [[nodiscard]] attention_memory<Scalar> remember(const Rows& memory,
                                                  const Modifiers&... modifiers) const {
    matrix<Scalar> k(memory.rows(), key.outputs()), v(memory.rows(), value.outputs());
    apply(key, {name, "key.weight", "key.bias", "memory"}, memory, k, modifiers...);
    apply(value, {name, "value.weight", "value.bias", "memory"}, memory, v, modifiers...);
    hold(k);
    hold(v);
    if (has_norm(key_norm)) normalise(key_norm, k, k);
    attention_memory<Scalar> made{
        kv_cache<Scalar>({memory.rows(), heads.kv, width(), value_width()})};
    made.rows.append(k, v);
    return made;
  }

  // Cross-attention, part 2: attention of x, (tokens, model), over these keys and values; no rotary
  // positions.
  template <class X, class Y, class... Modifiers>
  requires detail::eigen_object<Y>
  void operator()(const X& x, Y&& y, const attention_memory<Scalar>& memory,
                  const Modifiers&... modifiers) const {
    if constexpr (detail::layer_call_is_good<Scalar, X, Modifiers...>())
      if constexpr (detail::output_is_good<Y, X>()) {
        const auto options = detail::gather_settings<Scalar>(modifiers...);
        scratch& room = options.memory ? *options.memory : detail::default_scratch();
        const auto on_same = on(options.on);
        scratch::frame frame(room);
        auto q = frame.template take_matrix<Scalar>(x.rows(), query.outputs());
        auto context = frame.template take_matrix<Scalar>(x.rows(), value_width() * heads.query);
        apply(query, {name, "query.weight", "query.bias"}, x, q, in(room), on_same);
        hold(q);
        if (has_norm(query_norm)) normalise(query_norm, q, q);
        attend(q, memory.rows.keys(), memory.rows.values(), context, nullptr, room, modifiers...);
        apply(output, {name, "output.weight", "output.bias", "what the heads give"}, context, y,
              in(room), on_same);
      }
  }

 private:
  friend detail::attention_layer_gradient;
  static constexpr const char* name = "heed::attention_layer";

  // to = from W + b, of a layer whose parts are called so in refusals.
  template <class From, class To, class... Modifiers>
  static void apply(const linear<Scalar>& layer, const detail::linear_names& names,
                    const From& from, To&& to, const Modifiers&... modifiers) {
    detail::linear_call<Scalar>{layer, names}(from, to, modifiers...);
  }

  [[nodiscard]] index y_columns() const {
    return output.outputs() > 0 ? output.outputs() : value_width() * heads.query;
  }

  static index at_start(std::size_t) { return 0; }

  // first(i) is the position of the first token of sequence i. remember(k, v, use) calls use(keys,
  // values) with all keys and values that x may see, or use(keys, values, row, count) for `count`
  // rows of x, or use(keys, values, modifier).
  template <class X, class Y, class First, class Remember, class... Modifiers>
  void run(const X& x, Y&& y, const First& first, const std::vector<index>* starts,
           const Remember& remember, const Modifiers&... modifiers) const {
    if constexpr (detail::layer_call_is_good<Scalar, X, Modifiers...>())
      if constexpr (detail::output_is_good<Y, X>()) {
        const auto options = detail::gather_settings<Scalar>(modifiers...);
        scratch& room = options.memory ? *options.memory : detail::default_scratch();
        const auto on_same = on(options.on);
        detail::check_size(name, "y", detail::view<const Scalar>(detail::view_of(y)),
                           {x.rows(), y_columns()});
        if (starts != nullptr)
          detail::check_starts(name, "starts", "x", detail::number_span<index>(*starts), x.rows());
        detail::require(rules.alibi.empty() || detail::exactly_equal(rules.soft_cap, 0.0), name,
                        ": rules have slopes of ALiBi and a soft_cap of ", rules.soft_cap,
                        ", but there can be only one of them");
        scratch::frame frame(room);
        auto q = frame.take_matrix<Scalar>(x.rows(), query.outputs());  // (tokens, heads * width)
        auto k = frame.take_matrix<Scalar>(x.rows(), key.outputs());  // (tokens, kv heads * width)
        auto v = frame.take_matrix<Scalar>(x.rows(),
                                           value.outputs());  // (tokens, kv heads * value width)
        auto context = frame.take_matrix<Scalar>(x.rows(), value_width() * heads.query);
        apply(query, {name, "query.weight", "query.bias"}, x, q, in(room), on_same);
        apply(key, {name, "key.weight", "key.bias"}, x, k, in(room), on_same);
        apply(value, {name, "value.weight", "value.bias"}, x, v, in(room), on_same);
        for (auto* const m : {&q, &k, &v}) hold(*m);
        if (has_norm(query_norm)) normalise(query_norm, q, q);
        if (has_norm(key_norm)) normalise(key_norm, k, k);
        rotate(q, first, starts, room);
        rotate(k, first, starts, room);
        remember(k, v, [&](const auto& keys, const auto& values, const auto&... some) {
          if constexpr (sizeof...(some) == 0) {
            attend(q, keys, values, context, starts, room, modifiers...);
          } else if constexpr (sizeof...(some) == 1) {  // the modifier for all processes
            with_rules(starts, [&](const auto&... rule) {
              attention(q, keys, values, context, rule..., some..., in(room), on_same);
            });
          } else {
            auto part = context.middleRows(some...);
            attend(q.middleRows(some...), keys, values, part, nullptr, room, modifiers...);
          }
        });
        if (output.outputs() > 0)
          apply(output, {name, "output.weight", "output.bias", "what the heads give"}, context, y,
                in(room), on_same);
        else
          y = context;
      }
  }

  // Clamps to ± clip.
  template <class Rows>
  void hold(Rows& x) const {
    if (clip > 0) x = x.cwiseMax(Scalar(-clip)).cwiseMin(Scalar(clip));
  }

  template <class Rows, class First>
  void rotate(Rows& x, const First& first, const std::vector<index>* starts, scratch& room) const {
    if (!rotary) return;
    const auto one = [&](auto&& some, index at) { (*rotary)(some, at, at + some.rows(), room); };
    if (starts == nullptr) return one(x, first(0));
    for (std::size_t i = 0; i + 1 < starts->size(); ++i)
      one(x.middleRows((*starts)[i], (*starts)[i + 1] - (*starts)[i]), first(i));
  }

  // Passes the probabilities of the call to the observers among the modifiers.
  template <class Q, class K, class V, class Out, class... Modifiers>
  void attend(const Q& q, const K& k, const V& v, Out&& out, const std::vector<index>* starts,
              scratch& room, const Modifiers&... modifiers) const {
    detail::layer_settings<Scalar> settings{name, rules.scale, &rules.sinks, starts};
    const auto on_same = on(detail::gather_settings<Scalar>(modifiers...).on);
    const auto run = [&](const detail::layer_settings<Scalar>& with) {
      with_rules(with,
                 [&](const auto&... rule) { attention(q, k, v, out, rule..., in(room), on_same); });
    };
    if constexpr ((detail::is_observer<Modifiers> || ...)) {
      scratch::frame frame(room);
      auto weights = frame.template take_matrix<Scalar>(
          heads.query * q.rows(), starts == nullptr ? k.rows() : longest(*starts));
      settings.weights = detail::view_of(weights);
      run(settings);
      const Eigen::Map<const matrix<Scalar>> shown(weights.data(), weights.rows(), weights.cols());
      (detail::observe(modifiers, shown), ...);
    } else {
      run(settings);
    }
  }

  static index longest(const std::vector<index>& starts) {
    index most = 0;
    for (std::size_t i = 0; i + 1 < starts.size(); ++i)
      most = (std::max)(most, starts[i + 1] - starts[i]);
    return most;
  }

  // Calls use(modifiers...), one call for each kind of score rule: rules are compiled into the loops over
  // pairs.
  template <class Use>
  void with_rules(const std::vector<index>* starts, const Use& use) const {
    with_rules(detail::layer_settings<Scalar>{name, rules.scale, &rules.sinks, starts}, use);
  }
  template <class Use>
  void with_rules(const detail::layer_settings<Scalar>& settings, const Use& use) const {
    const heed::window seen{
        .left = rules.window.value_or(heed::window::unbounded),
        .right = rules.causal ? 0 : rules.window.value_or(heed::window::unbounded)};
    const auto with = [&](const auto&... rule) { use(heads, settings, seen, rule...); };
    if (rules.sees) {
      detail::require(rules.alibi.empty() && rules.distance_bias.size() == 0 &&
                          detail::exactly_equal(rules.soft_cap, 0.0),
                      name, ": rules have a mask of your own, sees, beside ", rules.alibi.size(),
                      " slopes of ALiBi, a distance_bias of ", rules.distance_bias.size(),
                      " numbers and a soft_cap of ", rules.soft_cap,
                      ", but there can be only one of them");
      with(where([&](at i) { return rules.sees(i); }));
    } else if (!rules.alibi.empty())
      with(alibi(rules.alibi));
    else if (rules.distance_bias.size() > 0)
      with(detail::distance_bias_rule{&rules.distance_bias});
    else if (!detail::exactly_equal(rules.soft_cap, 0.0))
      with(soft_cap(rules.soft_cap));
    else
      with();
  }
};

}  // namespace HEED_ABI
}  // namespace heed
