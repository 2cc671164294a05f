// SPDX-License-Identifier: MIT
// How the gradients of a call are cut into tasks: some keys and a range of queries of one sequence, for
// the query heads of a group.
#pragma once

#include <heed/kernel/backward/backward_call.hpp>  // backward_call
#include <heed/kernel/backward/key_chunk.hpp>      // keys_per_task
#include <heed/kernel/backward/query_step.hpp>     // queries_per_step

#include <algorithm>  // max, min

namespace heed {
inline namespace HEED_ABI {
namespace detail {

struct backward_task_range {
  index sequence;
  index kv_head;        // the first
  index kv_head_count;  // 1, or all
  index chunk;          // of keys
  index key_chunks;
  index part;  // of queries, from the last
  interval keys;
  interval queries;
};

// The tasks of a call. None of this depends on threads. Ranges of queries come from the last to the
// first, and keys from the first to the last: a causal mask then gives the first tasks the most work.
template <class Scalar>
class backward_schedule {
 public:
  static constexpr index queries_per_task = 32 * queries_per_step<Scalar>;

  // Where a worker stands among the sequences. Its tasks come in rising order.
  struct cursor {
    index sequence;
    index first_task;
  };

  // Heads are one task where they add to one matrix.
  backward_schedule(const problem& g, bool heads_together)
      : g_(g), head_tasks_(heads_together ? 1 : g.kv_heads) {
    for (index sequence = 0; sequence < g.sequences; ++sequence) tasks_ += tasks_in(sequence);
  }

  index tasks() const { return tasks_; }
  index most_keys() const { return (std::min)(keys_per_task, g_.longest_keys); }
  index heads_per_task() const { return g_.query_heads / head_tasks_; }

  backward_task_range range(cursor& at, index task) const {
    while (task >= at.first_task + tasks_in(at.sequence)) at.first_task += tasks_in(at.sequence++);
    const index place = task - at.first_task;
    const scope s = g_.of(at.sequence, 0);
    const index chunks = key_chunks(s), chunk = place / head_tasks_ % chunks;
    const index part = place / head_tasks_ / chunks;
    const index first_query = (query_parts(s) - 1 - part) * queries_per_task;
    const index first_key = chunk * keys_per_task;
    return {at.sequence,
            place % head_tasks_,
            g_.kv_heads / head_tasks_,
            chunk,
            chunks,
            part,
            {first_key, (std::min)(first_key + keys_per_task, s.keys)},
            {first_query, (std::min)(first_query + queries_per_task, s.queries)}};
  }

  // Places where tasks take turns: a step of queries of a head, and a chunk of keys of a head.
  index turn_places() const {
    return g_.query_heads * steps() + g_.kv_heads * (g_.keys / keys_per_task + g_.sequences + 1);
  }
  index place_of_queries(const scope& s, index first_row) const {
    return s.head * steps() + (s.query_row + first_row) / queries_per_step<Scalar> + s.sequence;
  }
  index place_of_keys(const scope& s, index kv_head, index chunk) const {
    return g_.query_heads * steps() + kv_head * (g_.keys / keys_per_task + g_.sequences + 1) +
           s.key_row / keys_per_task + s.sequence + chunk;
  }

 private:
  index steps() const { return g_.queries / queries_per_step<Scalar> + g_.sequences + 1; }
  // At least one of each, which then writes zeros.
  static index key_chunks(const scope& s) {
    return (std::max)(index(1), divide_up(s.keys, keys_per_task));
  }
  static index query_parts(const scope& s) {
    return (std::max)(index(1), divide_up(s.queries, queries_per_task));
  }
  index tasks_in(index sequence) const {
    const scope s = g_.of(sequence, 0);
    return key_chunks(s) * query_parts(s) * head_tasks_;
  }

  const problem& g_;
  index head_tasks_;  // tasks that a range is cut into by heads
  index tasks_ = 0;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
