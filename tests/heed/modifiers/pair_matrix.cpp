// SPDX-License-Identifier: MIT
// Matrices over (queries, keys) that bias and keep read: shared, stacked, one a head, in a batch.
#include <heed/attention.hpp>

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace {

using Eigen::MatrixXd;
using heed::at;
using heed::index;
using booleans = Eigen::Matrix<bool, Eigen::Dynamic, Eigen::Dynamic>;

constexpr index queries = 5, keys = 7, heads = 3;

// The element of head h, row i, key j is 100 h + 10 i + j.
MatrixXd of_head(index h) {
  MatrixXd m(queries, keys);
  for (index i = 0; i < queries; ++i)
    for (index j = 0; j < keys; ++j) m(i, j) = double(100 * h + 10 * i + j);
  return m;
}

template <class Rule>
double read(const Rule& rule, const heed::scope& s, int row, int key) {
  return heed::detail::bind(rule, s)(0.0, at{row, key, int(s.head), row, 0});
}

constexpr heed::scope of(index head) { return {0, head, heads, 0, 0, queries, keys, 0, queries}; }

TEST(matrix, one_for_all_heads) {
  const MatrixXd shared = of_head(0);
  const auto rule = heed::bias(shared);
  for (index h = 0; h < heads; ++h) EXPECT_EQ(read(rule, of(h), 4, 6), 46);
}

TEST(matrix, one_a_head_in_any_form) {
  MatrixXd stacked(heads * queries, keys);
  std::vector<MatrixXd> vector;
  for (index h = 0; h < heads; ++h) {
    stacked.middleRows(h * queries, queries) = of_head(h);
    vector.push_back(of_head(h));
  }
  const heed::matrix<float> by_rows = stacked.cast<float>();
  const std::array<Eigen::Map<const MatrixXd>, 3> maps{
      Eigen::Map<const MatrixXd>(vector[0].data(), queries, keys),
      Eigen::Map<const MatrixXd>(vector[1].data(), queries, keys),
      Eigen::Map<const MatrixXd>(vector[2].data(), queries, keys)};
  for (int h = 0; h < heads; ++h)
    for (int i = 0; i < queries; ++i)
      for (int j = 0; j < keys; ++j) {
        const double want = 100 * h + 10 * i + j;
        ASSERT_EQ(read(heed::bias(stacked), of(h), i, j), want);
        ASSERT_EQ(read(heed::bias(by_rows), of(h), i, j), want);
        ASSERT_EQ(read(heed::bias(vector), of(h), i, j), want);
        ASSERT_EQ(read(heed::bias(maps), of(h), i, j), want);
      }
}

TEST(matrix, in_a_batch_has_the_rows_of_q_and_the_keys_of_the_sequence) {
  MatrixXd stacked(heads * queries, keys);
  for (index h = 0; h < heads; ++h) stacked.middleRows(h * queries, queries) = of_head(h);
  // the sequence of q's rows 2 ... 4 has 4 keys
  const heed::scope s{1, 2, heads, 2, 3, 3, 4, 1, queries};
  EXPECT_EQ(read(heed::bias(stacked), s, 0, 0), 220);
  EXPECT_EQ(read(heed::bias(stacked), s, 2, 3), 243);
  EXPECT_EQ(read(heed::bias(of_head(0).eval()), s, 2, 3), 43);
}

TEST(matrix, may_be_a_block_of_a_larger_matrix) {
  MatrixXd wide = MatrixXd::Constant(queries + 4, keys + 9, -1);
  wide.block(3, 5, queries, keys) = of_head(0);
  const auto block = wide.block(3, 5, queries, keys);
  EXPECT_EQ(read(heed::bias(block), of(0), 4, 6), 46);
  const auto turned = wide.transpose();
  const auto turned_block = turned.block(5, 3, keys, queries);
  EXPECT_EQ(heed::detail::bind(heed::bias(turned_block),
                               heed::scope{0, 0, 1, 0, 0, keys, queries, 0, keys})(
                0.0, at{0, 4, 0, 6, 0}),
            46);
}

TEST(matrix, of_half_is_read_as_numbers) {
  const Eigen::Matrix<Eigen::half, Eigen::Dynamic, Eigen::Dynamic> stored =
      of_head(0).cast<Eigen::half>();
  EXPECT_EQ(read(heed::bias(stored), of(0), 4, 6), 46);
}

TEST(matrix, of_booleans_keeps_where_true) {
  booleans stacked(heads * queries, keys);
  std::vector<booleans> vector(heads, booleans(queries, keys));
  for (index h = 0; h < heads; ++h)
    for (index i = 0; i < queries; ++i)
      for (index j = 0; j < keys; ++j)
        vector[std::size_t(h)](i, j) = stacked(h * queries + i, j) = (h + i * j) % 3 == 0;
  for (int h = 0; h < heads; ++h)
    for (int i = 0; i < queries; ++i)
      for (int j = 0; j < keys; ++j) {
        const at place{i, j, h, i, 0};
        ASSERT_EQ(heed::detail::bind(heed::keep(stacked), of(h))(place), (h + i * j) % 3 == 0);
        ASSERT_EQ(heed::detail::bind(heed::keep(vector), of(h))(place), (h + i * j) % 3 == 0);
      }
}

// The same through a call, against one call a head.
TEST(matrix, each_head_of_a_call_reads_its_own) {
  const MatrixXd q = MatrixXd::Random(queries, heads * 2), k = MatrixXd::Random(keys, heads * 2);
  std::vector<MatrixXd> added;
  std::vector<booleans> seen;
  for (index h = 0; h < heads; ++h) {
    added.push_back(MatrixXd::Random(queries, keys));
    seen.push_back(MatrixXd::Random(queries, keys).array() > -0.5);
  }
  const MatrixXd all =
      heed::attention(q, k, k, heed::heads{heads}, heed::bias(added), heed::keep(seen));
  for (index h = 0; h < heads; ++h) {
    const auto head = [&](const MatrixXd& m) { return MatrixXd(m.middleCols(2 * h, 2)); };
    const MatrixXd one =
        heed::attention(head(q), head(k), head(k), heed::bias(added[std::size_t(h)]),
                        heed::keep(seen[std::size_t(h)]));
    EXPECT_EQ(one, head(all)) << h;
  }
}

}  // namespace
