// SPDX-License-Identifier: MIT
// Distances between tokens sorted into buckets, as T5 does: each small distance has a bucket of its own,
// and larger ones share buckets whose width grows with the distance.
//
//   const heed::distance_buckets buckets{.count = 32, .reach = 128};
//   buckets.of(0);     // 0
//   buckets.of(-5);    // 5: keys before the query
//   buckets.of(5);     // 21: keys after it have the upper half
//   buckets.of(-500);  // 15: as every distance from 128 on
//
// Raffel et al., "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer", 2020.
#pragma once

#include <heed/core/check.hpp>  // require
#include <heed/core/types.hpp>  // index, matrix

#include <algorithm>  // max, min
#include <cmath>      // log

namespace heed {
inline namespace HEED_ABI {

struct distance_buckets {
  enum class sides {
    both,   // keys after the query have buckets of their own
    before  // keys after the query count as distance 0: for causal attention
  };

  index count;
  index reach = 128;  // from this distance on there is one bucket
  sides seen = sides::both;

  // The bucket of the key at query + distance. Computed in float, as published models are trained,
  // so that a distance at the edge of two buckets falls into the same bucket.
  [[nodiscard]] index of(index distance) const {
    const index all = seen == sides::both ? count / 2 : count;
    const index first = seen == sides::both && distance > 0 ? all : 0;
    const index apart = seen == sides::both ? (distance < 0 ? -distance : distance)
                                            : (std::max)(-distance, index(0));
    const index exact = all / 2;
    if (apart < exact) return first + apart;
    const auto from = static_cast<float>(exact);
    const auto share =
        std::log(static_cast<float>(apart) / from) /
        static_cast<float>(std::log(static_cast<double>(reach) / static_cast<double>(exact)));
    const auto further = static_cast<index>(share * static_cast<float>(all - exact));
    return first + (std::min)(exact + further, all - 1);
  }

  // (heads, 2 * reach + 1), for distances -reach to reach, from a table (count, heads).
  template <class Table>
  [[nodiscard]] matrix<double> spread(const Table& table) const {
    check();
    detail::require(table.rows() == count, "heed::distance_buckets: the table has ", table.rows(),
                    " rows, but count is ", count);
    matrix<double> numbers(table.cols(), 2 * reach + 1);
    for (index d = -reach; d <= reach; ++d)
      numbers.col(reach + d) = table.row(of(d)).transpose().template cast<double>();
    return numbers;
  }

  // The transpose of spread: (count, heads), the sum over the distances of each bucket, from (heads, 2 * reach + 1).
  // From the gradient of what spread gave it makes that of the table.
  //
  //   buckets.gather(d_numbers).row(5);  // for distance -5 alone; row(15): the sum for -91 to -128
  [[nodiscard]] matrix<double> gather(const matrix<double>& numbers) const {
    check();
    detail::require(numbers.cols() == 2 * reach + 1, "heed::distance_buckets: there are ",
                    numbers.cols(), " distances, but reach is ", reach, ", which has ",
                    2 * reach + 1);
    matrix<double> table = matrix<double>::Zero(count, numbers.rows());
    for (index d = -reach; d <= reach; ++d) table.row(of(d)) += numbers.col(reach + d).transpose();
    return table;
  }

 private:
  void check() const {
    const index least = seen == sides::both ? 4 : 2;
    detail::require(count >= least && 2 * reach > count, "heed::distance_buckets: count is ", count,
                    ", reach is ", reach, "; count must be at least ", least,
                    ", and reach larger than half of count");
  }
};

}  // namespace HEED_ABI
}  // namespace heed
