// SPDX-License-Identifier: MIT
// A call that all ranks have agreed on: the sizes of the whole, and which rows each rank holds.
#pragma once

#include <heed/kernel/attention_call.hpp>  // attention_call
#include <heed/parallel/across.hpp>        // across
#include <heed/parallel/agreement.hpp>     // call_facts, refuse_together, require_same

#include <vector>  // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Where all rows of q and of k are.
struct rows_of_ranks {
  std::vector<run_of_rows> queries;
  std::vector<run_of_rows> keys;
};

// Rules of a call whose matrices have the rows of this rank alone.
template <class Rules>
struct rules_of_rank {
  const Rules& rules;
  index local_queries;

  [[nodiscard]] std::optional<index> first_query() const { return rules.first_query(); }
  void check(call_shape shape) const {
    shape.queries = local_queries;
    rules.check(shape);
  }
};

// What is wrong on this rank whatever the others do.
template <class Call>
void check_own(const Call& call, const across& how) {
  const auto& s = call.options;
  require(s.query_heads >= 1 && s.kv_heads >= 1, s.verb, ": ", s.query_heads,
          " query heads cannot share ", s.kv_heads, " key/value heads");
  require(call.k.rows == call.v.rows, s.verb, ": k and v differ in rows: k is ", call.k, ", v is ",
          call.v);
  require(how.options.block_rows >= 1, s.verb, ": block_rows is ", how.options.block_rows,
          "; it must be positive");
}

template <class Call>
void add_sizes(call_facts& facts, const Call& call, const across& how) {
  facts.rows[0] = call.q.rows;
  facts.rows[1] = call.k.rows;
  facts.query_columns = call.q.cols;
  facts.key_columns = call.k.cols;
  facts.value_columns = call.v.cols;
  facts.query_type =
      int(dtype_of<std::remove_const_t<std::remove_reference_t<decltype(*call.q.data)>>>);
  facts.key_type = int(
      dtype_of<std::remove_const_t<std::remove_reference_t<decltype(*elements_of(call.k).data)>>>);
  facts.how = int(how.how);
  facts.block_rows = how.options.block_rows;
}

// Sets call.sizes to those of the whole, and calls check_others(sizes of this rank), which sees to the other
// matrices of the call. Throws shape_error on all ranks or on none. Collective.
template <class Call, class Rules, class Check>
rows_of_ranks agree_on(const communicator& ranks, const across& how, Call& call, const Rules& rules,
                       call_facts facts, const Check& check_others) {
  const char* verb = call.options.verb;
  add_sizes(facts, call, how);
  facts.refusal = short_text<512>(refusal_of([&] { check_own(call, how); }));
  std::vector<call_facts> all = ranks.all_gather(facts);
  refuse_together(all);
  require_same(all);

  std::vector<index> queries, keys;
  for (const call_facts& f : all) {
    const bool shared = facts.sums_are_shared != 0;  // all ranks have the same queries
    queries.push_back(shared && !queries.empty() ? 0 : f.rows[0]);
    keys.push_back(f.rows[1]);
  }
  const split of_queries = facts.sums_are_shared != 0 ? split::in_order : how.how;
  const rows_of_ranks rows{runs_of(verb, "q", of_queries, queries),
                           runs_of(verb, "k", how.how, keys)};
  const auto all_of = [](const std::vector<run_of_rows>& runs) {
    return runs.empty() ? index(0) : runs.back().rows().last;
  };

  // The checks of one process, of views that have the rows of all.
  facts.refusal = short_text<512>(refusal_of([&] {
    Call whole = call;
    whole.q.rows = all_of(rows.queries);
    whole.k.rows = whole.v.rows = all_of(rows.keys);
    call.sizes = check_inputs(verb, whole.q, whole.k, whole.v, call.options,
                              rules_of_rank<Rules>{rules, call.q.rows});
    problem own = call.sizes;
    own.queries = call.q.rows;
    check_others(own);
  }));
  refuse_together(ranks.all_gather(facts));
  return rows;
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
