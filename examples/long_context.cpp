// SPDX-License-Identifier: MIT
// Needle-in-a-haystack test in a context of a million tokens, which is distributed over several processes: 64
// known keys are placed among random ones, and each process has queries for its share of them.
//
//   mpiexec -n 4 long_context
#include <heed/mpi.hpp>

#include <sys/resource.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

using heed::index;
using bfloat16 = Eigen::bfloat16;
using rows_of_bfloat16 = Eigen::Matrix<bfloat16, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr index width = 64, needles = 64;

// A random number in [-1, 1) that is a function of its arguments, the same on every process.
float number_at(index row, index col, std::uint64_t what) {
  std::uint64_t x = static_cast<std::uint64_t>(row * width + col) * 2 + what;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;  // splitmix64
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return static_cast<float>((x ^ (x >> 31)) >> 40) * 0x1p-23F - 1;
}
// The numbers of a needle's key (what = 0) and value (what = 1): signs, 1 or -1.
float sign_of(index needle, index col, std::uint64_t what) {
  return number_at(-1 - needle, col, what) < 0 ? -1.0F : 1.0F;
}
// The position of a needle; needles are equally far from each other.
index place_of(index needle, index tokens) { return (2 * needle + 1) * tokens / (2 * needles); }

double peak_gib() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  double own = static_cast<double>(used.ru_maxrss) / (1 << 20), most = 0;  // of KiB
  MPI_Allreduce(&own, &most, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
  return most;
}

index sum_of_all(index own) {
  std::int64_t mine = own, all = 0;
  MPI_Allreduce(&mine, &all, 1, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
  return all;
}

// The number of rows of `out` that have the signs of their needle's value.
index found_in(const Eigen::MatrixXf& out, index first) {
  index found = 0;
  for (index i = 0; i < out.rows(); ++i) {
    bool same = true;
    for (index f = 0; f < width; ++f) same = same && out(i, f) * sign_of(first + i, f, 1) > 0.5F;
    found += same ? 1 : 0;
  }
  return found;
}

void run(index tokens, MPI_Comm ranks) {
  int rank = 0, count = 0;
  MPI_Comm_rank(ranks, &rank);
  MPI_Comm_size(ranks, &count);
  const heed::interval own = {tokens * rank / count, tokens * (rank + 1) / count};
  rows_of_bfloat16 k(own.size(), width), v(own.size(), width);
  for (index i = 0; i < own.size(); ++i)
    for (index f = 0; f < width; ++f) {
      k(i, f) = static_cast<bfloat16>(number_at(own.first + i, f, 0));
      v(i, f) = static_cast<bfloat16>(number_at(own.first + i, f, 1));
    }
  for (index n = 0; n < needles; ++n)
    if (const index at = place_of(n, tokens); at >= own.first && at < own.last)
      for (index f = 0; f < width; ++f) {
        k(at - own.first, f) = static_cast<bfloat16>(sign_of(n, f, 0));
        v(at - own.first, f) = static_cast<bfloat16>(sign_of(n, f, 1));
      }
  const auto say = [&](const char* how, index found, index sought, const heed::traffic& cost) {
    const index all = sum_of_all(found);
    if (rank == 0)
      std::printf(
          "%s: %d of %d needles found, %.1f s, %.1f s of them waiting, %.0f MB received by rank "
          "0\n",
          how, static_cast<int>(all), static_cast<int>(sought), cost.seconds, cost.waiting_seconds,
          cost.bytes_received * 1e-6);
  };

  // Each process has its own queries, and keys and values are sent to the queries ...
  const heed::interval asked = {needles * rank / count, needles * (rank + 1) / count};
  Eigen::MatrixXf q(needles, width), out(asked.size(), width);
  for (index n = 0; n < needles; ++n)
    for (index f = 0; f < width; ++f) q(n, f) = 4 * sign_of(n, f, 0);
  const Eigen::MatrixXf own_q = q.middleRows(asked.first, asked.size());
  heed::traffic cost;
  MPI_Barrier(ranks);
  heed::attention(own_q, k, v, out, heed::across(ranks, {.report = &cost}));
  say("across", found_in(out, asked.first), needles, cost);

  // ... or all processes have all queries, and partial results are merged.
  constexpr index some = 8;
  const Eigen::MatrixXf some_q = q.topRows(some);
  Eigen::MatrixXf all(some, width);
  heed::attention(some_q, k, v, all, heed::across_keys(ranks, {.report = &cost}));
  say("across_keys", rank == 0 ? found_in(all, 0) : 0, some, cost);

  const double most = peak_gib();
  if (rank == 0)
    std::printf("%d tokens, %d ranks; the most memory of a rank: %.2f GiB\n%s\n",
                static_cast<int>(tokens), count, most,
                most <= 2 ? "no rank took more than 2 GiB" : "a rank took more than 2 GiB");
}

}  // namespace

int main(int count, char** arguments) {
  const heed::index tokens = count > 1 ? std::strtol(arguments[1], nullptr, 10) : 1 << 20;
  return heed::run_ranks(count, arguments, [&](MPI_Comm ranks) { run(tokens, ranks); });
}
