// SPDX-License-Identifier: MIT
// Documents in one sequence, by hand.
#include "support/both_ways.hpp"
#include "support/refusal.hpp"

namespace heed {
namespace {

TEST(documents, see_themselves) {
  const std::vector<int> ids{7, 7, -2};
  support::expect_means({3, 6, 12}, {4.5, 4.5, 12}, documents(ids));
  support::expect_means({3, 6, 12}, {3, 4.5, 12}, causal && documents(ids));
  support::expect_means({3, 6, 12}, {4.5, 12}, documents(ids));  // queries stand on the last keys
  support::expect_means({3, 6, 12}, {7.5, 6, 7.5}, documents(std::vector<std::int64_t>{1, 2, 1}));
}

// Queries stand at -1, 0, 1 and 2, and may see both keys but for their documents.
TEST(documents, of_a_query_that_stands_on_no_key_are_none) {
  support::expect_means({3, 6}, {0, 4.5, 4.5, 0}, causal_from(-1) || prefix(2),
                        documents(std::vector{1, 1}));
}

TEST(documents, say_what_they_cover) {
  const std::vector<int> ids{5, 5, 6, 6, 8};
  const detail::bound_documents<int> bound(ids);
  EXPECT_EQ(bound.cover({0, 2}, {0, 2}), coverage::all);
  EXPECT_EQ(bound.cover({0, 3}, {0, 2}), coverage::some);
  EXPECT_EQ(bound.cover({0, 2}, {2, 5}), coverage::none);
  EXPECT_EQ(bound.cover({4, 7}, {4, 5}), coverage::some);  // there is no key 5
  EXPECT_EQ(bound.cover({5, 7}, {0, 5}), coverage::none);
}

TEST(documents, refuse_another_number_of_ids) {
  const Eigen::MatrixXd x = Eigen::MatrixXd::Zero(3, 1);
  EXPECT_EQ(support::refusal([&] {
              (void)attention(x, x, x, documents(std::vector{1, 2}));
            }),
            "heed::attention: documents has 2 ids, but there are 3 keys");
}

}  // namespace
}  // namespace heed
