// SPDX-License-Identifier: MIT
// A few queries, which all ranks have, over a cache of which each rank has a part: each sums the chunks of
// keys that it holds, and the sums are added in the order of the keys.
//
//   heed::attention(q, cache.keys(), cache.values(), out, heed::causal,
//                   heed::across_keys(MPI_COMM_WORLD, heed::dealt));
//
// A sum of 512 keys is a row's values, a max and a sum: what travels is a few hundredths of the keys and
// values, or less. The exception is a chunk that lies on several ranks; its rows go to the rank of its
// first key. Rows that are dealt (512 at a time) never do.
#pragma once

#include <heed/kernel/decode/split_kv.hpp>   // decode_task
#include <heed/kernel/forward.hpp>           // damped, take_damped, has_overflow
#include <heed/parallel/agreed_call.hpp>     // rows_of_ranks
#include <heed/parallel/block_stream.hpp>    // block_stream
#include <heed/parallel/query_parts.hpp>     // part_of, seen_chunks
#include <heed/parallel/rank_outcomes.hpp>   // rank_outcomes
#include <heed/parallel/sums_of_chunks.hpp>  // unit_shares, exchange

#include <algorithm>  // fill, max, min
#include <vector>     // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail {

template <class Call, class Storage>
class attention_over_keys {
 public:
  using Scalar = typename Call::Scalar;

  attention_over_keys(const communicator& ranks, const Call& call,
                      const rules_of_call<Scalar>& rules, const rows_of_ranks& rows, traffic& cost)
      : ranks_(ranks),
        call_(call),
        rules_(rules),
        chunks_(call.sizes, rows.keys, 1, 1),
        shares_(call.q.rows * call.sizes.query_heads, ranks.size(), call.sizes.value_width),
        cost_(cost),
        outcomes_(ranks, call.options.verb) {
    require(call.sizes.group() <= most_rows, call.options.verb, ": ", call.sizes.query_heads,
            " query heads share ", call.sizes.kv_heads, " key/value heads; across_keys takes ",
            most_rows, " to one at most");
    const index most = (std::min)(queries_per_block<Scalar>, most_rows / call.sizes.group());
    for (index row = 0; row < call.q.rows; row += most)
      parts_.push_back({0, row, row, (std::min)(most, call.q.rows - row)});
  }

  void run(scratch& memory) {
    if (call_.q.rows == 0) return;
    find_out_who_sums();
    pass(call_, memory);
    if (!has_overflow(call_)) return;  // all ranks have the same results
    scratch::frame frame(memory);
    const Call again = damped(call_, frame);
    pass(again, memory);
    take_damped(call_, again);
  }

 private:
  using task = decode_task<Call>;
  using part = typename task::part;

  enum class share : char { nothing, where_it_lies, gathered };

  // Whether this rank sums a chunk, and whether its keys can be read where they lie.
  share own_share(const seen_chunks<Scalar>& seen, index block) const {
    const interval parcels = chunks_[block].parcels;
    const parcel& first = chunks_.parcel_of(parcels.first);
    const bool any = std::any_of(parts_.begin(), parts_.end(), [&](const query_part& p) {
      return seen.sees(p, chunks_.chunk(block));
    });
    if (first.rank != ranks_.rank() || !any) return share::nothing;
    const bool begins_tile =
        !call_.k.in_tiles() || (call_.k.first + first.local) % keys_per_tile == 0;
    return parcels.size() == 1 && begins_tile ? share::where_it_lies : share::gathered;
  }

  void find_out_who_sums() {
    const seen_chunks<Scalar> seen(call_.sizes, rules_, call_.q.rows);
    std::vector<share> own(static_cast<std::size_t>(chunks_.size()), share::nothing);
    outcomes_.attempt([&] {
      for (index i = 0; i < chunks_.size(); ++i)
        own[static_cast<std::size_t>(i)] = own_share(seen, i);
    });
    const std::vector<share> all = ranks_.all_gather(own);
    record_of_.assign(own.size(), 0);
    chunks_of_rank_.assign(static_cast<std::size_t>(ranks_.size()), 0);
    gathered_ = {std::vector<char>(all.size(), 0), chunks_.size()};
    for (index i = 0; i < chunks_.size(); ++i)
      for (index r = 0; r < ranks_.size(); ++r) {
        const auto at = static_cast<std::size_t>(r * chunks_.size() + i);
        if (all[at] == share::nothing) continue;
        gathered_.all[at] = all[at] == share::gathered ? 1 : 0;
        if (r == ranks_.rank()) (all[at] == share::gathered ? moved_ : lying_).push_back(i);
        order_.push_back({r, chunks_of_rank_[static_cast<std::size_t>(r)]++});
        if (r == ranks_.rank()) record_of_[static_cast<std::size_t>(i)] = order_.back().record;
      }
  }

