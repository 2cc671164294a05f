// SPDX-License-Identifier: MIT
// One item of a batch of ONNX attention in heed's layout: a row a token, heads as column blocks.
#pragma once

#include <heed/attention.hpp>
#include <heed/reference.hpp>

#include "onnx_case.hpp"
#include "rounding.hpp"

#include <optional>

namespace conformance {

// The tokens of one item: (tokens, heads * width), after those of the past if there is one. ONNX
// stores (batch, tokens, heads * width), which is read where it lies, or (batch, heads, tokens,
// width), which is regrouped, as the past is.
template <class Scalar>
class token_rows {
 public:
  token_rows(const tensor& present, index item, const tensor* past = nullptr)
      : present_(present.rank() == 3 ? &present : nullptr), item_(item) {
    if (present_ && !past) return;
    const index heads = (present_ && past ? *past : present).extent(1);
    const index width = present_ ? present.extent(2) / heads : present.extent(3);
    const index before = past ? past->extent(2) : 0;
    const index tokens = present.extent(-2);
    regrouped_.resize(before + tokens, heads * width);
    if (past) by_heads(*past, regrouped_.topRows(before));
    if (present_)
      regrouped_.bottomRows(tokens) = in_place();
    else
      by_heads(present, regrouped_.bottomRows(tokens));
    present_ = nullptr;
  }

  [[nodiscard]] Eigen::Map<const heed::matrix<Scalar>> rows() const {
    if (present_) return in_place();
    return {regrouped_.data(), regrouped_.rows(), regrouped_.cols()};
  }

 private:
  [[nodiscard]] Eigen::Map<const heed::matrix<Scalar>> in_place() const {
    const index tokens = present_->extent(1), columns = present_->extent(2);
    return {present_->data<Scalar>() + item_ * tokens * columns, tokens, columns};
  }

  template <class Rows>
  void by_heads(const tensor& from, Rows to) const {
    const index heads = from.extent(1), tokens = from.extent(2), width = from.extent(3);
    for (index h = 0; h < heads; ++h)
      to.middleCols(h * width, width) = Eigen::Map<const heed::matrix<Scalar>>(
          from.data<Scalar>() + (item_ * heads + h) * tokens * width, tokens, width);
  }

  const tensor* present_;
  index item_;
  heed::matrix<Scalar> regrouped_;
};

// The scale of a case, or else heed's own default, which is also ONNX's.
struct scale_if_given {
  using heed_kind = heed::setting_kind;
  static constexpr std::string_view setting_name = "scale";
  std::optional<double> factor;

  template <class Scalar>
  void apply(heed::detail::settings<Scalar>& s) const {
    if (factor) heed::scale(*factor).apply(s);
  }
};

template <class Scalar>
struct attention_results {
  heed::matrix<Scalar> out;                               // (queries, query heads * value width)
  heed::matrix<heed::accumulator_t<Scalar>> weights;      // (query heads * queries, keys)
  heed::matrix<heed::accumulator_t<Scalar>> log_sum_exp;  // (queries, query heads)

  // What the softmax was taken of, -infinity where a mask excludes the key.
  [[nodiscard]] Eigen::MatrixXd scores() const {
    Eigen::MatrixXd s = weights.template cast<double>().array().log();
    for (index row = 0; row < s.rows(); ++row)
      s.row(row).array() += static_cast<double>(log_sum_exp(row % out.rows(), row / out.rows()));
    return s;
  }
};

template <class Scalar>
class attention_item {
  using Sum = heed::accumulator_t<Scalar>;

 public:
  // q, k and v are the first inputs of a case, its scale an attribute; largest_bias is the largest
  // finite number that its rules add to a score.
  attention_item(const onnx_case& c, index item, const tensor* past_key = nullptr,
                 const tensor* past_value = nullptr)
      : q_(c.input(0), item),
        k_(c.input(1), item, past_key),
        v_(c.input(2), item, past_value),
        heads_(heads_of(c)) {
    if (const json* scale = c.attribute("scale")) scale_.factor = scale->number();
  }

  [[nodiscard]] index queries() const { return q_.rows().rows(); }
  [[nodiscard]] index keys() const { return k_.rows().rows(); }
  [[nodiscard]] const heed::heads& heads() const { return heads_; }
  [[nodiscard]] auto key_rows() const { return k_.rows(); }
  [[nodiscard]] auto value_rows() const { return v_.rows(); }

  // heed::attention under the given rules.
  template <class... Rules>
  [[nodiscard]] attention_results<Scalar> attend(const Rules&... rules) const {
    attention_results<Scalar> r;
    r.out.resize(queries(), value_width() * heads_.query);
    r.weights.resize(heads_.query * queries(), keys());
    r.log_sum_exp.resize(queries(), heads_.query);
    heed::attention(q_.rows(), k_.rows(), v_.rows(), r.out, heads_, scale_, rules...,
                    heed::weights(r.weights), heed::log_sum_exp(r.log_sum_exp));
    return r;
  }
  // The textbook under the same rules.
  template <class... Rules>
  [[nodiscard]] Eigen::MatrixXd textbook(const Rules&... rules) const {
    return heed::reference::attention(q_.rows(), k_.rows(), v_.rows(), heads_, scale_, rules...);
  }

  [[nodiscard]] attention_rounding rounding(double largest_bias = 0) const {
    const auto largest = [](const auto& m) {
      return static_cast<double>(m.template cast<double>().cwiseAbs().maxCoeff());
    };
    const index width = q_.rows().cols() / heads_.query;
    const double scale = scale_.factor.value_or(1 / std::sqrt(static_cast<double>(width)));
    return {width, keys(),
            std::abs(scale) * static_cast<double>(width) * largest(q_.rows()) * largest(k_.rows()) +
                largest_bias,
            largest(v_.rows())};
  }

  // The case's numbers were computed and stored as Scalar; heed sums in Sum and stores as Scalar;
  // the textbook's own error is far below both.
  [[nodiscard]] static double storing(const attention_rounding& r) {
    return unit_roundoff<Scalar> * r.largest_value;
  }
  [[nodiscard]] static double of_both(double (attention_rounding::*error)(precision) const,
                                      const attention_rounding& r) {
    return (r.*error)(precision_of<Scalar>)+(r.*error)(precision_of<Sum>);
  }

  // What is wrong with both results, given ONNX's.
  [[nodiscard]] std::string compare(const tensor& expected, index item,
                                    const heed::matrix<Scalar>& out, const Eigen::MatrixXd& exact,
                                    const attention_rounding& r) const {
    const token_rows<Scalar> y(expected, item);
    return difference("heed::attention", out, y.rows(),
                      of_both(&attention_rounding::output, r) + storing(r)) +
           difference("heed::reference::attention", exact, y.rows(),
                      r.output(precision_of<Scalar>));
  }

 private:
  [[nodiscard]] index value_width() const { return v_.rows().cols() / heads_.kv; }

  static heed::heads heads_of(const onnx_case& c) {
    if (c.input(0).rank() == 4) return {c.input(0).extent(1), c.input(1).extent(1)};
    return {static_cast<index>(c.number("q_num_heads", 0)),
            static_cast<index>(c.number("kv_num_heads", 0))};
  }

  token_rows<Scalar> q_, k_, v_;
  heed::heads heads_;
  scale_if_given scale_;
};

}  // namespace conformance
