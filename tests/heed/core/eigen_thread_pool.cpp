// SPDX-License-Identifier: MIT
// Eigen's own ThreadPool as executor.
#include <heed/attention.hpp>

#if __has_include(<Eigen/ThreadPool>)
#include <Eigen/ThreadPool>
#else
#include <unsupported/Eigen/CXX11/ThreadPool>  // where Eigen 3.4 keeps it
#endif

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace {

using heed::index;

static_assert(heed::detail::task_pool<Eigen::ThreadPool>);
static_assert(heed::detail::task_pool<Eigen::ThreadPoolInterface>);

TEST(eigen_thread_pool, does_each_task_once) {
  Eigen::ThreadPool pool(3);
  const heed::executor on = heed::detail::erase(pool, 0);
  EXPECT_EQ(on.workers, 4) << "three threads and the caller";
  for (const index tasks : {0, 1, 2, 7, 1000}) {
    std::vector<std::atomic<int>> done(static_cast<std::size_t>(tasks));
    heed::detail::run_tasks(on, tasks, [&](index, index task) { ++done[std::size_t(task)]; });
    for (const auto& d : done) EXPECT_EQ(d, 1);
  }
}

TEST(eigen_thread_pool, hands_one_exception_on) {
  Eigen::ThreadPool pool(2);
  for (int round = 0; round < 20; ++round)
    EXPECT_THROW(
        heed::detail::run_tasks(heed::detail::erase(pool, 0), 50,
                                [](index, index) { throw std::runtime_error("each task"); }),
        std::runtime_error);
}

TEST(eigen_thread_pool, on_one_of_its_own_threads_works_in_turn) {
  Eigen::ThreadPool pool(1);  // whose only thread would wait for itself
  std::atomic<int> done{0};
  pool.Schedule([&] {
    heed::detail::run_tasks(heed::detail::erase(pool, 3), 10, [&](index, index) { ++done; });
  });
  while (done < 10) std::this_thread::yield();
  EXPECT_EQ(done, 10);
}

TEST(eigen_thread_pool, gives_the_same_bits_as_one_thread) {
  const Eigen::MatrixXf q = Eigen::MatrixXf::Random(300, 32), k = Eigen::MatrixXf::Random(130, 16);
  const auto attend = [&](const auto&... m) -> Eigen::MatrixXf {
    return heed::attention(q, k, k, heed::heads{4, 2}, heed::causal, heed::alibi(), m...);
  };
  const Eigen::MatrixXf want = attend();
  for (const int threads : {1, 2, 7}) {
    Eigen::ThreadPool pool(threads);
    Eigen::ThreadPoolInterface& face = pool;
    for (const Eigen::MatrixXf& got :
         {attend(heed::on(pool)), attend(heed::on(face)), attend(heed::on(pool, 2))})
      EXPECT_EQ(std::memcmp(got.data(), want.data(), sizeof(float) * std::size_t(want.size())), 0)
          << threads;
  }
}

}  // namespace
