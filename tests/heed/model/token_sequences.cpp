// SPDX-License-Identifier: MIT
// Padded batches without their padding, and back.
#include "support/refusal.hpp"

#include <heed/model/token_sequences.hpp>

#include <gtest/gtest.h>

namespace {

using heed::index;
using heed::matrix;
using ids = std::vector<index>;

matrix<index> table(index a, index b, index c, index d, index e, index f) {
  matrix<index> m(2, 3);
  m << a, b, c, d, e, f;
  return m;
}

TEST(token_sequences, lie_behind_each_other) {
  heed::token_sequences texts(ids{7, 8});
  texts.append({9});
  EXPECT_EQ(texts.ids, (ids{7, 8, 9}));
  EXPECT_EQ(texts.starts, (ids{0, 2, 3}));
  EXPECT_EQ(texts.count(), 2);
  EXPECT_EQ(texts.place(1, 2), 0);
}

TEST(padded_batch, loses_its_padding_and_gets_it_back) {
  const heed::padded_batch batch{table(5, 6, 0, 0, 8, 9), table(1, 1, 0, 0, 1, 1),
                                 table(0, 1, 0, 0, 1, 1)};
  const heed::token_sequences packed = batch.sequences();
  EXPECT_EQ(packed.ids, (ids{5, 6, 8, 9}));
  EXPECT_EQ(packed.starts, (ids{0, 2, 4}));
  EXPECT_EQ(packed.types, (ids{0, 1, 1, 1}));
  EXPECT_EQ(packed.places, (ids{0, 1, 1, 2}));  // padding before the tokens counts
  EXPECT_EQ(packed.place(1, 3), 2);
  matrix<float> rows(4, 1), padded(6, 1);
  rows << 1, 2, 3, 4;
  padded << 1, 2, 0, 0, 3, 4;
  EXPECT_EQ(batch.padded(rows), padded);
}

TEST(padded_batch, refuses_what_does_not_fit) {
  EXPECT_EQ(
      support::refusal<heed::shape_error>([] {
        (void)heed::padded_batch{table(1, 2, 3, 4, 5, 6), table(1, 1, 1, 1, 0, 1), {}}.sequences();
      }),
      "heed::padded_batch: row 1 of the mask has padding before token 2 and tokens before "
      "that; padding stands at the ends");
  EXPECT_EQ(support::refusal<heed::shape_error>([] {
              (void)heed::padded_batch{table(1, 2, 3, 4, 5, 6), matrix<index>::Ones(2, 2), {}}
                  .sequences();
            }),
            "heed::padded_batch: ids are 2x3, but the mask is 2x2");
  EXPECT_EQ(support::refusal<heed::shape_error>([] {
              (void)heed::padded_batch{table(1, 2, 3, 4, 5, 6), {}, {}}.padded(
                  matrix<float>(matrix<float>::Zero(5, 1)));
            }),
            "heed::padded_batch: there are only 5 rows");
}

}  // namespace
