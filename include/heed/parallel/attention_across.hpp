// SPDX-License-Identifier: MIT
// Attention over rows that several processes hold: exact, and to the bit what one process gives.
//
//   heed::attention(q, k, v, out, heed::heads{8, 2}, heed::causal, heed::across(MPI_COMM_WORLD));
//
// Keys and values travel in blocks while the block before is worked on (Liu et al., "Ring Attention with
// Blockwise Transformers for Near-Infinite Context", 2023), but every rank takes them in the order of the
// keys, since the order of sums decides their last bits.
#pragma once

#include <heed/attention.hpp>                       // attention
#include <heed/parallel/across.hpp>                 // across
#include <heed/parallel/agreed_call.hpp>            // agree_on
#include <heed/parallel/attention_across_keys.hpp>  // attention_over_keys
#include <heed/parallel/block_stream.hpp>           // block_stream
#include <heed/parallel/carried_sums.hpp>           // carried_sums, chunk_call
#include <heed/parallel/query_parts.hpp>            // query_parts_of, seen_chunks
#include <heed/parallel/rank_outcomes.hpp>          // rank_outcomes

#include <algorithm>  // max
#include <vector>     // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail {

template <class Call, class Storage>
class attention_of_rank {
 public:
  using Scalar = typename Call::Scalar;

  attention_of_rank(const communicator& ranks, const across& how, const Call& call,
                    const rules_of_call<Scalar>& rules, const rows_of_ranks& rows, traffic& cost)
      : ranks_(ranks),
        how_(how),
        call_(call),
        rules_(rules),
        rows_(rows),
        cost_(cost),
        outcomes_(ranks, call.options.verb) {}

  // Throws on all ranks what a rule throws on one.
  void run(scratch& memory) {
    const std::vector<query_part> parts = query_parts_of(call_.sizes, rows_.queries, ranks_.rank());
    const key_blocks blocks(call_.sizes, rows_.keys, how_.options.block_rows,
                            (std::max)(call_.k.cols, call_.v.cols) * index(sizeof(Storage)));
    const needed_blocks needed = gather_needed(parts, blocks);
    bool moderate = pass(call_, parts, blocks, needed, memory);
    const bool own_overflow = !moderate && has_overflow(call_);
    const double before = MPI_Wtime();
    const bool any_overflow = outcomes_.agree(own_overflow);
    cost_.waiting_seconds += MPI_Wtime() - before;
    if (!any_overflow) return;
    // All go through the keys again, since others may need them.
    scratch::frame frame(memory);
    const Call again = damped(call_, frame);
    pass(again, parts, blocks, needed, memory);
    outcomes_.agree(false);
    if (own_overflow) take_damped(call_, again);
  }

 private:
  needed_blocks gather_needed(const std::vector<query_part>& parts, const key_blocks& blocks) {
    const seen_chunks<Scalar> seen(call_.sizes, rules_, call_.q.rows);
    std::vector<char> own(static_cast<std::size_t>(blocks.size()), 0);
    outcomes_.attempt([&] {
      for (index b = 0; b < blocks.size(); ++b) {
        char& is_needed = own[static_cast<std::size_t>(b)];
        for (index c = blocks[b].chunks.first; c < blocks[b].chunks.last && is_needed == 0; ++c)
          for (const query_part& part : parts)
            if (seen.sees(part, blocks.chunk(c))) {
              is_needed = 1;
              break;
            }
        if (is_needed == 0) ++cost_.blocks_left_out;
      }
    });
    return {ranks_.all_gather(own), blocks.size()};
  }

  // All blocks in the order of the keys. Says whether no sum of weighted values can have overflowed.
  bool pass(const Call& call, const std::vector<query_part>& parts, const key_blocks& blocks,
            const needed_blocks& needed, scratch& memory) {
    scratch::frame frame(memory);
    std::vector<carried_sums<Call>> sums;
    for (const query_part& part : parts) sums.emplace_back(call, part.count, frame);
    block_stream<Storage> stream(ranks_, blocks, needed, call.k, call.v, frame, cost_);
    bool moderate = true;
    while (stream.next()) {
      if (!needed.by(ranks_.rank(), stream.block())) continue;
      const key_block& block = blocks[stream.block()];
      outcomes_.attempt([&] {
        for (index c = block.chunks.first; c < block.chunks.last; ++c)
          for (std::size_t i = 0; i < parts.size(); ++i) {
            if (parts[i].sequence != blocks.chunk(c).sequence) continue;
            moderate &= attend(call, parts[i], blocks.chunk(c), block, stream, sums[i], memory);
            stream.poll();
          }
      });
    }
    stream.finish();
    if (!outcomes_.failed())
      for (std::size_t i = 0; i < parts.size(); ++i) sums[i].finish(parts[i].local, parts[i].count);
    return moderate;
  }

