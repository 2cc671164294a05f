// SPDX-License-Identifier: MIT
// A number for each distance equals the matrix of these numbers.
#include "support/refusal.hpp"

#include <heed/heed.hpp>
#include <heed/modifiers/scores/distance_bias.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace {

using heed::index;
using heed::matrix;

TEST(distance_bias, is_the_bias_of_its_numbers) {
  constexpr index heads = 2, width = 8, keys = 23, reach = 4;
  const matrix<double> table = matrix<double>::Random(heads, 2 * reach + 1);
  const heed::detail::distance_bias_rule rule{&table};
  for (const index queries : {index(1), index(5), keys}) {
    const matrix<float> q = matrix<float>::Random(queries, heads * width),
                        k = matrix<float>::Random(keys, heads * width),
                        v = matrix<float>::Random(keys, heads * width);
    matrix<double> bias(heads * queries, keys);
    for (index head = 0; head < heads; ++head)
      for (index i = 0; i < queries; ++i)
        for (index j = 0; j < keys; ++j) {
          const index distance = j - (i + keys - queries);  // queries stand at the end
          bias(head * queries + i, j) = table(head, reach + std::clamp(distance, -reach, reach));
        }
    matrix<float> out(queries, heads * width);
    heed::attention(q, k, v, out, heed::heads{heads}, rule);
    const matrix<double> exact =
        heed::reference::attention(q, k, v, heed::heads{heads}, heed::bias(bias));
    EXPECT_LE((out.cast<double>() - exact).cwiseAbs().maxCoeff(), 1e-6) << queries;
  }
}

TEST(distance_bias, refuses_a_table_of_other_heads) {
  const matrix<double> table = matrix<double>::Zero(3, 5);
  const matrix<float> x = matrix<float>::Zero(4, 16);
  matrix<float> out(4, 16);
  EXPECT_EQ(support::refusal<heed::shape_error>([&] {
              heed::attention(x, x, x, out, heed::heads{2},
                              heed::detail::distance_bias_rule{&table});
            }),
            "heed::attention: the bias of distances is 3x5, but there are 2 query heads, and the "
            "columns must be 2 * reach + 1");
}

}  // namespace
