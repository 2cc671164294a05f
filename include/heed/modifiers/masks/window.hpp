// SPDX-License-Identifier: MIT
// Sliding windows: a query sees only keys near its own position.
//
//   heed::attention(q, k, v, out, heed::causal && heed::window{.left = 1});
//   // keys seen by queries 0 .. 3:  {0} {0,1} {1,2} {2,3}
#pragma once

#include <heed/modifiers/masks/mask.hpp>  // mask_kind, at, interval, coverage

namespace heed {
inline namespace HEED_ABI {

// Counts leave out the query's own position; a side that is not given is unbounded. (Models that
// say "window of W" and count the query itself mean left = W - 1.)
struct window {
  using heed_kind = mask_kind;
  static constexpr index unbounded = (std::numeric_limits<position>::max)();

  index left = unbounded;
  index right = unbounded;

  bool operator()(at i) const {
    const index distance = index(i.key) - i.query;
    return distance >= -left && distance <= right;
  }
  interval keys(interval queries) const {
    return {left >= unbounded ? -far_away : queries.first - left,
            right >= unbounded ? far_away : queries.last + right};
  }
  coverage cover(interval queries, interval keys) const {
    return cover_band(left >= unbounded ? -far_away : -left, right >= unbounded ? far_away : right,
                      queries, keys);
  }
  void check(const call_shape& shape) const {
    detail::require(left >= 0 && right >= 0, shape.verb,
                    ": a window has no negative side: left is ", side{left}, ", right is ",
                    side{right});
  }

 private:
  struct side {
    index count;
    friend void append(std::string& sentence, side s) {
      detail::append(sentence, s.count >= unbounded ? "unbounded" : std::to_string(s.count));
    }
  };
};

}  // namespace HEED_ABI
}  // namespace heed