  void pass(const Call& call, scratch& memory) {
    shares_.require_countable(chunks_of_rank_);
    scratch::frame frame(memory);
    const index rank = ranks_.rank(), own = chunks_of_rank_[static_cast<std::size_t>(rank)];
    index sent_numbers = 0, all = 0;
    for (index r = 0; r < ranks_.size(); ++r) {
      sent_at_.push_back(sent_numbers);
      sent_numbers += own * shares_.record(r);
      all += chunks_of_rank_[static_cast<std::size_t>(r)];
    }
    Scalar* const sent = frame.take<Scalar>(sent_numbers);
    Scalar* const received = frame.take<Scalar>(all * shares_.record(rank));
    std::fill(sent, sent + sent_numbers, Scalar(0));  // lanes beyond the last unit
    outcomes_.attempt([&] { sum_lying(call, sent, memory); });
    sum_moved(call, sent, memory);
    const double before = MPI_Wtime();
    outcomes_.agree(false);
    exchange(ranks_, shares_, chunks_of_rank_, sent, received);
    cost_.bytes_sent += double((sent_numbers - own * shares_.record(rank)) * index(sizeof(Scalar)));
    cost_.bytes_received += double((all - own) * shares_.record(rank) * index(sizeof(Scalar)));
    cost_.waiting_seconds += MPI_Wtime() - before;
    share_results(call, received, frame);
    sent_at_.clear();
  }

  // Chunks that are read where they lie, shared among threads.
  void sum_lying(const Call& call, Scalar* sent, scratch& memory) {
    const executor& on = call.options.on;
    const index tasks = static_cast<index>(lying_.size());
    const index workers = (std::max)(index(1), (std::min)(on.workers, tasks));
    problem largest = call.sizes;
    largest.longest_queries = parts_.front().count;
    measuring_memory measured;
    part_in(measured, largest);
    memory.prepare_workers(workers, task::footprint(largest) + measured.bytes());
    run_tasks(on, tasks, [&](index worker, index i) {
      const index chunk = lying_[static_cast<std::size_t>(i)];
      const index local = chunks_.parcel_of(chunks_[chunk].parcels.first).local;
      sum(call, chunk, local, sent, memory.worker(worker));
    });
  }

  // ... and those whose rows come from several ranks.
  void sum_moved(const Call& call, Scalar* sent, scratch& memory) {
    scratch::frame frame(memory);
    block_stream<Storage> stream(ranks_, chunks_, gathered_, call.k, call.v, frame, cost_);
    while (stream.next()) {
      if (!gathered_.by(ranks_.rank(), stream.block())) continue;
      outcomes_.attempt([&] {
        Call one = call;
        one.k = stream.keys();
        one.v = stream.values();
        sum(one, stream.block(), 0, sent, memory);
      });
    }
    stream.finish();
  }

  // Room for the sums of one part of the queries; only measured, where `memory` measures.
  template <class Memory>
  static part part_in(Memory& memory, const problem& g) {
    const index rows = g.longest_queries * g.query_heads, lanes = whole_packets<Scalar>(rows);
    auto* const max = memory.template take<Scalar>(lanes);
    auto* const sum = memory.template take<Scalar>(lanes);
    auto* const values =
        memory.template take<Scalar>(rows * decode_output<Scalar>::pitch_of(g.value_width));
    return {0,
            {},
            {0, g.kv_heads},
            false,
            false,
            {{max, sum, nullptr, nullptr, 0, 0},
             {values, 0, g.value_width},
             memory.template take<bool>(g.kv_heads),
             0}};
  }

  // Sums one chunk, which begins at `row` of the call's k, for all queries.
  void sum(const Call& call, index chunk, index row, Scalar* sent, scratch& memory) const {
    for (const query_part& queries : parts_) {
      scratch::frame frame(memory);
      Call one = call;
      one.sizes = part_of(call.sizes, queries, chunks_.chunk(chunk), row, call.q.rows);
      part sums = part_in(frame, one.sizes);
      sums.keys = chunks_.chunk(chunk).keys;
      task(one, rules_, memory).attend(sums);
      write(sums, queries, record_of_[static_cast<std::size_t>(chunk)], sent);
    }
  }

