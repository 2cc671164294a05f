// SPDX-License-Identifier: MIT
// The checked sizes of one attention call: heads, widths, sequences and their positions.
#pragma once

#include <heed/core/check.hpp>                  // require
#include <heed/modifiers/options/settings.hpp>  // settings
#include <heed/modifiers/rule_set.hpp>          // rule_set
#include <heed/modifiers/scope.hpp>             // scope, call_shape
#include <heed/storage/quantised.hpp>           // quantised, elements_of, overlap

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The rows of one sequence that this process has, where other processes have the rest.
struct sequence_part {
  index sequence;
  index queries;             // of the whole sequence
  index keys;                // of the whole sequence
  index first_row;           // the part's first row among the queries of the sequence
  index query_row;           // the part's first row in q
  index key_row;             // the row of k at which the sequence's first key would lie
  index key_rows_elsewhere;  // rows of keys before the first row of k, in other processes
  index all_queries;         // rows of q
};

struct problem {
  index queries;  // rows of q
  index keys;     // rows of k and v
  index query_heads;
  index kv_heads;
  index width;        // columns of one head in q and k
  index value_width;  // columns of one head in v and out
  index sequences;
  index longest_keys;
  index longest_queries;
  std::optional<index> first_query;  // not given: queries are aligned to the end of the keys
  number_span<index> query_starts;   // given in a packed batch
  number_span<index> key_starts;
  number_span<index> key_lengths;          // given if there is room behind the keys of a sequence
  std::optional<sequence_part> part = {};  // if given, `queries` counts the rows of this part

  index group() const { return query_heads / kv_heads; }

  scope of(index sequence, index head) const {
    if (part)
      return {part->sequence,
              head,
              query_heads,
              part->query_row,
              part->key_row,
              queries,
              part->keys,
              first_query.value_or(part->keys - part->queries) + part->first_row,
              part->all_queries,
              part->first_row,
              part->key_rows_elsewhere};
    scope s{sequence, head, query_heads, 0, 0, queries, keys, 0, queries};
    if (query_starts.given()) {
      s.query_row = query_starts[sequence];
      s.queries = query_starts[sequence + 1] - s.query_row;
      s.key_row = key_starts[sequence];
      s.keys = keys_of(sequence);
    }
    s.offset = first_query ? *first_query : s.keys - s.queries;
    return s;
  }

  // Keys of one sequence in a packed batch.
  index keys_of(index sequence) const {
    return key_lengths.given() ? key_lengths[sequence]
                               : key_starts[sequence + 1] - key_starts[sequence];
  }
};

// `what` names the offsets in the error message: "packed offsets".
inline void check_starts(const char* verb, const char* what, const char* name,
                         const number_span<index>& starts, index rows) {
  require(starts.size() >= 1, verb, ": ", what, " of ", name, " are empty; they begin with 0");
  require(starts[0] == 0, verb, ": ", what, " of ", name, " begin at ", starts[0], ", not at 0");
  for (index i = 1; i < starts.size(); ++i)
    require(starts[i] >= starts[i - 1], verb, ": ", what, " of ", name, " fall from ",
            starts[i - 1], " to ", starts[i], " at place ", i);
  require(starts[starts.size() - 1] == rows, verb, ": ", what, " of ", name, " end at ",
          starts[starts.size() - 1], ", but ", name, " has ", rows, " rows");
}

inline void check_lengths(const char* verb, const number_span<index>& lengths,
                          const number_span<index>& starts) {
  require(lengths.size() == starts.size() - 1, verb, ": packed has ", lengths.size(),
          " key lengths, but there are ", starts.size() - 1, " sequences");
  for (index i = 0; i < lengths.size(); ++i)
    require(lengths[i] >= 0 && lengths[i] <= starts[i + 1] - starts[i], verb,
            ": packed key length of sequence ", i, " is ", lengths[i], ", but there is room for ",
            starts[i + 1] - starts[i], " rows");
}

