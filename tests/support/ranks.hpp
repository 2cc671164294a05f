// SPDX-License-Identifier: MIT
// What the tests of several processes share: a main that begins and ends MPI, and rows that are split.
#pragma once

#include <heed/mpi.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

namespace ranks {

using heed::index;

inline int rank() {
  int r = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &r);
  return r;
}
inline int count() {
  int n = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &n);
  return n;
}

template <class Scalar>
using row_matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// The same on every rank.
template <class Scalar = float>
row_matrix<Scalar> random(index rows, index cols, unsigned seed) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<float> number(-2, 2);
  row_matrix<Scalar> m(rows, cols);
  for (index i = 0; i < rows; ++i)
    for (index j = 0; j < cols; ++j) m(i, j) = static_cast<Scalar>(number(engine));
  return m;
}

// How many rows each rank holds: any number, none too.
inline std::vector<index> uneven(index rows, unsigned seed) {
  std::mt19937 engine(seed);
  std::vector<index> counts(static_cast<std::size_t>(count()), 0);
  index left = rows;
  for (std::size_t r = 0; r + 1 < counts.size(); ++r) {
    counts[r] = std::uniform_int_distribution<index>(0, left)(engine);
    left -= counts[r];
  }
  counts.back() = left;
  return counts;
}

// Those of dealt rows are not free.
inline std::vector<index> counts_of(heed::split how, index rows, unsigned seed) {
  if (how != heed::split::dealt) return uneven(rows, seed);
  std::vector<index> counts;
  for (index r = 0; r < count(); ++r) {
    counts.push_back(0);
    for (const heed::interval& i : heed::rows_of_rank(rows, r, count(), how))
      counts.back() += i.size();
  }
  return counts;
}

// The rows of this rank.
template <class Matrix>
Matrix own_rows(const Matrix& all, heed::split how, const std::vector<index>& counts) {
  Matrix own(counts[static_cast<std::size_t>(rank())], all.cols());
  for (const auto& run : heed::detail::runs_of("test", "rows", how, counts))
    if (run.rank == rank())
      own.middleRows(run.local, run.count) = all.middleRows(run.first, run.count);
  return own;
}

template <class Matrix>
void from_rank_0(Matrix& m) {
  MPI_Bcast(m.data(), static_cast<int>(static_cast<std::size_t>(m.size()) * sizeof(*m.data())),
            MPI_BYTE, 0, MPI_COMM_WORLD);
}

template <class Matrix>
bool same_bits(const Matrix& a, const Matrix& b) {
  if (a.rows() != b.rows() || a.cols() != b.cols()) return false;
  return a.size() == 0 ||
         std::memcmp(a.data(), b.data(),
                     static_cast<std::size_t>(a.size()) * sizeof(typename Matrix::Scalar)) == 0;
}

// Runs all tests on all ranks; only rank 0 says what goes well. The result is the worst of all ranks.
inline int run_all(int arguments, char** argument) {
  MPI_Init(&arguments, &argument);
  testing::InitGoogleTest(&arguments, argument);
  auto& listeners = testing::UnitTest::GetInstance()->listeners();
  if (rank() != 0) {
    class failures_alone : public testing::EmptyTestEventListener {
      void OnTestPartResult(const testing::TestPartResult& result) override {
        if (result.failed())
          std::fprintf(stderr, "rank %d: %s:%d: %s\n", rank(), result.file_name(),
                       result.line_number(), result.message());
      }
    };
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new failures_alone);
  }
  int own = RUN_ALL_TESTS(), worst = 0;
  MPI_Allreduce(&own, &worst, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  // MPICH 4.0 can wait in MPI_Finalize for ever when its ranks are joined by TCP alone: a rank that has
  // closed its connections stands in a barrier and answers no other (MPICH's pull request 6596). There
  // rank 0 ends all, with the same result.
  if (std::getenv("HEED_END_BY_ABORT")) {
    std::fflush(nullptr);
    if (rank() == 0) MPI_Abort(MPI_COMM_WORLD, worst);
    MPI_Barrier(MPI_COMM_WORLD);
  }
  MPI_Finalize();
  return worst;
}

}  // namespace ranks
