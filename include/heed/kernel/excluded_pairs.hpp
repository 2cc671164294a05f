// SPDX-License-Identifier: MIT
// Non-finite values: which pairs of a tile are excluded, where some of its values are infinite or
// NaN. 0 times such a value is NaN, so a value that a query does not attend to must not enter the
// product at all.
#pragma once

#include <heed/core/types.hpp>  // index, exactly_equal
#include <heed/simd/fused.hpp>  // fused

#include <limits>  // infinity

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Flags that lie as the tile's scores do: score (query, key) is number query * query_stride + key *
// key_stride.
struct excluded_pairs {
  bool* flags;
  index query_stride;
  index key_stride;

  // Notes which scores are -infinity.
  template <class Scalar>
  void note(const Scalar* scores, index queries, index keys) const {
    for (index j = 0; j < keys; ++j)
      for (index i = 0; i < queries; ++i)
        flags[place(i, j)] =
            exactly_equal(scores[place(i, j)], -std::numeric_limits<Scalar>::infinity());
  }

  // The sum of weight(query, key) * value(key, feature) over the keys that are not excluded, key after
  // key as in a product.
  template <class Scalar, class Values>
  Scalar sum(const Scalar* weights, index query, const Values& values, index feature) const {
    Scalar sum = 0;
    for (index key = 0; key < values.rows; ++key)
      if (!flags[place(query, key)])
        sum = fused(weights[place(query, key)], static_cast<Scalar>(values(key, feature)), sum);
    return sum;
  }

 private:
  index place(index query, index key) const { return query * query_stride + key * key_stride; }
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