  bool attend(const Call& call, const query_part& part, const sequence_chunk& chunk,
              const key_block& block, const block_stream<Storage>& stream, carried_sums<Call>& sums,
              scratch& memory) {
    chunk_call<Call> one(call);
    one.sizes = part_of(call.sizes, part, chunk, chunk.row - block.row, call.q.rows);
    one.k = stream.keys();
    one.v = stream.values();
    one.chunk = chunk.keys;
    one.sums = &sums;
    return prefill(one, rules_, memory);
  }

  const communicator& ranks_;
  const across& how_;
  const Call& call_;
  const rules_of_call<Scalar>& rules_;
  const rows_of_ranks& rows_;
  traffic& cost_;
  rank_outcomes outcomes_;
};

template <class Modifier>
inline constexpr bool is_weights = false;
template <class Element>
inline constexpr bool is_weights<side_output<weights_place, Element>> = true;

// What ranks can share: all but probabilities, which no rank has whole, and 8-bit keys.
template <class K, class V, class... Modifiers>
constexpr bool can_be_shared() {
  constexpr bool probabilities = has_key_weights<Modifiers...> || (is_weights<Modifiers> || ...);
  static_assert(!probabilities,
                "heed: heed::weights and heed::key_weights are not given by a call across ranks");
  constexpr bool eight_bit = is_quantised<K> || is_quantised<V>;
  static_assert(!eight_bit,
                "heed: heed::quantised keys and values are not shared across ranks; half and "
                "bfloat16 are");
  constexpr bool packed_keys = (is_across_keys<Modifiers> || ...) &&
                               (std::is_same_v<std::remove_cvref_t<Modifiers>, packed> || ...);
  static_assert(!packed_keys,
                "heed: heed::across_keys takes one sequence, not heed::packed ones; ask for each "
                "apart");
  return !probabilities && !eight_bit && !packed_keys;
}

}  // namespace detail

// heed::attention with the modifier heed::across(comm) or heed::across_keys(comm): see there for what each
// rank holds. Results have the bits of one process, whatever the number of ranks and the split. Takes
// memory for eight blocks of keys and values and, while it runs, for the sums of this rank's queries. From
// its thread alone MPI is called (MPI_THREAD_FUNNELED is enough). Throws shape_error with the same
// sentence on every rank, before keys are sent, if sizes, types, settings or rules do not fit on one of
// them or differ between them; what a rule throws on one rank ends the call there, and as rank_error with
// its text on the others. Results are then of no meaning.
template <class Q, class K, class V, class Out, class... Modifiers>
requires detail::eigen_object<Out> && detail::of_several_ranks<Modifiers...>
void attention(const Q& q, const K& k, const V& v, Out&& out, const Modifiers&... modifiers) {
  if constexpr (detail::call_is_good<Q, K, V, Modifiers...>() &&
                detail::can_be_shared<K, V, Modifiers...>())
    if constexpr (detail::output_is_good<Out, Q>()) {
      using call_type = detail::attention_call<detail::scalar_of<Q>, detail::key_view_t<K>>;
      using Scalar = typename call_type::Scalar;
      const across& how = detail::across_of(modifiers...);
      traffic cost;
      const double before = MPI_Wtime();
      const auto rules = detail::gather_rules(modifiers...);
      call_type call{detail::view_of(q),
                     detail::view_of(k),
                     detail::view_of(v),
                     detail::view_of(out),
                     {},
                     detail::gather_settings<Scalar>(modifiers...),
                     decltype(rules)::has_scores};
      if constexpr (detail::has_dropout<Modifiers...>)
        if (call.options.drop_probability > 0)
          call.drop = {{call.options.drop_probability, call.options.drop_seed},
                       detail::drop<Scalar>};
      const detail::rules_of_call<Scalar> all_rules(rules);
      const detail::communicator ranks(how.comm);
      detail::call_facts facts =
          detail::facts_of_call(call.options, detail::rules_in_words(modifiers...));
      constexpr bool shares_sums = (detail::is_across_keys<Modifiers> || ...);
      facts.sums_are_shared = shares_sums ? 1 : 0;
      const detail::rows_of_ranks rows =
          detail::agree_on(ranks, how, call, rules, facts, [&](const detail::problem& own) {
            detail::check_outputs(call.options.verb, call.q, call.k, call.v, call.out, call.options,
                                  own);
          });
      scratch& memory = call.options.memory ? *call.options.memory : detail::default_scratch();
      if constexpr (shares_sums)
        detail::attention_over_keys<call_type, detail::scalar_of<K>>(ranks, call, all_rules, rows,
                                                                     cost)
            .run(memory);
      else
        detail::attention_of_rank<call_type, detail::scalar_of<K>>(ranks, how, call, all_rules,
                                                                   rows, cost)
            .run(memory);
      cost.seconds = MPI_Wtime() - before;
      if (how.options.report != nullptr) *how.options.report = cost;
    }
}

}  // namespace HEED_ABI
}  // namespace heed
