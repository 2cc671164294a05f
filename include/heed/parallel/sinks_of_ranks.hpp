// SPDX-License-Identifier: MIT
// The gradient of sinks, whose sums go over the rows of all ranks: one process goes through all rows of a
// head, and so do the ranks, one after the other.
//
//   rank 0's rows ──a sum for each head──► rank 1's ──► rank 2's ──► all
#pragma once

#include <heed/kernel/backward/backward.hpp>  // sink_gradient_of
#include <heed/parallel/communicator.hpp>     // communicator
#include <heed/parallel/row_split.hpp>        // run_of_rows

#include <vector>  // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Adds the same to the sinks' gradient on every rank. `runs`: where the rows of q are. Collective.
template <class Call>
void add_to_sinks(const communicator& ranks, const Call& call,
                  const std::vector<run_of_rows>& runs) {
  constexpr int tag = 0;
  const index heads = call.sizes.query_heads;
  std::vector<double> sums(static_cast<std::size_t>(heads), 0);
  const int bytes = message_size(heads * index(sizeof(double)));
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const run_of_rows& run = runs[i];
    if (run.rank != ranks.rank()) continue;
    if (i > 0 && runs[i - 1].rank != run.rank)
      require_mpi(MPI_Recv(sums.data(), bytes, MPI_BYTE, int(runs[i - 1].rank), tag, ranks.handle(),
                           MPI_STATUS_IGNORE),
                  "MPI_Recv");
    for (index h = 0; h < heads; ++h) {
      double& sum = sums[static_cast<std::size_t>(h)];
      sum = sink_gradient_of(call, h, {run.local, run.local + run.count}, sum);
    }
    if (i + 1 < runs.size() && runs[i + 1].rank != run.rank)
      require_mpi(
          MPI_Send(sums.data(), bytes, MPI_BYTE, int(runs[i + 1].rank), tag, ranks.handle()),
          "MPI_Send");
  }
  if (!runs.empty())
    require_mpi(MPI_Bcast(sums.data(), bytes, MPI_BYTE, int(runs.back().rank), ranks.handle()),
                "MPI_Bcast");
  for (index h = 0; h < heads; ++h) call.d_sink.add(h, sums[static_cast<std::size_t>(h)]);
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
