// SPDX-License-Identifier: MIT
// Executors: each kind does every task once, and hands exceptions on.
#include <heed/core/execute.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

using heed::index;

// A pool with the interface of Eigen::ThreadPool that starts a thread a task.
class threads_pool {
 public:
  explicit threads_pool(int n) : n_(n) {}
  ~threads_pool() {
    for (auto& t : threads_) t.join();
  }
  void Schedule(std::function<void()> task) {
    threads_.emplace_back([this, task] {
      inside() = this;
      task();
    });
  }
  int NumThreads() const { return n_; }
  int CurrentThreadId() const { return inside() == this ? 0 : -1; }

 private:
  static const threads_pool*& inside() {
    thread_local const threads_pool* pool = nullptr;
    return pool;
  }
  int n_;
  std::vector<std::thread> threads_;
};

struct with_member {
  void parallel_for(index n, const std::function<void(index)>& work) {
    std::vector<std::thread> team;
    for (index i = 0; i < n; ++i) team.emplace_back([&work, i] { work(i); });
    for (auto& t : team) t.join();
  }
  index workers() const { return 3; }
};

template <class Executor>
void does_each_task_once(const Executor& e, index workers = 0) {
  for (const index tasks : {0, 1, 2, 7, 100}) {
    std::vector<std::atomic<int>> done(static_cast<std::size_t>(tasks));
    std::atomic<int> outside{0};
    const heed::executor erased = heed::detail::erase(e, workers);
    heed::detail::run_tasks(erased, tasks, [&](index worker, index task) {
      ++done[static_cast<std::size_t>(task)];
      if (worker < 0 || worker >= erased.workers) ++outside;
    });
    for (const auto& d : done) EXPECT_EQ(d, 1);
    EXPECT_EQ(outside, 0);
  }
}

template <class Executor>
void hands_an_exception_on(const Executor& e) {
  std::atomic<int> begun{0};
  EXPECT_THROW(heed::detail::run_tasks(heed::detail::erase(e, 3), 1000,
                                       [&](index, index task) {
                                         ++begun;
                                         if (task == 5) throw std::runtime_error("five");
                                       }),
               std::runtime_error);
  EXPECT_GE(begun, 1);
}

TEST(execute, serial) { does_each_task_once(heed::serial{}); }

TEST(execute, a_function) {
  const auto in_turn = [](index n, auto&& work) {
    for (index i = n; i-- > 0;) work(i);
  };
  does_each_task_once(in_turn, 4);
  hands_an_exception_on(in_turn);
}

TEST(execute, a_member_called_parallel_for) {
  with_member e;
  EXPECT_EQ(heed::detail::erase(e, 0).workers, 3);
  does_each_task_once(e);
  hands_an_exception_on(e);
}

TEST(execute, a_pool) {
  threads_pool pool(3);
  EXPECT_EQ(heed::detail::erase(pool, 0).workers, 4);
  does_each_task_once(pool);
  hands_an_exception_on(pool);
}

TEST(execute, a_pool_from_one_of_its_own_threads) {
  threads_pool pool(2);
  std::atomic<int> done{0};
  pool.Schedule([&] {
    heed::detail::run_tasks(heed::detail::erase(pool, 0), 10, [&](index, index) { ++done; });
  });
  while (done < 10) std::this_thread::yield();
  EXPECT_EQ(done, 10);
}

#ifdef _OPENMP
TEST(execute, openmp) {
  does_each_task_once(heed::openmp{3});
  hands_an_exception_on(heed::openmp{3});
}
#endif

}  // namespace
