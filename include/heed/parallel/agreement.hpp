// SPDX-License-Identifier: MIT
// What all ranks of a call must agree on, compared before anything is sent: where they do not, every rank
// refuses the call by the same sentence.
//
//   heed::attention: head width differs between ranks: it is 32 on rank 2, and 64 on rank 0
#pragma once

#include <heed/modifiers.hpp>              // rule_set, causal_from, window, prefix, soft_cap, alibi
#include <heed/modifiers/problem.hpp>      // settings
#include <heed/parallel/communicator.hpp>  // communicator
#include <heed/storage/dtype.hpp>          // dtype_of, name_of

#include <array>      // array
#include <bit>        // bit_cast
#include <cstdint>    // uint64_t
#include <cstdio>     // snprintf
#include <cstdlib>    // strtod
#include <exception>  // exception
#include <string>     // string
#include <vector>     // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// A text that travels.
template <std::size_t Size>
struct short_text {
  std::array<char, Size> letters = {};

  short_text() = default;
  explicit short_text(const std::string& text) {
    std::snprintf(letters.data(), Size, "%s", text.c_str());
  }
  [[nodiscard]] std::string text() const { return letters.data(); }
};

// Numbers of one text, so that texts that were cut short are still told apart.
inline std::uint64_t digest(const std::string& text) {
  std::uint64_t hash = 14695981039346656037U;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return hash;
}

// What one rank's call is.
struct call_facts {
  short_text<32> verb;
  index rows[2];  // of q, of k
  index query_heads, kv_heads, query_columns, key_columns, value_columns;
  int query_type, key_type, sums_are_shared, how;
  int gradients;  // of a backward call: a sum of 1: accumulate, 2: of the bias, 4: of the sink
  index block_rows, sequences, sinks;
  double scale, drop_probability;
  std::uint64_t drop_seed, numbers, rules;
  short_text<256> rule_text;
  short_text<512> refusal;  // what is wrong on this rank alone; empty: nothing
};

// Numbers that differ in their last digit differ in words, too.
inline void append_exactly(std::string& text, double number) {
  char digits[32];
  for (int count = 6; count <= 17; ++count) {
    std::snprintf(digits, sizeof digits, "%.*g", count, number);
    if (exactly_equal(std::strtod(digits, nullptr), number)) break;
  }
  text += digits;
}

// ---- rules in words

template <class Rule>
std::string name_of_rule() {
#if defined(_MSC_VER)
  const std::string all = __FUNCSIG__;
#else
  const std::string all = __PRETTY_FUNCTION__;
#endif
  const std::size_t first = all.find("Rule = ");
  return first == std::string::npos
             ? all
             : all.substr(first + 7, all.find_first_of(";]", first) - first - 7);
}
template <class Rule>
void describe(std::string& text, const Rule&) {
  text += name_of_rule<Rule>();
}
inline void describe(std::string& text, const causal_mask&) { text += "causal"; }
inline void describe(std::string& text, const causal_from& rule) {
  append(text += "causal_from ", rule.first);
}
inline void describe(std::string& text, const window& rule) {
  append(text += "window of ", rule.left);
  append(text += " and ", rule.right);
}
inline void describe(std::string& text, const prefix& rule) {
  append(text += "prefix ", rule.count);
}
inline void describe(std::string& text, const key_length& rule) {
  append(text += "key_length ", rule.count);
}
inline void describe(std::string& text, const soft_cap& rule) {
  append_exactly(text += "soft_cap ", rule.cap);
}
inline void describe(std::string& text, const alibi_rule& rule) {
  text += "alibi";
  for (index h = 0; rule.slopes.given() && h < rule.slopes.size(); ++h)
    append_exactly(text += ' ', rule.slopes[h]);
}
template <class Id>
void describe(std::string& text, const documents<Id>& rule) {
  std::uint64_t hash = 0;
  for (index i = 0; i < rule.all.count; ++i)
    hash = (hash ^ static_cast<std::uint64_t>(rule.all.ids[i])) * 1099511628211U;
  append(text += "documents of digest ", hash);
}
template <class A, class B>
void describe(std::string& text, const mask_and<A, B>& rule);
template <class A, class B>
void describe(std::string& text, const mask_or<A, B>& rule);
template <class A>
void describe(std::string& text, const mask_not<A>& rule) {
  text += "not ";
  describe(text, rule.a);
}
template <class A, class B>
void describe(std::string& text, const mask_and<A, B>& rule) {
  describe(text += '(', rule.a);
  describe(text += " and ", rule.b);
  text += ')';
}
template <class A, class B>
void describe(std::string& text, const mask_or<A, B>& rule) {
  describe(text += '(', rule.a);
  describe(text += " or ", rule.b);
  text += ')';
}

template <class... Modifiers>
std::string rules_in_words(const Modifiers&... modifiers) {
  std::string text;
  [[maybe_unused]] const auto one = [&](const auto& m) {
    if constexpr (!setting<decltype(m)>) {
      if (!text.empty()) text += ", ";
      describe(text, m);
    }
  };
  (one(modifiers), ...);
  return text.empty() ? "no rule" : text;
}

