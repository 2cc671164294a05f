// SPDX-License-Identifier: MIT
// The OpenMP executor; this program is built with OpenMP.
#include <heed/attention.hpp>

#include <gtest/gtest.h>

#include <omp.h>
#include <atomic>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace {

using heed::index;

TEST(openmp, does_each_task_once_on_a_worker_of_its_own) {
  for (const int threads : {1, 2, 3, 8})
    for (const index tasks : {0, 1, 2, 7, 100}) {
      const heed::openmp team{threads};
      EXPECT_EQ(team.workers(), threads);
      std::vector<std::atomic<int>> done(static_cast<std::size_t>(tasks));
      std::vector<std::atomic<int>> busy(static_cast<std::size_t>(threads));
      std::atomic<int> wrong{0};
      heed::detail::run_tasks(heed::detail::erase(team, 0), tasks, [&](index worker, index task) {
        wrong += worker < 0 || worker >= threads || busy[std::size_t(worker)]++ != 0;
        ++done[std::size_t(task)];
        --busy[std::size_t(worker)];
      });
      for (const auto& d : done) EXPECT_EQ(d, 1);
      EXPECT_EQ(wrong, 0);
    }
}

TEST(openmp, takes_as_many_threads_as_the_machine_has) {
  EXPECT_EQ(heed::openmp{}.workers(), index(std::thread::hardware_concurrency()));
}

TEST(openmp, hands_one_exception_on) {
  for (int round = 0; round < 20; ++round)
    EXPECT_THROW(
        heed::detail::run_tasks(heed::detail::erase(heed::openmp{3}, 0), 50,
                                [](index, index) { throw std::runtime_error("each task"); }),
        std::runtime_error);
}

TEST(openmp, works_inside_a_team_of_the_callers) {
  const Eigen::MatrixXf x = Eigen::MatrixXf::Random(90, 8);
  const Eigen::MatrixXf want = heed::attention(x, x, x, heed::causal);
  std::atomic<int> wrong{0};
#pragma omp parallel num_threads(2)
  wrong += heed::attention(x, x, x, heed::causal, heed::on(heed::openmp{2})) != want;
  EXPECT_EQ(wrong, 0);
}

TEST(openmp, leaves_the_callers_settings_as_they_were) {
  omp_set_num_threads(2);
  const Eigen::MatrixXf x = Eigen::MatrixXf::Random(90, 8);
  (void)heed::attention(x, x, x, heed::on(heed::openmp{5}));
  EXPECT_EQ(omp_get_max_threads(), 2);
}

TEST(openmp, gives_the_same_bits_as_one_thread) {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Random(300, 32), k = Eigen::MatrixXf::Random(130, 16);
  const auto attend = [&](const auto&... m) -> Eigen::MatrixXf {
    return heed::attention(q, k, k, heed::heads{4, 2}, heed::causal, heed::alibi(), m...);
  };
  const Eigen::MatrixXf want = attend();
  for (const int threads : {1, 2, 3, 8}) {
    const Eigen::MatrixXf got = attend(heed::on(heed::openmp{threads}));
    EXPECT_EQ(std::memcmp(got.data(), want.data(), sizeof(float) * std::size_t(want.size())), 0)
        << threads;
  }
}

}  // namespace