// The part about heads of an error message about widths: the heads of the call, or that they may be
// missing.
struct heads_of_widths {
  index query_heads;
  index kv_heads;
  index query_columns;
  index key_columns;
};
inline void append(std::string& sentence, const heads_of_widths& h) {
  if (h.query_heads > 1)
    sentence += ", heads: " + std::to_string(h.query_heads) + " over " + std::to_string(h.kv_heads);
  else if (h.query_columns % h.key_columns == 0)
    sentence +=
        "; where q has more heads than k, say how many, for example "
        "heed::heads{.query = " +
        std::to_string(h.query_columns / h.key_columns) + ", .kv = 1}";
}

template <class Scalar>
void check_scales(const char*, const char*, const tiled_view<const Scalar>&, index) {}
inline void check_scales(const char* verb, const char* name, const quantised& rows, index heads) {
  require(rows.scales.cols == heads, verb, ": ", name, " (", rows.numbers, ") has scales for ",
          rows.scales.cols, " heads, but there are ", heads, " key/value heads");
}

// Checks that q, k, v, the settings and the rules fit together; throws shape_error.
template <class Query, class Keys, class Scalar, class Rules>
problem check_inputs(const char* verb, const view<const Query>& q, const Keys& key_rows,
                     const Keys& decode_output, const settings<Scalar>& s, const Rules& rules) {
  const index hq = s.query_heads;
  const index hk = s.kv_heads;
  const auto k = elements_of(key_rows), v = elements_of(decode_output);
  require(hq >= 1 && hk >= 1 && hq % hk == 0, verb, ": ", hq, " query heads cannot share ", hk,
          " key/value heads; the second must divide the first");
  require(q.cols > 0 && q.cols % hq == 0, verb, ": q is ", q, ", whose columns do not divide into ",
          hq, " query heads");
  require(k.cols > 0 && k.cols % hk == 0, verb, ": k is ", k, ", whose columns do not divide into ",
          hk, " key/value heads");
  require(v.cols % hk == 0, verb, ": v is ", v, ", whose columns do not divide into ", hk,
          " key/value heads");
  require(q.cols / hq == k.cols / hk, verb, ": head width differs: q is ", q, ", k is ", k,
          detail::heads_of_widths{hq, hk, q.cols, k.cols});
  require(k.rows == v.rows, verb, ": k and v differ in rows: k is ", k, ", v is ", v,
          transposed{"v", {v.rows, v.cols}, {k.rows, k.cols}});

  require(!v.in_tiles(), verb, ": v (", v, ") lies in tiles, but only keys may");
  detail::check_scales(verb, "k", key_rows, hk);
  detail::check_scales(verb, "v", decode_output, hk);

  constexpr index limit = (std::numeric_limits<position>::max)() / 2;
  require(q.rows <= limit && k.rows <= limit, verb, ": q is ", q, ", k is ", k,
          ", but a sequence has at most ", limit, " rows");

  problem g{q.rows,      k.rows, hq,     hk,     q.cols / hq,
            v.cols / hk, 1,      k.rows, q.rows, rules.first_query(),
            {},          {},     {}};
  require(!g.first_query || (*g.first_query >= -limit && *g.first_query <= limit), verb,
          ": causal_from(", g.first_query.value_or(0), ") is beyond ", limit);
  if (s.packed) {
    detail::check_starts(verb, "packed offsets", "q", s.query_starts, q.rows);
    detail::check_starts(verb, "packed offsets", "k", s.key_starts, k.rows);
    require(s.query_starts.size() == s.key_starts.size(), verb, ": packed offsets name ",
            s.query_starts.size() - 1, " sequences in q and ", s.key_starts.size() - 1, " in k");
    if (s.key_lengths.given()) detail::check_lengths(verb, s.key_lengths, s.key_starts);
    g.query_starts = s.query_starts;
    g.key_starts = s.key_starts;
    g.key_lengths = s.key_lengths;
    g.sequences = s.query_starts.size() - 1;
    g.longest_keys = g.longest_queries = 0;
    for (index i = 0; i < g.sequences; ++i) {
      g.longest_keys = (std::max)(g.longest_keys, g.keys_of(i));
      g.longest_queries = (std::max)(g.longest_queries, s.query_starts[i + 1] - s.query_starts[i]);
    }
  }
  require(!s.sink.given() || s.sink.size() == hq, verb, ": sink has ", s.sink.size(),
          " logits, but there are ", hq, " query heads");
  for (index h = 0; s.sink.given() && h < hq; ++h)
    require(s.sink[h] < std::numeric_limits<double>::infinity(), verb, ": sink ", h, " is ",
            s.sink[h], ", but a logit must be a number below infinity");
  require(s.drop_probability >= 0 && s.drop_probability < 1, verb, ": dropout probability is ",
          s.drop_probability, ", but it must be at least 0 and less than 1");
  rules.check(call_shape{verb, g.queries, g.keys, g.query_heads, g.longest_keys});
  return g;
}

