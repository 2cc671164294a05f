// SPDX-License-Identifier: MIT
// Sums along a binary tree, whose shape depends on the number of its leaves alone:
//
//   5 leaves:  ((0 + 1) + (2 + 3)) + 4
//
//   tree_of_sums<float> tree(5);
//   tree.push({0, 0}, a);    // leaf 0; any part of the leaves, in order
//   tree.push({0, 1}, b);
//   tree.nodes();            // one: a + b, at place {1, 0}
#pragma once

#include <heed/core/types.hpp>  // index

#include <cstddef>  // size_t
#include <utility>  // move
#include <vector>   // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Node `number` of a level is the sum of leaves number << level ... ((number + 1) << level) - 1.
struct tree_place {
  index level;
  index number;
};

template <class Scalar>
class tree_of_sums {
 public:
  struct node {
    tree_place place;
    std::vector<Scalar> numbers;
  };

  explicit tree_of_sums(index leaves) : leaves_(leaves) {}

  // Leaves and nodes come in the order of their leaves.
  void push(const tree_place& place, std::vector<Scalar> numbers) {
    nodes_.push_back({place, std::move(numbers)});
    while (join()) {
    }
  }

  // What could be summed: the fewest nodes that have all leaves that came.
  [[nodiscard]] const std::vector<node>& nodes() const { return nodes_; }

 private:
  // Joins the last node with the one before, or lets it stand for its parent where it is the only child.
  bool join() {
    const auto [level, number] = nodes_.back().place;
    if (number % 2 == 0) {
      const bool has_sibling = ((number + 1) << level) < leaves_, is_root = number == 0;
      if (has_sibling || is_root) return false;
    } else {
      if (nodes_.size() < 2) return false;
      node& left = nodes_[nodes_.size() - 2];
      if (left.place.level != level || left.place.number != number - 1) return false;
      for (std::size_t i = 0; i < left.numbers.size(); ++i)
        left.numbers[i] += nodes_.back().numbers[i];
      nodes_.pop_back();
    }
    nodes_.back().place = {level + 1, number / 2};
    return true;
  }

  index leaves_;
  std::vector<node> nodes_;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
