// SPDX-License-Identifier: MIT
// The schedule of a call: tasks, each a range of rows of one sequence, for all query heads of a
// group.
#pragma once

#include <heed/gemm/micro_kernel.hpp>  // packed_pitch
#include <heed/modifiers/problem.hpp>  // problem

#include <algorithm>  // max, min

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Rows of every query head of a group that one task works on: they share each tile of keys.
struct query_range {
  index sequence;
  index kv_head;
  index first_row;
  index row_count;
};

// The tasks of a call. Results depend neither on the number of tasks nor on which worker runs
// which.
template <class Scalar>
class schedule {
 public:
  // A worker's position among the sequences. Its tasks come in rising order, so the cursor only
  // moves forward.
  struct cursor {
    index sequence;
    index first_task;
  };

  schedule(const problem& g, index workers) : g_(g), rows_(rows_per_task(g, workers)) {
    for (index sequence = 0; sequence < g.sequences; ++sequence) tasks_ += tasks_in(sequence);
  }

  index tasks() const { return tasks_; }
  index most_rows() const { return (std::min)(rows_, g_.queries); }

  query_range range(cursor& at, index task) const {
    while (task >= at.first_task + tasks_in(at.sequence)) at.first_task += tasks_in(at.sequence++);
    // The last rows first: under a causal mask these have the most work, and the last tasks should
    // be short, so that no worker runs a long task while the others have ended.
    const index place = task - at.first_task;
    const index queries = g_.of(at.sequence, 0).queries;
    const index first_row = (divide_up(queries, rows_) - 1 - place / g_.kv_heads) * rows_;
    return {at.sequence, place % g_.kv_heads, first_row, (std::min)(rows_, queries - first_row)};
  }

 private:
  // Enough rows to use a packed tile many times, few enough that queries and results stay in a
  // core's own cache and that every worker has tasks.
  static index rows_per_task(const problem& g, index workers) {
    constexpr index lanes = packed_pitch<Scalar>;
    constexpr index most_bytes = 384 * 1024;
    const index row_bytes =
        g.group() * (g.width + g.value_width) * static_cast<index>(sizeof(Scalar));
    const index most_blocks = (std::max)(index(1), most_bytes / (lanes * row_bytes));
    const index blocks = (std::max)(index(1), divide_up(g.queries, lanes));
    const index wanted_tasks = workers > 1 ? divide_up(4 * workers, g.kv_heads) : 1;
    const index tasks =
        (std::min)(blocks, (std::max)(wanted_tasks, divide_up(blocks, most_blocks)));
    return lanes * divide_up(blocks, tasks);
  }

  index tasks_in(index sequence) const {
    return divide_up(g_.of(sequence, 0).queries, rows_) * g_.kv_heads;
  }

  const problem& g_;
  index rows_;  // of each head
  index tasks_ = 0;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