// Checks the size of a matrix that a call writes.
template <class Output>
void check_size(const char* verb, const char* name, const view<Output>& output, extent must) {
  const extent is{output.rows, output.cols};
  require(is.rows == must.rows && is.cols == must.cols, verb, ": ", name, " is ", is,
          ", but it must be ", must, transposed{name, is, must});
}

// Checks the sizes of the matrices that a call writes beside its result.
template <class Scalar>
void check_side_outputs(const char* verb, const settings<Scalar>& s, const problem& g) {
  if (s.log_sum_exp)
    detail::check_size(verb, "log_sum_exp", *s.log_sum_exp, {g.queries, g.query_heads});
  if (s.weights)
    detail::check_size(verb, "weights", *s.weights, {g.query_heads * g.queries, g.longest_keys});
  if (s.key_weights)
    detail::check_size(verb, "key_weights", *s.key_weights, {g.keys, g.query_heads});
}

// Refuses an output that shares memory with another matrix of the call.
template <class Output, class Other>
void check_apart(const char* verb, const char* output_name, const view<Output>& output,
                 const char* other_name, const Other& other) {
  require(!overlap(output, other), verb, ": ", output_name, " (", output, ") overlaps ", other_name,
          " (", elements_of(other), ") in memory");
}

// Checks a call's result: its shape, and that no matrix that is written is also read.
template <class Query, class Keys, class Scalar>
void check_outputs(const char* verb, const view<const Query>& q, const Keys& k, const Keys& v,
                   const view<Query>& out, const settings<Scalar>& s, const problem& g) {
  detail::check_size(verb, "out", out, {g.queries, g.query_heads * g.value_width});
  check_side_outputs(verb, s, g);
  const auto apart_from_inputs = [&](const char* name, const auto& output) {
    check_apart(verb, name, output, "q", q);
    check_apart(verb, name, output, "k", k);
    check_apart(verb, name, output, "v", v);
  };
  apart_from_inputs("out", out);
  if (s.log_sum_exp) {
    apart_from_inputs("log_sum_exp", *s.log_sum_exp);
    check_apart(verb, "log_sum_exp", *s.log_sum_exp, "out", out);
  }
  if (s.weights) {
    apart_from_inputs("weights", *s.weights);
    check_apart(verb, "weights", *s.weights, "out", out);
    if (s.log_sum_exp) check_apart(verb, "weights", *s.weights, "log_sum_exp", *s.log_sum_exp);
  }
  if (s.key_weights) {
    apart_from_inputs("key_weights", *s.key_weights);
    check_apart(verb, "key_weights", *s.key_weights, "out", out);
    if (s.log_sum_exp)
      check_apart(verb, "key_weights", *s.key_weights, "log_sum_exp", *s.log_sum_exp);
    if (s.weights) check_apart(verb, "key_weights", *s.key_weights, "weights", *s.weights);
  }
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
