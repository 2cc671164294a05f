// SPDX-License-Identifier: MIT
// Tasks that add to the same place take turns, so that a sum has the same order for any number of
// threads.
//
//   turns.wait(place, 2);  // until turns 0 and 1 of the place have ended
//   ...                    // add
//   turns.end(place);      // the place's turn 3 may begin
//
// Turn n of a place must belong to a task with a lower number than turn n + 1: tasks are started in
// rising order, so a task waits only for tasks that are running.
#pragma once

#include <heed/core/types.hpp>  // index

#include <atomic>     // atomic
#include <exception>  // uncaught_exceptions
#include <memory>     // construct_at
#include <thread>     // yield

namespace heed {
inline namespace HEED_ABI {
namespace detail {

class turns {
 public:
  using counter = std::atomic<int>;

  // Turns without waiting, for one thread.
  turns() = default;
  turns(counter* memory, index places) : ended_(memory) {
    for (index i = 0; i < places; ++i) std::construct_at(memory + i, 0);
  }

  // Waits; returns whether the turn has come, which is false after stop().
  bool wait(index place, index turn) const {
    if (ended_ == nullptr) return true;
    for (int looks = 0; ended_[place].load(std::memory_order_acquire) != turn; ++looks) {
      if (stopped_.load(std::memory_order_relaxed)) return false;
      if (looks > patience) std::this_thread::yield();
    }
    return true;
  }
  void end(index place) const {
    if (ended_ != nullptr) ended_[place].fetch_add(1, std::memory_order_release);
  }

  // Ends all waiting after a task has failed.
  void stop() const { stopped_.store(true, std::memory_order_relaxed); }

 private:
  static constexpr int patience = 2000;

  counter* ended_ = nullptr;
  mutable std::atomic<bool> stopped_{false};
};

// Calls stop() if an exception leaves a task.
class turn_keeper {
 public:
  explicit turn_keeper(const turns& kept) : turns_(kept) {}
  ~turn_keeper() {
    if (std::uncaught_exceptions() > before_) turns_.stop();
  }
  turn_keeper(const turn_keeper&) = delete;
  turn_keeper& operator=(const turn_keeper&) = delete;

 private:
  const turns& turns_;
  int before_ = std::uncaught_exceptions();
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
