// SPDX-License-Identifier: MIT
// The schedule of the gradients of a call: tasks, each some keys and a range of queries of one
// sequence, for the query heads of a group.
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
  index chunks_before;  // chunks whose turn in adding to d_q comes first
  index parts_before;   // ranges of queries whose turn in adding to d_k and d_v comes first
  interval keys;
  interval queries;
  index tasks_before = 0;  // of the same heads, whose turn in adding to sums of a head comes first
};

// The tasks of a call, which do not depend on threads. Queries and keys come from the last to the
// first: under a causal mask few queries see the last keys, and a chunk that waits for its turn
// then waits for less work than its own.
template <class Scalar>
class backward_schedule {
 public:
  // A worker's position among the sequences. Its tasks come in rising order.
  struct cursor {
    index sequence;
    index first_task;
  };

  // Heads are one task where they add to one matrix.
  backward_schedule(const problem& g, bool heads_together)
      : g_(g),
        head_tasks_(heads_together ? 1 : g.kv_heads),
        queries_per_task_(queries_of_a_task(head_tasks_ * g.sequences, g.longest_queries)) {
    for (index sequence = 0; sequence < g.sequences; ++sequence) tasks_ += tasks_in(sequence);
  }

  index tasks() const { return tasks_; }
  index most_keys() const { return (std::min)(keys_per_task, g_.longest_keys); }
  index heads_per_task() const { return g_.query_heads / head_tasks_; }
  index queries_per_task() const { return queries_per_task_; }

  backward_task_range range(cursor& at, index task) const {
    while (task >= at.first_task + tasks_in(at.sequence)) at.first_task += tasks_in(at.sequence++);
    const index place = task - at.first_task;
    const scope s = g_.of(at.sequence, 0);
    const index chunks = key_chunks(s), before = place / head_tasks_ % chunks;
    const index parts_before = place / head_tasks_ / chunks;
    const index first_query = (query_parts(s) - 1 - parts_before) * queries_per_task_;
    const index chunk = chunks - 1 - before, first_key = chunk * keys_per_task;
    return {at.sequence,
            place % head_tasks_,
            g_.kv_heads / head_tasks_,
            chunk,
            before,
            parts_before,
            {first_key, (std::min)(first_key + keys_per_task, s.keys)},
            {first_query, (std::min)(first_query + queries_per_task_, s.queries)},
            task / head_tasks_};
  }

  // Places where tasks take turns: a step of queries of a head, a chunk of keys of a head, and a head.
  index turn_places() const { return place_of_head(g_.query_heads); }
  index place_of_queries(const scope& s, index first_row) const {
    return s.head * steps() + (s.query_row + first_row) / queries_per_step<Scalar> + s.sequence;
  }
  index place_of_keys(const scope& s, index kv_head, index chunk) const {
    return g_.query_heads * steps() + kv_head * chunks() + s.key_row / keys_per_task + s.sequence +
           chunk;
  }
  index place_of_head(index head) const {
    return g_.query_heads * steps() + g_.kv_heads * chunks() + head;
  }

 private:
  index steps() const { return g_.queries / queries_per_step<Scalar> + g_.sequences + 1; }
  index chunks() const { return g_.keys / keys_per_task + g_.sequences + 1; }
  // At least one of each, which then writes zeros.
  static index key_chunks(const scope& s) {
    return (std::max)(index(1), divide_up(s.keys, keys_per_task));
  }
  index query_parts(const scope& s) const {
    return (std::max)(index(1), divide_up(s.queries, queries_per_task_));
  }
  // Many queries, since the keys of a chunk are packed for each range of queries; few, where heads
  // alone are not enough tasks for several threads.
  static index queries_of_a_task(index heads, index queries) {
    constexpr index enough_heads = 8;
    const index steps = heads >= enough_heads ? 32 : (queries > 2048 ? 8 : 4);
    return steps * queries_per_step<Scalar>;
  }
  index tasks_in(index sequence) const {
    const scope s = g_.of(sequence, 0);
    return key_chunks(s) * query_parts(s) * head_tasks_;
  }

  const problem& g_;
  index head_tasks_;  // tasks that a range is cut into by heads
  index queries_per_task_;
  index tasks_ = 0;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
