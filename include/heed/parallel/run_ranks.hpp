// SPDX-License-Identifier: MIT
// The frame of a program of several processes.
//
//   int main(int count, char** arguments) {
//     return heed::run_ranks(count, arguments, [](MPI_Comm ranks) { ... });
//   }
#pragma once

#include <heed/config.hpp>  // HEED_HAS_EXCEPTIONS

#include <mpi.h>

#include <cstdio>     // fprintf
#include <exception>  // exception

namespace heed {
inline namespace HEED_ABI {

// Begins MPI, calls work(MPI_COMM_WORLD), and ends MPI; gives 0. What `work` throws on one rank is said on
// standard error, with the rank, and ends all ranks: those that wait for it would wait for ever.
template <class Work>
int run_ranks(int count, char** arguments, const Work& work) {
  int provided = 0;
  MPI_Init_thread(&count, &arguments, MPI_THREAD_FUNNELED, &provided);
#if HEED_HAS_EXCEPTIONS
  const auto end = [](const char* why) {
    int rank = 0, ranks = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    std::fprintf(stderr, "rank %d of %d: %s\n", rank, ranks, why);
    std::fflush(stderr);
    MPI_Abort(MPI_COMM_WORLD, 1);
  };
  try {
    work(MPI_COMM_WORLD);
  } catch (const std::exception& error) {
    end(error.what());
  } catch (...) {
    end("an exception that is no std::exception");
  }
#else
  work(MPI_COMM_WORLD);
#endif
  MPI_Finalize();
  return 0;
}

}  // namespace HEED_ABI
}  // namespace heed
