// SPDX-License-Identifier: MIT
// Executors: which threads a call runs on, the calling thread alone or threads that the caller
// provides (a thread pool, OpenMP).
//
//   heed::attention(q, k, v, out, heed::on(heed::openmp{4}));
//   heed::attention(q, k, v, out, heed::on(pool));    // Eigen::ThreadPool, or like it
//   heed::attention(q, k, v, out, heed::on([](heed::index n, auto&& f) {
//                     my_parallel_for(n, f);          // f(0) ... f(n - 1), in any order
//                   }));
#pragma once

#include <heed/core/types.hpp>  // index

#include <algorithm>           // min
#include <atomic>              // atomic
#include <condition_variable>  // condition_variable
#include <exception>           // exception_ptr
#include <mutex>               // mutex
#include <thread>              // hardware_concurrency

namespace heed {
inline namespace HEED_ABI {

// A reference to a callable work(worker) with its type erased; the callable is not copied.
class worker_function {
 public:
  template <class Function>
  explicit worker_function(Function& function)
      : object_(&function),
        call_([](void* object, index worker) { (*static_cast<Function*>(object))(worker); }) {}

  void operator()(index worker) const { call_(object_, worker); }

 private:
  void* object_;
  void (*call_)(void*, index);
};

// Any executor, its type erased: how many workers it offers and how it runs them.
struct executor {
  index workers = 1;
  const void* object = nullptr;
  void (*run)(const void* object, index count, worker_function work) = nullptr;
};

// The calling thread alone: the default of every call.
struct serial {
  index workers() const { return 1; }
  template <class Function>
  void operator()(index count, Function&& function) const {
    for (index i = 0; i < count; ++i) function(i);
  }
};

#ifdef _OPENMP
// A team of OpenMP threads; exists where the file is compiled with OpenMP.
struct openmp {
  int threads = 0;  // 0: as many as the machine runs at once

  index workers() const {
    return threads > 0 ? threads : static_cast<index>(std::thread::hardware_concurrency());
  }
  template <class Function>
  void operator()(index count, Function&& function) const {
#pragma omp parallel for schedule(static, 1) num_threads(static_cast <int>(count))
    for (index i = 0; i < count; ++i) function(i);
  }
};
#endif

namespace detail {

// A thread pool that takes tasks one by one, as Eigen::ThreadPool does.
template <class T>
concept task_pool = requires(T& pool) {
  pool.Schedule([] {});
  pool.NumThreads();
  pool.CurrentThreadId();
};

// Runs work(0) on the calling thread and work(1) ... work(count - 1) on a task_pool; returns when
// all have ended. If the calling thread belongs to the pool, it runs all of them one after another,
// since waiting for other tasks of the same pool could be a deadlock.
template <task_pool Pool>
void run_on_pool(Pool& pool, index count, worker_function work) {
  if (pool.CurrentThreadId() >= 0) return serial{}(count, work);
  struct shared_state {  // captured by one reference, so that a task is stored without allocation
    worker_function work;
    index running;
    std::mutex mutex;
    std::condition_variable finished;
  } state{work, count - 1, {}, {}};
  for (index i = 1; i < count; ++i)
    pool.Schedule([&state, i] {
      state.work(i);
      const std::lock_guard lock(state.mutex);
      if (--state.running == 0) state.finished.notify_one();
    });
  work(0);
  std::unique_lock lock(state.mutex);
  state.finished.wait(lock, [&state] { return state.running == 0; });
}

inline executor erase(const executor& e, index) { return e; }

// Erases an executor's type. A positive `workers` replaces the executor's own number of workers.
template <class Executor>
executor erase(const Executor& e, index workers) {
  executor erased;
  erased.object = &e;
  if constexpr (task_pool<Executor>) {
    erased.workers = e.NumThreads() + 1;  // the calling thread works too
    erased.run = [](const void* object, index count, worker_function work) {
      run_on_pool(*const_cast<Executor*>(static_cast<const Executor*>(object)), count, work);
    };
  } else {
    erased.workers = static_cast<index>(std::thread::hardware_concurrency());
    if constexpr (requires { e.workers(); }) erased.workers = e.workers();
    erased.run = [](const void* object, index count, worker_function work) {
      auto& run = *const_cast<Executor*>(static_cast<const Executor*>(object));
      if constexpr (requires { run.parallel_for(count, work); })
        run.parallel_for(count, work);
      else
        run(count, work);
    };
  }
  if (workers > 0) erased.workers = workers;
  return erased;
}

}  // namespace detail

// An executor with its type erased, for objects that store an executor: refers to `run`, which must
// outlive the result. `workers` as in heed::on.
//
//   Eigen::ThreadPool pool(4);
//   model.generate(ids, {.on = heed::executor_of(pool)});
template <class Executor>
[[nodiscard]] executor executor_of(const Executor& run, index workers = 0) {
  return detail::erase(run, workers);
}

namespace detail {

// Calls body(worker, task) for every task below `tasks`. Which worker runs which task is not
// determined, so a result must not depend on the worker. The first exception is rethrown to the
// caller.
template <class Body>
void run_tasks(const executor& on, index tasks, Body&& body) {
  const index workers = (std::min)(on.workers, tasks);
  if (workers <= 1 || on.run == nullptr) {
    for (index task = 0; task < tasks; ++task) body(index(0), task);
    return;
  }
  std::atomic<index> next{0};
#if HEED_HAS_EXCEPTIONS
  std::atomic<bool> failed{false};
  std::exception_ptr failure;
  auto work = [&](index worker) {
    try {
      for (index task = next.fetch_add(1); task < tasks; task = next.fetch_add(1))
        body(worker, task);
    } catch (...) {
      if (!failed.exchange(true)) failure = std::current_exception();
      next = tasks;
    }
  };
  on.run(on.object, workers, worker_function(work));
  if (failure) std::rethrow_exception(failure);
#else
  auto work = [&](index worker) {
    for (index task; (task = next.fetch_add(1)) < tasks;) body(worker, task);
  };
  on.run(on.object, workers, worker_function(work));
#endif
}

}  // namespace detail

}  // namespace HEED_ABI
}  // namespace heed