  void write(const part& sums, const query_part& queries, index record, Scalar* sent) const {
    const index heads = call_.sizes.query_heads, group = call_.sizes.group();
    constexpr Scalar nothing = online_softmax<Scalar>::minus_infinity;
    for (index head = 0; head < heads; ++head)
      for (index i = 0; i < queries.count; ++i) {
        const index unit = (queries.local + i) * heads + head, rank = shares_.rank_of(unit);
        Scalar* const to =
            sent + sent_at_[static_cast<std::size_t>(rank)] + record * shares_.record(rank);
        const index row = head * queries.count + i;
        if (sums.state.seen[head / group])
          shares_.write(to, rank, unit, sums.state.sums.max[row], sums.state.sums.sum[row],
                        sums.state.rows.data + row * shares_.pitch());
        else
          shares_.write(to, rank, unit, nothing, Scalar(0), nullptr);
      }
  }

  // Adds this rank's units up, in the order of the keys, and tells the others.
  void share_results(const Call& call, Scalar* received, scratch::frame& frame) {
    const index rank = ranks_.rank(), lanes = shares_.lanes(rank), units = shares_.of(rank).size();
    bool seen = call.options.sink.given(), later_seen = true;
    const auto total = shares_.state_at(frame.take<Scalar>(shares_.record(rank)), rank, &seen);
    total.sums.reset();
    for (index i = 0; seen && i < units; ++i)
      total.sums.set_sink(i, call.sink_of((shares_.of(rank).first + i) % call.sizes.query_heads));
    total.rows.clear();
    Scalar* const own = frame.take<Scalar>(lanes);
    Scalar* const theirs = frame.take<Scalar>(lanes);
    std::vector<index> first(1, 0);  // record of each rank
    for (const index count : chunks_of_rank_) first.push_back(first.back() + count);
    for (const numbered& n : order_) {
      Scalar* const record =
          received + (first[static_cast<std::size_t>(n.rank)] + n.record) * shares_.record(rank);
      total.merge(shares_.state_at(record, rank, &later_seen), own, theirs);
    }
    for (index lane = 0; lane < lanes; lane += simd<Scalar>::size)
      simd<Scalar>::store(own + lane, total.sums.one_over_sum(lane));
    total.rows.finish(own);

    const index longest =
        (call.q.rows * call.sizes.query_heads + ranks_.size() - 1) / ranks_.size();
    const index width = shares_.width();
    std::vector<Scalar> mine(static_cast<std::size_t>(longest * (width + 1)), Scalar(0));
    for (index i = 0; i < units; ++i) {
      Scalar* const to = mine.data() + i * (width + 1);
      std::copy_n(total.rows.data + i * shares_.pitch(), width, to);
      to[width] = total.sums.log_sum_exp(i);
    }
    write_results(call, ranks_.all_gather(mine), longest);
  }

  void write_results(const Call& call, const std::vector<Scalar>& all, index longest) const {
    const index heads = call.sizes.query_heads, width = shares_.width();
    for (index r = 0; r < ranks_.size(); ++r)
      for (index unit = shares_.of(r).first; unit < shares_.of(r).last; ++unit) {
        const Scalar* const from =
            all.data() + (r * longest + unit - shares_.of(r).first) * (width + 1);
        copy(call.out.block(unit / heads, unit % heads * width, 1, width),
             view<const Scalar>{from, 1, width, width, 1});
        if (call.options.log_sum_exp)
          (*call.options.log_sum_exp)(unit / heads, unit % heads) = from[width];
      }
  }

  // A chunk's sums: the rank that forms them, and the how manieth of its records they are.
  struct numbered {
    index rank;
    index record;
  };

  const communicator& ranks_;
  const Call& call_;
  const rules_of_call<Scalar>& rules_;
  key_blocks chunks_;  // a block is one chunk
  unit_shares<Scalar> shares_;
  traffic& cost_;
  rank_outcomes outcomes_;
  std::vector<query_part> parts_;     // few enough queries for the decode kernel
  std::vector<index> lying_, moved_;  // chunks of this rank
  std::vector<numbered> order_;       // of all chunks, in the order of the keys
  std::vector<index> record_of_;      // of each chunk that is this rank's
  std::vector<index> chunks_of_rank_;
  std::vector<index> sent_at_;  // where a rank's records begin
  needed_blocks gathered_;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
