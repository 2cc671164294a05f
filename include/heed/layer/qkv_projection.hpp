// SPDX-License-Identifier: MIT
// Queries, keys and values of a sequence: three linear layers, or one with their weights side by
// side.
//
//   heed::qkv_projection<float> project({.model = 768, .heads = 12});
//   auto [q, k, v] = project(x);  // each (tokens, 768)
#pragma once

#include <heed/layer/linear.hpp>             // linear
#include <heed/modifiers/options/heads.hpp>  // heads

namespace heed {
inline namespace HEED_ABI {

// Sizes of a layer with heads. Zero stands for the default: kv_heads = heads, width = model /
// heads.
struct head_sizes {
  index model;
  index heads;
  index kv_heads = 0;
  index width = 0;
  bool bias = true;
  std::uint64_t seed = 0;

  // The sizes with defaults in place of zeros; throws shape_error if the sizes do not determine
  // them.
  [[nodiscard]] head_sizes resolved(const char* layer) const {
    head_sizes s = *this;
    detail::require_given(layer, "model", model, "the columns of x");
    detail::require_given(layer, "heads", heads, "the number of query heads");
    if (s.kv_heads == 0) s.kv_heads = s.heads;
    detail::require(s.heads > 0 && s.kv_heads > 0 && s.heads % s.kv_heads == 0, layer, ": ",
                    s.heads, " query heads cannot share ", s.kv_heads, " key/value heads");
    detail::require(s.model > 0 && s.width >= 0 && (s.width > 0 || s.model % s.heads == 0), layer,
                    ": model is ", s.model, ", which ", s.heads,
                    " heads do not divide; give a width");
    if (s.width == 0) s.width = s.model / s.heads;
    return s;
  }
};

// The result of a projection: queries (tokens, heads * width), keys and values (tokens, kv heads *
// width).
template <class Scalar>
struct queries_keys_values {
  matrix<Scalar> query;
  matrix<Scalar> key;
  matrix<Scalar> value;
};

// Three separate linear layers.
template <class Scalar>
struct qkv_projection {
  using sizes = head_sizes;

  linear<Scalar> query;  // (model, heads * width)
  linear<Scalar> key;    // (model, kv heads * width)
  linear<Scalar> value;  // (model, kv heads * width)

  explicit qkv_projection(const sizes& given) : qkv_projection("heed::qkv_projection", given) {}

  // x: (tokens, model). Modifiers: in, on.
  template <class X, class... Modifiers>
  [[nodiscard]] queries_keys_values<Scalar> operator()(const X& x,
                                                       const Modifiers&... modifiers) const {
    queries_keys_values<Scalar> result;
    if constexpr (detail::layer_call_is_good<Scalar, X, Modifiers...>()) {
      const auto one = [&](const linear<Scalar>& part, const char* weight, const char* bias,
                           matrix<Scalar>& y) {
        y.resize(x.rows(), part.outputs());
        detail::linear_call<Scalar>{part, {"heed::qkv_projection", weight, bias}}(x, y,
                                                                                  modifiers...);
      };
      one(query, "query.weight", "query.bias", result.query);
      one(key, "key.weight", "key.bias", result.key);
      one(value, "value.weight", "value.bias", result.value);
    }
    return result;
  }

  // Takes weights that lie side by side, (model, (heads + 2 kv heads) * width), queries first, and
  // a bias of as many elements or none.
  template <detail::storage Weight, detail::storage Bias>
  void assign_fused(const Weight& weight, const Bias& bias) {
    const index q = query.outputs(), kv = key.outputs();
    detail::require(weight.rows() == query.inputs() && weight.cols() == q + 2 * kv &&
                        (bias.size() == 0 || bias.size() == q + 2 * kv),
                    "heed::qkv_projection: the fused weight is ", detail::view_of(weight),
                    " with a bias of ", bias.size(), ", but it must be ", query.inputs(), "x",
                    q + 2 * kv);
    const auto part = [&](linear<Scalar>& to, index first, index count) {
      to.weight = weight.middleCols(first, count);
      to.bias.resize(bias.size() == 0 ? 0 : count);
      for (index i = 0; i < to.bias.size(); ++i) to.bias[i] = bias(first + i);
    };
    part(query, 0, q);
    part(key, q, kv);
    part(value, q + kv, kv);
  }

 protected:
  // For a part of another layer, whose name error messages have.
  qkv_projection(const char* layer, const sizes& given) {
    const sizes s = given.resolved(layer);
    query = linear<Scalar>({s.model, s.heads * s.width, s.bias, s.seed});
    key = linear<Scalar>({s.model, s.kv_heads * s.width, s.bias, s.seed + 1});
    value = linear<Scalar>({s.model, s.kv_heads * s.width, s.bias, s.seed + 2});
  }
};

// One layer with the weights side by side, as in GPT-2. Its result is sliced, not copied.
//
//   heed::fused_qkv_projection<float> project({.model = 768, .heads = 12});
//   auto qkv = project(x);  // (tokens, 3 * 768)
//   heed::attention(project.query(qkv), project.key(qkv), project.value(qkv), out,
//   heed::heads{12});
template <class Scalar>
struct fused_qkv_projection {
  using sizes = head_sizes;

  linear<Scalar> all;  // (model, (heads + 2 kv heads) * width): queries, keys, values

  explicit fused_qkv_projection(const sizes& given) {
    const sizes s = given.resolved("heed::fused_qkv_projection");
    query_columns_ = s.heads * s.width;
    kv_columns_ = s.kv_heads * s.width;
    all = linear<Scalar>({s.model, query_columns_ + 2 * kv_columns_, s.bias, s.seed});
  }

  // x: (tokens, model). Modifiers: in, on.
  template <class X, class... Modifiers>
  [[nodiscard]] matrix<Scalar> operator()(const X& x, const Modifiers&... modifiers) const {
    matrix<Scalar> y;
    if constexpr (detail::layer_call_is_good<Scalar, X, Modifiers...>()) {
      y.resize(x.rows(), all.outputs());
      const detail::linear_names names{"heed::fused_qkv_projection", "all.weight", "all.bias"};
      detail::linear_call<Scalar>{all, names}(x, y, modifiers...);
    }
    return y;
  }

  // Column blocks of a result.
  template <detail::storage Matrix>
  [[nodiscard]] auto query(Matrix& qkv) const {
    return qkv.leftCols(query_columns_);
  }
  template <detail::storage Matrix>
  [[nodiscard]] auto key(Matrix& qkv) const {
    return qkv.middleCols(query_columns_, kv_columns_);
  }
  template <detail::storage Matrix>
  [[nodiscard]] auto value(Matrix& qkv) const {
    return qkv.rightCols(kv_columns_);
  }

 private:
  index query_columns_;
  index kv_columns_;
};

}  // namespace HEED_ABI
}  // namespace heed
