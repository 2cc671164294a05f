// SPDX-License-Identifier: MIT
// What one rank does for the gradients of attention: its stops at blocks of keys, in an order in which no rank
// waits for itself.
//
//   stop s at block b is number b + s: it waits for stop s - 1 at b, whose number is smaller
//
//              block 0   block 1   block 2      (the last keys are block 0)
//   rank 1     0         1         2
//   rank 0               1         2         3
#pragma once

#include <heed/kernel/backward/backward.hpp>  // backward_task
#include <heed/parallel/agreed_call.hpp>      // rows_of_ranks
#include <heed/parallel/key_mail.hpp>         // packed_rows, send_parcels, fetch_parcels
#include <heed/parallel/rank_outcomes.hpp>    // rank_outcomes
#include <heed/parallel/sinks_of_ranks.hpp>   // add_to_sinks

#include <algorithm>  // find, min, sort
#include <map>        // map
#include <memory>     // make_shared
#include <tuple>      // tie
#include <utility>    // move
#include <vector>     // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail {

template <class Call, class Storage>
class backward_of_rank {
 public:
  using Scalar = typename Call::Scalar;

  backward_of_rank(const communicator& ranks, const across& how, const Call& call,
                   const rules_of_call<Scalar>& seen_by, const gradient_rules<Scalar>& rules,
                   const rows_of_ranks& rows, traffic& cost)
      : ranks_(ranks),
        call_(call),
        rules_(rules),
        rows_(rows),
        cost_(cost),
        outcomes_(ranks, call.options.verb),
        heads_together_(any_rank(call.q.rows > 0 && call.sums_bias_over_heads())),
        blocks_(call.sizes, rows.keys, how.options.block_rows),
        visits_(call.sizes, rows.queries,
                {backward_schedule<Scalar>(call.sizes, heads_together_).queries_per_task(),
                 queries_per_step<Scalar>, heads_together_}),
        stops_(visits_, blocks_.size(), seen(seen_by)),
        keys_{packed_rows<Storage>(call.k.rows, call.k.cols),
              packed_rows<Storage>(call.v.rows, call.v.cols)},
        gradients_{packed_rows<Scalar>(call.k.rows, call.k.cols),
                   packed_rows<Scalar>(call.v.rows, call.v.cols)},
        first_gradients_{packed_rows<Scalar>(call.adds ? call.k.rows : 0, call.k.cols),
                         packed_rows<Scalar>(call.adds ? call.v.rows : 0, call.v.cols)},
        posted_(ranks, cost),
        carrying_(ranks, cost),
        results_(ranks, cost) {}

