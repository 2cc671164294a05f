// SPDX-License-Identifier: MIT
// People, things and places of a story, each of which appears in only one scene.
#pragma once

#include "chance.hpp"

#include <array>
#include <string>
#include <vector>

class cast {
 public:
  explicit cast(chance& luck) {
    luck.shuffle(women_);
    luck.shuffle(men_);
    luck.shuffle(things_);
    luck.shuffle(places_);
    for (std::size_t i = 0; i < women_.size(); ++i) {
      people_.push_back(women_[i]);
      people_.push_back(men_[i]);
    }
    luck.shuffle(people_);
  }

  std::string person() { return take(people_); }
  std::string thing() { return take(things_); }
  std::string place() { return take(places_); }
  // Two people of the same sex, so that "she" or "he" may be either.
  std::array<std::string, 2> pair(bool women) {
    std::array<std::string, 2> two;
    for (std::string& one : two) {
      std::size_t i = people_.size() - 1;
      while (is_woman(people_[i]) != women) --i;
      one = people_[i];
      people_.erase(people_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    return two;
  }

 private:
  static std::string take(std::vector<std::string>& from) {
    std::string last = from.back();
    from.pop_back();
    return last;
  }
  [[nodiscard]] bool is_woman(const std::string& name) const {
    for (const std::string& one : women_)
      if (one == name) return true;
    return false;
  }

  std::vector<std::string> women_{"Mina", "Ada", "Lena", "Ruth", "Nora", "Zoe"};
  std::vector<std::string> men_{"Tom", "Leo", "Max", "Sam", "Ben", "Ivan"};
  std::vector<std::string> things_{"ball", "key",  "cup", "book", "coin", "hat",
                                   "ring", "lamp", "pen", "bell", "shoe", "map"};
  std::vector<std::string> places_{"in the box", "on the table",    "under the bed", "on the shelf",
                                   "in the bag", "behind the door", "on the stairs", "in the car"};
  std::vector<std::string> people_;
};
