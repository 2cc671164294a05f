// SPDX-License-Identifier: MIT
#include <heed/kernel/backward/turns.hpp>

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>
#include <vector>

namespace heed::detail {
namespace {

TEST(turns, come_in_order) {
  std::vector<turns::counter> memory(2);
  const turns order(memory.data(), 2);
  std::vector<int> places;
  std::vector<std::thread> team;
  for (int turn = 3; turn >= 0; --turn)
    team.emplace_back([&, turn] {
      ASSERT_TRUE(order.wait(1, turn));
      places.push_back(turn);
      order.end(1);
    });
  for (auto& t : team) t.join();
  EXPECT_EQ(places, (std::vector<int>{0, 1, 2, 3}));
  EXPECT_TRUE(order.wait(0, 0));
}

TEST(turns, need_not_be_waited_for_by_one_thread) { EXPECT_TRUE(turns().wait(5, 7)); }

TEST(turns, end_when_a_task_fails) {
  std::vector<turns::counter> memory(1);
  const turns order(memory.data(), 1);
  bool came = true;
  std::thread waiting([&] { came = order.wait(0, 1); });
  try {
    const turn_keeper keeper(order);
    throw std::runtime_error("a task fails");
  } catch (const std::runtime_error&) {
  }
  waiting.join();
  EXPECT_FALSE(came);
}

TEST(turns, go_on_when_a_task_ends) {
  std::vector<turns::counter> memory(1);
  const turns order(memory.data(), 1);
  {
    const turn_keeper keeper(order);
    order.end(0);
  }
  EXPECT_TRUE(order.wait(0, 1));
}

}  // namespace
}  // namespace heed::detail
