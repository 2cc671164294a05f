// SPDX-License-Identifier: MIT
// Attention across processes, compiled with nothing but what the installed package says; here of one.
#include <heed/mpi.hpp>

#include <iostream>
#include <stdexcept>

int main(int count, char** arguments) {
  return heed::run_ranks(count, arguments, [](MPI_Comm ranks) {
    const Eigen::MatrixXf q = Eigen::MatrixXf::Identity(3, 4);
    Eigen::MatrixXf out(3, 4), alone = heed::attention(q, q, q, heed::causal);
    heed::attention(q, q, q, out, heed::causal, heed::across(ranks));
    std::cout << out << '\n';
    if (out != alone) throw std::runtime_error("one rank differs from none");
  });
}