  // Throws on all ranks what a rule throws on one.
  void run(scratch& memory) {
    if (!call_.adds) clear();
    send_own();
    const std::vector<task> tasks = tasks_of_rank();
    arrival ahead = tasks.empty() ? arrival{} : begin(tasks.front());
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      arrival now = std::move(ahead);
      if (i + 1 < tasks.size()) ahead = begin(tasks[i + 1]);
      work(tasks[i], now, memory);
    }
    results_.wait();
    carrying_.wait_until(0);
    posted_.wait_until(0);
    take_results();
    const double before = MPI_Wtime();
    outcomes_.agree(false);
    cost_.waiting_seconds += MPI_Wtime() - before;
    if (call_.d_sink.given()) add_to_sinks(ranks_, call_, rows_.queries);
  }

 private:
  struct task {
    index number;
    index block;
    index stop;
  };
  // What a task waits for.
  struct arrival {
    std::shared_ptr<carried_gradients<Scalar>> carried;  // null: another stop of this rank has it
    std::shared_ptr<inbox> coming;
  };

  bool any_rank(bool own) const {
    const std::vector<char> all = ranks_.all_gather(char(own ? 1 : 0));
    return std::find(all.begin(), all.end(), char(1)) != all.end();
  }

  // Blocks are numbered from the last.
  index number_of(index block) const { return blocks_.size() - 1 - block; }

  // Which visits see which blocks: those of this rank, then of all.
  std::vector<char> seen(const rules_of_call<Scalar>& rules) {
    std::vector<char> all(static_cast<std::size_t>(visits_.size() * blocks_.size()), 0);
    const seen_chunks<Scalar> chunks(call_.sizes, rules, call_.q.rows);
    outcomes_.attempt([&] {
      for (index i = 0; i < visits_.size(); ++i)
        for (index b = 0; visits_[i].rank == ranks_.rank() && b < blocks_.size(); ++b)
          for (index c = blocks_[b].chunks.first; c < blocks_[b].chunks.last; ++c)
            if (chunks.sees(visits_[i].rows, blocks_.chunk(c))) {
              all[std::size_t(i * blocks_.size() + b)] = 1;
              break;
            }
    });
    ranks_.any_of_all(all);
    return all;
  }

  void clear() const {
    const auto zero = [](const view<Scalar>& all) {
      for (index i = 0; i < all.rows; ++i)
        for (index j = 0; j < all.cols; ++j) all(i, j) = 0;
    };
    zero(call_.d_q), zero(call_.d_k), zero(call_.d_v);
    if (call_.d_bias.given()) zero(call_.d_bias);
    for (index h = 0; call_.d_sink.given() && h < call_.sizes.query_heads; ++h)
      call_.d_sink.set(h, 0);
  }

  // ---- what goes out and comes in

  void send_own() {
    keys_[0].pack(call_.k), keys_[1].pack(call_.v);
    send_parcels(ranks_, blocks_, mail::key, keys_, posted_, [&](index b) {
      std::vector<index> to;
      for (index s = stops_.after(-1, b); s >= 0; s = stops_.after(s, b))
        if (std::find(to.begin(), to.end(), visits_.stop(s).rank) == to.end())
          to.push_back(visits_.stop(s).rank);
      return to;
    });
    if (call_.adds) {
      first_gradients_[0].pack(view<const Scalar>(call_.d_k));
      first_gradients_[1].pack(view<const Scalar>(call_.d_v));
      send_parcels(ranks_, blocks_, mail::first_gradient, first_gradients_, posted_, [&](index b) {
        const index first = stops_.after(-1, b);
        return first < 0 ? std::vector<index>() : std::vector<index>{visits_.stop(first).rank};
      });
    }
    for_own_parcels([&](index b, const parcel& p, index last) {
      for (int part = 0; part < 2 && last != ranks_.rank(); ++part)
        results_.receive(gradients_[part].rows(p.local, p.rows).data,
                         gradients_[part].bytes(p.rows), last, tag_of(mail::gradient, b));
    });
  }

  // Parcels of this rank that some rank sees, with the rank that is the last to add to their gradients.
  template <class Use>
  void for_own_parcels(const Use& use) const {
    for (index b = blocks_.size() - 1; b >= 0; --b) {
      const index last = stops_.before(visits_.stops(), b);
      for (index i = blocks_[b].parcels.first; last >= 0 && i < blocks_[b].parcels.last; ++i)
        if (blocks_.parcel_of(i).rank == ranks_.rank())
          use(b, blocks_.parcel_of(i), visits_.stop(last).rank);
    }
  }

  std::vector<task> tasks_of_rank() {
    std::vector<task> all;
    for (index s = 0; s < visits_.stops(); ++s)
      for (index b = 0; visits_.stop(s).rank == ranks_.rank() && b < blocks_.size(); ++b)
        if (stops_.sees(s, b)) {
          all.push_back({number_of(b) + s, b, s});
          ++uses_[b];
        }
    std::sort(all.begin(), all.end(), [](const task& x, const task& y) {
      return std::tie(x.number, y.block) < std::tie(y.number, x.block);
    });
    cost_.blocks_left_out = blocks_.size() - static_cast<index>(uses_.size());
    return all;
  }

  // Lets come what a task needs.
  arrival begin(const task& t) {
    const index rows = blocks_[t.block].rows;
    if (here_.find(t.block) == here_.end()) {
      auto& got =
          here_
              .emplace(t.block, fetched_block<Storage>{{{rows, call_.k.cols}, {rows, call_.v.cols}},
                                                       {ranks_, cost_},
                                                       uses_[t.block]})
              .first->second;
      fetch_parcels(ranks_, blocks_, t.block, mail::key, keys_, got.coming,
                    [&](int part) { return got.parts[part].rows(0, rows); });
      ++cost_.blocks_received;
    }
    arrival a;
    a.coming = std::make_shared<inbox>(ranks_, cost_);
    const index before = stops_.before(t.stop, t.block);
    if (before >= 0 && visits_.stop(before).rank == ranks_.rank()) return a;
    a.carried = std::make_shared<carried_gradients<Scalar>>(rows, call_.sizes);
    if (before >= 0)
      a.coming->receive(a.carried->data(), a.carried->bytes(visits_.stop(t.stop).sums_come),
                        visits_.stop(before).rank, tag_of(mail::carried, t.block));
    else if (call_.adds)
      fetch_parcels(ranks_, blocks_, t.block, mail::first_gradient, first_gradients_, *a.coming,
                    [&](int part) { return a.carried->gradients(part); });
    return a;
  }
  void work(const task& t, arrival& now, scratch& memory) {
    fetched_block<Storage>& here = here_.at(t.block);
    here.coming.wait();
    now.coming->wait();
    if (const auto kept = kept_.find(t.block); kept != kept_.end()) {
      now.carried = kept->second;
      kept_.erase(kept);
    }
    const backward_stop& stop = visits_.stop(t.stop);
    outcomes_.attempt([&] {
      for (index c = blocks_[t.block].chunks.last - 1; c >= blocks_[t.block].chunks.first; --c)
        for (index i = stop.visits.first; i < stop.visits.last; ++i) {
          if (visits_[i].rows.sequence != blocks_.chunk(c).sequence) continue;
          visit(visits_[i], blocks_.chunk(c), blocks_[t.block], here, *now.carried, memory);
          posted_.poll();
          carrying_.poll();
        }
    });
    if (--here.uses == 0) here_.erase(t.block);
    hand_on(t, now.carried);
  }

  // To the next stop, or to the ranks whose keys they are.
  void hand_on(const task& t, const std::shared_ptr<carried_gradients<Scalar>>& carried) {
    constexpr std::size_t most = 16;  // messages on their way
    const index next = stops_.after(t.stop, t.block);
    if (next >= 0 && visits_.stop(next).rank == ranks_.rank()) {
      kept_.emplace(t.block, carried);
      return;
    }
    if (next >= 0) {
      carrying_.send(carried->data(), carried->bytes(visits_.stop(next).sums_come),
                     visits_.stop(next).rank, tag_of(mail::carried, t.block), carried);
    } else {
      for (index i = blocks_[t.block].parcels.first; i < blocks_[t.block].parcels.last; ++i) {
        const parcel& p = blocks_.parcel_of(i);
        for (int part = 0; part < 2; ++part) {
          const view<Scalar> all = carried->gradients(part),
                             rows = all.block(p.at, 0, p.rows, all.cols);
          if (p.rank == ranks_.rank())
            copy(gradients_[part].rows(p.local, p.rows), view<const Scalar>(rows));
          else
            carrying_.send(rows.data, gradients_[part].bytes(p.rows), p.rank,
                           tag_of(mail::gradient, t.block), carried);
        }
      }
    }
    carrying_.wait_until(most);
  }

  void take_results() {
    for_own_parcels([&](index, const parcel& p, index) {
      const view<Scalar> to[] = {call_.d_k, call_.d_v};
      for (int part = 0; part < 2; ++part)
        copy(to[part].block(p.local, 0, p.rows, to[part].cols),
             view<const Scalar>(gradients_[part].rows(p.local, p.rows)));
    });
  }

  // ---- sums

  // The tasks of one process, of some queries and the keys of a chunk, from the last keys to the first.
  void visit(const backward_visit& v, const sequence_chunk& chunk, const key_block& block,
             fetched_block<Storage>& here, carried_gradients<Scalar>& carried, scratch& memory) {
    visit_call<Call> one(call_, v, carried);
    one.sizes = part_of(call_.sizes, v.rows, chunk, chunk.row - block.row, call_.q.rows);
    one.k = view<const Storage>(here.parts[0].rows(0, block.rows));
    one.v = view<const Storage>(here.parts[1].rows(0, block.rows));
    const backward_schedule<Scalar> plan(one.sizes, heads_together_);
    const index heads = heads_together_ ? v.kv_heads.size() : 1;  // of a task
    const index tasks = v.kv_heads.size() / heads;
    const executor on = one.worth_threads() ? call_.options.on : executor{};
    using task_type = backward_task<visit_call<Call>>;
    memory.prepare_workers((std::min)(on.workers, tasks), task_type::footprint(one.sizes, plan));
    const index all = divide_up(call_.sizes.of(chunk.sequence, 0).keys, keys_per_task);
    const index least = chunk.keys.first / keys_per_task;
    for (index c = divide_up(chunk.keys.last, keys_per_task) - 1; c >= least; --c)
      run_tasks(on, tasks, [&](index worker, index n) {
        const interval keys{c * keys_per_task,
                            (std::min)((c + 1) * keys_per_task, chunk.keys.last)};
        task_type(one, rules_, plan, nobody_waits_,
                  {chunk.sequence,
                   v.kv_heads.first + n * heads,
                   heads,
                   c,
                   all - 1 - c,
                   v.parts_before,
                   keys,
                   {0, v.rows.count}},
                  memory.worker(worker))
            .run({});
      });
  }

  const communicator& ranks_;
  const Call& call_;
  const gradient_rules<Scalar>& rules_;
  const rows_of_ranks& rows_;
  traffic& cost_;
  rank_outcomes outcomes_;
  bool heads_together_;
  key_blocks blocks_;
  backward_visits visits_;
  stops_of_blocks stops_;
  packed_rows<Storage> keys_[2];            // of this rank: keys, values
  packed_rows<Scalar> gradients_[2];        // what comes back
  packed_rows<Scalar> first_gradients_[2];  // what is added to
  outbox posted_;                           // own rows
  outbox carrying_;
  inbox results_;
  const turns nobody_waits_;
  std::map<index, index> uses_;                   // of blocks, by this rank's stops
  std::map<index, fetched_block<Storage>> here_;  // blocks
  std::map<index, std::shared_ptr<carried_gradients<Scalar>>>
      kept_;  // for a later stop of this rank
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
