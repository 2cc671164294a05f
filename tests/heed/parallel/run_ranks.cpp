// SPDX-License-Identifier: MIT
// A program that ends as its argument says, on its last rank, while the others wait. Run by mpiexec.
#include <heed/parallel/run_ranks.hpp>

#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <string>

int main(int count, char** arguments) {
  const std::string how = count > 1 ? arguments[1] : "well";
  return heed::run_ranks(count, arguments, [&](MPI_Comm ranks) {
    int rank = 0, size = 0;
    MPI_Comm_rank(ranks, &rank);
    MPI_Comm_size(ranks, &size);
    const bool last = rank == size - 1;
    if (last && how == "throws") throw std::runtime_error("the file of layer 7 is cut short");
    if (last && how == "throws_number") throw 7;
    if (last && how == "killed") std::raise(SIGKILL);
    MPI_Barrier(ranks);
    if (rank == 0) std::puts("all ranks are there");
  });
}
