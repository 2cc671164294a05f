// SPDX-License-Identifier: MIT
// The caller's resources that a call uses: working memory (in) and threads (on).
//
//   heed::attention(q, k, v, out, heed::causal, heed::in(scratch), heed::on(pool));
#pragma once

#include <heed/core/concepts.hpp>               // setting_kind
#include <heed/core/execute.hpp>                // erase
#include <heed/modifiers/options/settings.hpp>  // settings

#include <string_view>  // string_view

namespace heed {
inline namespace HEED_ABI {

// Takes working memory from `memory`, not from the calling thread's own.
struct in {
  using heed_kind = setting_kind;
  static constexpr std::string_view setting_name = "in";

  scratch& memory;

  explicit in(scratch& given) : memory(given) {}

  template <class Scalar>
  void apply(detail::settings<Scalar>& s) const {
    s.memory = &memory;
  }
};

namespace detail {

template <class Executor>
struct on_executor {
  using heed_kind = setting_kind;
  using executor_type = Executor;
  static constexpr std::string_view setting_name = "on";

  Executor run;  // a reference if the argument of on() has a name
  index workers;

  template <class Scalar>
  void apply(settings<Scalar>& s) const {
    s.on = erase(run, workers);
  }
};

}  // namespace detail

// Runs on an executor: serial, openmp{threads}, an Eigen::ThreadPool, or any object that can be
// called as f(n, work) or f.parallel_for(n, work) and calls work(0) ... work(n - 1). `workers` is
// the largest n; unless given, it is the executor's workers(), or else the number of threads of the
// machine.
template <class Executor>
auto on(Executor&& executor, index workers = 0) {
  using plain = std::remove_cvref_t<Executor>;
  static_assert(
      detail::task_pool<plain> || std::is_same_v<plain, heed::executor> ||
          std::is_invocable_v<plain&, index, worker_function> ||
          requires(plain & e, worker_function f) { e.parallel_for(index(1), f); },
      "heed::on: give an executor: heed::openmp{threads}, a thread pool, or a function "
      "(n, work) that does work(0) ... work(n - 1)");
  return detail::on_executor<Executor>{std::forward<Executor>(executor), workers};
}

}  // namespace HEED_ABI
}  // namespace heed
