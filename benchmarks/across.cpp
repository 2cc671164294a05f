// SPDX-License-Identifier: MIT
// Causal attention over rows that all ranks share, and its gradients: seconds, the share of them that a rank
// waits for others, and what it sends.
//
//   mpiexec -n 4 benchmark_across 16384 8 64      tokens, heads, width
//   mpiexec -n 4 benchmark_across 16384 8 64 dealt forward
//   split               ranks  seconds  at work (most, least)  waiting  sent, received (most, MB)
#include <heed/mpi.hpp>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

struct figures {
  double seconds, work, least_work, waiting, sent, received;
};

figures over_all(const heed::traffic& own, MPI_Comm ranks) {
  const auto reduce = [&](double number, MPI_Op how) {
    double all = 0;
    MPI_Allreduce(&number, &all, 1, MPI_DOUBLE, how, ranks);
    return all;
  };
  const double work = own.seconds - own.waiting_seconds;
  return {reduce(own.seconds, MPI_MAX),
          reduce(work, MPI_MAX),
          reduce(work, MPI_MIN),
          reduce(own.waiting_seconds, MPI_SUM) / reduce(own.seconds, MPI_SUM),
          reduce(own.bytes_sent, MPI_MAX),
          reduce(own.bytes_received, MPI_MAX)};
}

// What is measured; empty: all.
struct choice {
  std::string_view split, what;
};

std::string_view name_of(heed::split how) {
  return how == heed::in_order ? "in_order" : how == heed::zigzag ? "zigzag" : "dealt";
}

// The best of three calls, which write what they cost.
template <class Call>
void measure(std::string_view what, heed::split how, MPI_Comm ranks, const Call& call) {
  int rank = 0, count = 0;
  MPI_Comm_rank(ranks, &rank);
  MPI_Comm_size(ranks, &count);
  figures best{};
  for (int repeat = 0; repeat < 3; ++repeat) {
    heed::traffic cost;
    MPI_Barrier(ranks);
    call(heed::across(ranks, how, {.block_rows = 512, .report = &cost}));
    const figures now = over_all(cost, ranks);
    if (repeat == 0 || now.seconds < best.seconds) best = now;
  }
  if (rank == 0)
    std::printf("%-8s %-9s %5d %8.3f %13.3f %7.3f %7.1f %% %10.1f %8.1f\n", name_of(how).data(),
                what.data(), count, best.seconds, best.work, best.least_work, 100 * best.waiting,
                best.sent * 1e-6, best.received * 1e-6);
}

void run(heed::index tokens, heed::index heads, heed::index width, const choice& chosen,
         MPI_Comm ranks) {
  int rank = 0, count = 0;
  MPI_Comm_rank(ranks, &rank);
  MPI_Comm_size(ranks, &count);
  if (rank == 0)
    std::puts(
        "split              ranks  seconds  at work (most, least)  waiting  sent, received (most, "
        "MB)");
  for (const heed::split how : {heed::in_order, heed::zigzag, heed::dealt}) {
    if (!chosen.split.empty() && chosen.split != name_of(how)) continue;
    heed::index rows = 0;
    for (const auto& i : heed::rows_of_rank(tokens, rank, count, how)) rows += i.size();
    const auto random = [&] { return heed::matrix<float>::Random(rows, heads * width).eval(); };
    const heed::matrix<float> q = random(), k = random(), d_out = random();
    heed::matrix<float> out(rows, heads * width), lse(rows, heads);
    heed::matrix<float> d_q = q, d_k = q, d_v = q;
    measure("forward", how, ranks, [&](const heed::across& across) {
      heed::attention(q, k, k, out, heed::heads{heads}, heed::causal, heed::log_sum_exp(lse),
                      across);
    });
    if (chosen.what == "forward") continue;
    measure("gradients", how, ranks, [&](const heed::across& across) {
      heed::attention_backward(q, k, k, out, lse, d_out, d_q, d_k, d_v, heed::heads{heads},
                               heed::causal, across);
    });
  }
}

}  // namespace

int main(int count, char** arguments) {
  const auto number = [&](int i, heed::index otherwise) {
    return count > i ? heed::index(std::atoll(arguments[i])) : otherwise;
  };
  const auto word = [&](int i) { return std::string_view(count > i ? arguments[i] : ""); };
  return heed::run_ranks(count, arguments, [&](MPI_Comm ranks) {
    run(number(1, 16384), number(2, 8), number(3, 64), {word(4), word(5)}, ranks);
  });
}
