// SPDX-License-Identifier: MIT
// The Attention cases of the ONNX standard (opset 23 and 24), said with heed's modifiers.
#include "attention_item.hpp"

namespace conformance {
namespace {

using boolean_matrix = Eigen::Matrix<bool, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

enum inputs { q, k, v, attn_mask, past_key, past_value, nonpad_kv_seqlen };
enum outputs { y, present_key, present_value, qk_matmul_output };

// What qk_matmul_output shows, by qk_matmul_output_mode.
enum class shown { scaled, capped, masked, probabilities };

constexpr std::span<const listed_case> listed{};  // heed's public face expresses every case

// A mask broadcast to the heads' matrices under each other, (heads * queries, keys). Keys beyond a
// short mask are masked out.
template <class Element, class Matrix>
Matrix broadcast(const tensor& mask, index item, index heads, index queries, index keys,
                 typename Matrix::Scalar beyond) {
  const auto extent = [&](index from_last) {
    return from_last <= mask.rank() ? mask.extent(-from_last) : 1;
  };
  const auto place = [&](index from_last, index i) { return extent(from_last) == 1 ? 0 : i; };
  Matrix all(heads * queries, keys);
  for (index h = 0; h < heads; ++h)
    for (index row = 0; row < queries; ++row)
      for (index key = 0; key < keys; ++key) {
        const bool known = extent(1) == 1 || key < extent(1);
        const index at =
            ((place(4, item) * extent(3) + place(3, h)) * extent(2) + place(2, row)) * extent(1) +
            place(1, key);
        all(h * queries + row, key) =
            known ? static_cast<typename Matrix::Scalar>(mask.data<Element>()[at]) : beyond;
      }
  return all;
}

// The rules of one item of a case; what is not given does not take part.
struct item_rules {
  std::optional<index> causal_from;
  index key_length;
  double soft_cap = 0;
  std::optional<boolean_matrix> seen;
  std::optional<heed::matrix<double>> added;

  // Only the rules up to a stage.
  [[nodiscard]] item_rules until(shown stage) const {
    item_rules r = *this;
    if (stage == shown::scaled) r.soft_cap = 0;
    if (stage < shown::masked) {
      r.causal_from.reset(), r.seen.reset(), r.added.reset();
    }
    return r;
  }

  [[nodiscard]] double largest_bias() const {
    double largest = 0;
    if (added)
      for (const double b : added->reshaped())
        if (std::isfinite(b)) largest = std::max(largest, std::abs(b));
    return largest;
  }

  // Calls use(modifiers...).
  template <class Use>
  void apply(const Use& use) const {
    const auto capped = [&](const auto&... masks_and_bias) {
      if (soft_cap > 0)
        use(heed::soft_cap(soft_cap), masks_and_bias...);  // before the bias
      else
        use(masks_and_bias...);
    };
    const auto masked = [&](const auto&... masks) {
      if (seen)
        capped(masks..., heed::keep(*seen));
      else if (added)
        capped(masks..., heed::bias(*added));
      else
        capped(masks...);
    };
    if (causal_from)
      masked(heed::causal_from(*causal_from) && heed::key_length(key_length));
    else
      masked(heed::key_length(key_length));
  }
};

template <class Scalar>
item_rules rules_of(const onnx_case& c, const attention_item<Scalar>& item, index number) {
  item_rules rules;
  const tensor* lengths = c.find_input(nonpad_kv_seqlen);
  const index length =
      lengths ? static_cast<index>(lengths->data<std::int64_t>()[number]) : item.keys();
  rules.key_length = length;
  rules.soft_cap = c.number("softcap", 0);
  if (c.number("is_causal", 0) > 0)
    rules.causal_from = lengths                  ? length - item.queries()
                        : c.find_input(past_key) ? c.input(past_key).extent(2)
                                                 : 0;

  if (const tensor* mask = c.find_input(attn_mask)) {
    const index heads = item.heads().query, queries = item.queries(), keys = item.keys();
    if (mask->type() == support::element::boolean)
      rules.seen = broadcast<bool, boolean_matrix>(*mask, number, heads, queries, keys, false);
    else
      rules.added = broadcast<Scalar, heed::matrix<double>>(
          *mask, number, heads, queries, keys, -std::numeric_limits<double>::infinity());
  }
  return rules;
}

// qk_matmul_output is a public result or follows from two: score = log(probability) + log-sum-exp.
template <class Scalar>
std::string check_scores(const onnx_case& c, const attention_item<Scalar>& item,
                         const item_rules& rules, const attention_rounding& r, index number) {
  const auto stage = static_cast<shown>(static_cast<int>(c.number("qk_matmul_output_mode", 0)));
  const tensor& all = c.output(qk_matmul_output);  // (batch, heads, queries, keys)
  const index rows = all.extent(1) * all.extent(2);
  const auto expected = all.rows<Scalar>().middleRows(number * rows, rows);
  std::string problem;
  rules.until(stage).apply([&](const auto&... modifiers) {
    const attention_results<Scalar> results = item.attend(modifiers...);
    problem = stage == shown::probabilities
                  ? difference("weights", results.weights, expected,
                               item.of_both(&attention_rounding::weight, r))
                  : difference("scores", results.scores(), expected,
                               item.of_both(&attention_rounding::recovered_score, r));
  });
  return problem;
}

template <class Scalar>
std::string check_as(const onnx_case& c) {
  std::string problem;
  for (index number = 0; number < c.input(q).extent(0); ++number) {
    const attention_item<Scalar> item(c, number, c.find_input(past_key), c.find_input(past_value));
    const item_rules rules = rules_of(c, item, number);
    const attention_rounding r = item.rounding(rules.largest_bias());
    rules.apply([&](const auto&... modifiers) {
      problem += item.compare(c.output(y), number, item.attend(modifiers...).out,
                              item.textbook(modifiers...), r);
    });
    if (const tensor* present = c.find_output(present_key))
      problem += difference("present_key", item.key_rows(),
                            token_rows<Scalar>(*present, number).rows(), 0);
    if (const tensor* present = c.find_output(present_value))
      problem += difference("present_value", item.value_rows(),
                            token_rows<Scalar>(*present, number).rows(), 0);
    if (c.find_output(qk_matmul_output)) problem += check_scores(c, item, rules, r, number);
  }
  return problem;
}

TEST(OnnxAttention, EveryCase) {
  run_every_case("Attention", listed, [](const onnx_case& c) {
    return c.input(q).type() == support::element::float16 ? check_as<Eigen::half>(c)
                                                          : check_as<float>(c);
  });
}

}  // namespace
}  // namespace conformance