// ---- agreement

template <class Scalar>
call_facts facts_of_call(const settings<Scalar>& s, const std::string& rules) {
  std::string numbers;
  const auto add = [&](const auto& some) {
    for (index i = 0; some.given() && i < some.size(); ++i) append(numbers += ' ', some[i]);
    numbers += ';';
  };
  add(s.query_starts), add(s.key_starts), add(s.key_lengths);
  for (index h = 0; s.sink.given() && h < s.sink.size(); ++h)
    append_exactly(numbers += ' ', double(s.sink[h]));
  call_facts facts{};
  facts.verb = short_text<32>(s.verb);
  facts.query_heads = s.query_heads;
  facts.kv_heads = s.kv_heads;
  facts.sequences = s.packed ? s.query_starts.size() - 1 : 1;
  facts.sinks = s.sink.size();
  facts.scale = s.scale.value_or(0);
  facts.drop_probability = s.drop_probability;
  facts.drop_seed = s.drop_seed;
  facts.numbers = digest(numbers);
  facts.rules = digest(rules);
  facts.rule_text = short_text<256>(rules);
  return facts;
}

// Refuses, with the same sentence on all ranks, what is wrong on one of them.
inline void refuse_together(const std::vector<call_facts>& all) {
  for (std::size_t rank = 0; rank < all.size(); ++rank)
    if (all[rank].refusal.letters[0] != 0)
      refuse<shape_error>(all[rank].refusal.text() + " (rank " + std::to_string(rank) + " of " +
                          std::to_string(all.size()) + ")");
}

// ... and ranks that differ.
inline void require_same(const std::vector<call_facts>& all) {
  const call_facts& first = all[0];
  const std::string verb = first.verb.text();  // the sentence is the same on all ranks
  for (std::size_t rank = 1; rank < all.size(); ++rank) {
    const call_facts& other = all[rank];
    const auto same = [&](const char* what, const auto& here, const auto& there) {
      require(exactly_equal(here, there), verb, ": ", what, " differs between ranks: it is ", there,
              " on rank ", rank, ", and ", here, " on rank 0");
    };
    const auto type = [](int number) { return name_of(static_cast<dtype>(number)); };
    require(first.verb.text() == other.verb.text(), verb, ": rank ", rank, " calls ",
            other.verb.text(), ", but rank 0 calls ", first.verb.text());
    require(first.sums_are_shared == other.sums_are_shared, verb, ": rank ", rank, " calls with ",
            other.sums_are_shared != 0 ? "across_keys" : "across", ", but rank 0 with ",
            first.sums_are_shared != 0 ? "across_keys" : "across");
    require(first.query_type == other.query_type, verb,
            ": dtype of q differs between ranks: it is ", type(other.query_type), " on rank ", rank,
            ", and ", type(first.query_type), " on rank 0");
    require(first.key_type == other.key_type, verb,
            ": dtype of k and v differs between ranks: it is ", type(other.key_type), " on rank ",
            rank, ", and ", type(first.key_type), " on rank 0");
    same("number of query heads", first.query_heads, other.query_heads);
    same("number of key/value heads", first.kv_heads, other.kv_heads);
    same("head width", first.query_columns / first.query_heads,
         other.query_columns / other.query_heads);
    same("number of columns of k", first.key_columns, other.key_columns);
    same("number of columns of v", first.value_columns, other.value_columns);
    same("split of rows (0: in order, 1: zigzag, 2: dealt)", first.how, other.how);
    same("block_rows", first.block_rows, other.block_rows);
    same("number of sequences", first.sequences, other.sequences);
    same("scale", first.scale, other.scale);
    same("dropout probability", first.drop_probability, other.drop_probability);
    same("dropout seed", first.drop_seed, other.drop_seed);
    same("number of sinks", first.sinks, other.sinks);
    same("sum of 1 (accumulate), 2 (gradient_of_bias) and 4 (gradient_of_sink)", first.gradients,
         other.gradients);
    if (first.sums_are_shared != 0) same("number of queries", first.rows[0], other.rows[0]);
    require(first.rules == other.rules, verb, ": rules differ between ranks: they are ",
            other.rule_text.text(), " on rank ", rank, ", and ", first.rule_text.text(),
            " on rank 0");
    require(first.numbers == other.numbers, verb,
            ": packed offsets, key lengths or sinks differ between ranks: digest is ",
            std::to_string(other.numbers), " on rank ", rank, ", and ",
            std::to_string(first.numbers), " on rank 0");
  }
}

// What check() throws, as a text; empty where it throws nothing.
template <class Check>
std::string refusal_of(const Check& check) {
#if HEED_HAS_EXCEPTIONS
  try {
    check();
  } catch (const std::exception& error) {
    return error.what();
  }
#else
  check();
#endif
  return {};
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
