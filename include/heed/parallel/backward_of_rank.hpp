// SPDX-License-Identifier: MIT
// What one rank works on for the gradients of attention: its stops at blocks of keys, in an order in which no
// rank waits for itself.
//
//   stop s at block b is number b + s: it waits for stop s - 1 at b, whose number is smaller
//
//              block 0   block 1   block 2      (the last keys are block 0)
//   rank 1     0         1         2
//   rank 0               1         2         3
#pragma once

#include <heed/kernel/backward/backward.hpp>  // backward_task
#include <heed/parallel/agreed_call.hpp>      // rows_of_ranks
#include <heed/parallel/backward_mail.hpp>    // backward_mail
#include <heed/parallel/rank_outcomes.hpp>    // rank_outcomes
#include <heed/parallel/sinks_of_ranks.hpp>   // add_to_sinks

#include <algorithm>  // find, min, sort
#include <map>        // map
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
        blocks_(call.sizes, rows.keys, how.options.block_rows,
                carried_gradients<Scalar>::bytes_of_row(call.sizes)),
        visits_(call.sizes, rows.queries,
                {backward_schedule<Scalar>(call.sizes, heads_together_).queries_per_task(),
                 queries_per_step<Scalar>, heads_together_}),
        stops_(visits_, blocks_.size(), seen(seen_by)) {}

  // Throws on all ranks what a rule throws on one.
  void run(scratch& memory) {
    if (!call_.adds) clear();
    const std::vector<task> tasks = tasks_of_rank();
    mail_type mail(ranks_, call_, blocks_, visits_, stops_, uses_, cost_);
    mail.send_own();
    backward_arrival<Scalar> ahead;
    if (!tasks.empty()) ahead = mail.begin(tasks.front());
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      const backward_arrival<Scalar> now = std::move(ahead);
      if (i + 1 < tasks.size()) ahead = mail.begin(tasks[i + 1]);
      work(tasks[i], now, mail, memory);
    }
    mail.finish();
    const double before = MPI_Wtime();
    outcomes_.agree(false);
    cost_.waiting_seconds += MPI_Wtime() - before;
    if (call_.d_sink.given()) add_to_sinks(ranks_, call_, rows_.queries);
  }

 private:
  using task = backward_stop_at;
  using mail_type = backward_mail<Call, Storage>;

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

  void work(const task& t, const backward_arrival<Scalar>& coming, mail_type& mail,
            scratch& memory) {
    const auto carried = mail.wait_for(t, coming);
    const backward_stop& stop = visits_.stop(t.stop);
    outcomes_.attempt([&] {
      for (index c = blocks_[t.block].chunks.last - 1; c >= blocks_[t.block].chunks.first; --c)
        for (index i = stop.visits.first; i < stop.visits.last; ++i) {
          if (visits_[i].rows.sequence != blocks_.chunk(c).sequence) continue;
          visit(visits_[i], blocks_.chunk(c), blocks_[t.block], mail.block(t), *carried, memory);
          mail.poll();
        }
    });
    mail.hand_on(t, carried);
  }

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
    memory.prepare_workers((std::min)(on.workers, tasks), task_type::footprint(one, plan));
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
  const turns nobody_waits_;
  std::map<index, index> uses_;  // of blocks, by this rank's stops
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
