// SPDX-License-Identifier: MIT
// Caches of several sequences: each against a cache of its own, and one call for all of them.
#include "support/allocations.hpp"
#include "support/caches.hpp"

#include <heed/heed.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace {

using heed::index;
using heed::matrix;
using support::random;
using support::refusal;
using support::same_bits;

template <class Storage>
struct kv_caches : ::testing::Test {
  static constexpr index sequences = 4, capacity = 70;
  heed::kv_caches<Storage> caches{
      {.sequences = sequences, .capacity = capacity, .heads = 2, .width = 8, .value_width = 12}};
  std::vector<heed::kv_cache<Storage>> alone = std::vector<heed::kv_cache<Storage>>(
      sequences,
      heed::kv_cache<Storage>({.capacity = capacity, .heads = 2, .width = 8, .value_width = 12}));

  // One step: new tokens for every sequence, and attention of theirs in one call and in several.
  template <class... Rules>
  void step(const std::vector<index>& starts, const Rules&... rules) {
    const index tokens = starts.back();
    const auto q = random<Storage>(tokens, 4 * 8), k = random<Storage>(tokens, 2 * 8),
               v = random<Storage>(tokens, 2 * 12);
    caches.append(starts, k, v);
    matrix<Storage> together(tokens, 4 * 12);
    heed::attention(q, caches.keys(), caches.values(), together, heed::heads{4, 2},
                    caches.batch(starts), rules...);
    for (index s = 0; s < sequences; ++s) {
      heed::kv_cache<Storage>& cache = alone[std::size_t(s)];
      const index first = starts[std::size_t(s)], rows = starts[std::size_t(s) + 1] - first;
      cache.append(k.middleRows(first, rows), v.middleRows(first, rows));
      matrix<Storage> one(rows, 4 * 12);
      heed::attention(q.middleRows(first, rows), cache.keys(), cache.values(), one,
                      heed::heads{4, 2}, rules...);
      EXPECT_TRUE(same_bits(one, together.middleRows(first, rows))) << s;
    }
    expect_the_same();
  }

  void expect_the_same() {
    for (index s = 0; s < sequences; ++s) {
      EXPECT_EQ(caches.size(s), alone[std::size_t(s)].size()) << s;
      EXPECT_EQ(caches.position(s), alone[std::size_t(s)].position()) << s;
      EXPECT_TRUE(same_bits(caches.keys(s), alone[std::size_t(s)].keys())) << s;
      EXPECT_TRUE(same_bits(caches.values(s), alone[std::size_t(s)].values())) << s;
    }
  }
};
TYPED_TEST_SUITE(kv_caches, support::storages);

TYPED_TEST(kv_caches, one_call_has_the_bits_of_a_call_for_each_sequence) {
  this->step({0, 7, 7, 70, 71}, heed::causal);  // prompts; one sequence is not there yet
  this->step({0, 1, 6, 6, 7}, heed::causal);    // decoding; one sequence is full
  this->step({0, 0, 0, 0, 0}, heed::causal);    // nothing
  this->step({0, 20, 21, 21, 80}, heed::causal && heed::window{.left = 9}, heed::alibi());
  this->step({0, 42, 100, 100, 104});
}

TYPED_TEST(kv_caches, sequences_are_appended_to_cut_cleared_and_branched_alone) {
  this->step({0, 5, 5, 12, 20});
  const auto k = random<TypeParam>(3, 16), v = random<TypeParam>(3, 24);
  this->caches.append(1, k, v);
  this->alone[1].append(k, v);
  this->expect_the_same();
  this->caches.truncate(2, 4);
  this->alone[2].truncate(4);
  this->expect_the_same();
  this->caches.branch(3, 0);
  this->alone[0] = this->alone[3];
  this->expect_the_same();
  this->caches.branch(3, 2, 6);
  this->alone[2] = this->alone[3].branch(6);
  this->expect_the_same();
  this->caches.branch(2, 2, 5);
  this->alone[2].truncate(5);
  this->expect_the_same();
  this->caches.append(0, this->caches.keys(2), this->caches.values(2));
  this->alone[0].append(this->alone[2].keys(), this->alone[2].values());
  this->expect_the_same();
  this->caches.clear(3);
  this->alone[3].clear();
  this->expect_the_same();
  this->step({0, 1, 2, 3, 4}, heed::causal);
  this->caches.clear();
  for (auto& cache : this->alone) cache.clear();
  this->expect_the_same();
}

TYPED_TEST(kv_caches, rows_stay_where_they_are_and_nothing_is_allocated) {
  const auto k = random<TypeParam>(5, 16), v = random<TypeParam>(5, 24);
  const auto q = random<TypeParam>(5, 16);
  matrix<TypeParam> out(5, 24);
  const std::vector<int> starts{0, 2, 3, 3, 5};
  const TypeParam* const first = this->caches.keys(2).first_tile();
  const auto step = [&] {
    this->caches.append(starts, k, v);
    this->caches.append(3, k, v);
    heed::attention(q, this->caches.keys(), this->caches.values(), out, heed::heads{2},
                    this->caches.batch(starts), heed::causal);
    this->caches.branch(3, 2);
    this->caches.truncate(3, 1);
  };
  EXPECT_EQ(support::second_call(step), 0);
  EXPECT_EQ(this->caches.keys(2).first_tile(), first);
}

TEST(kv_caches_size, what_moved_away_has_no_sequences) {
  heed::kv_caches<float> caches({.sequences = 2, .capacity = 3, .width = 4});
  caches.append(1, heed::matrix<float>::Ones(2, 4).eval(), heed::matrix<float>::Ones(2, 4).eval());
  const std::vector<int> starts{0, 0, 1};
  const heed::packed batch = caches.batch(starts);
  const heed::kv_caches<float> moved = std::move(caches);
  EXPECT_EQ(moved.size(1), 2);
  EXPECT_EQ(batch.key_lengths[1], 2) << "a batch follows";
  EXPECT_EQ(caches.sequences(), 0);
  EXPECT_THROW((void)caches.size(0), std::out_of_range);
}

TEST(kv_caches_errors, what_is_refused_leaves_all_as_they_were) {
  using Eigen::MatrixXf;
  heed::kv_caches<float> caches(
      {.sequences = 2, .capacity = 6, .heads = 2, .width = 4, .value_width = 3});
  const MatrixXf k = MatrixXf::Random(5, 8), v = MatrixXf::Random(5, 6);
  caches.append(1, k, v);
  const auto refused = [&](const auto& where, const MatrixXf& keys, const MatrixXf& values) {
    const auto sentence = refusal<std::logic_error>([&] { caches.append(where, keys, values); });
    EXPECT_EQ(caches.size(0), 0);
    EXPECT_TRUE(same_bits(caches.keys(1), k));
    EXPECT_TRUE(same_bits(caches.values(1), v));
    return sentence;
  };
  const auto starts = [](int a, int b, int c) { return std::vector<int>{a, b, c}; };
  EXPECT_EQ(refused(1, MatrixXf::Ones(2, 8), MatrixXf::Ones(2, 6)),
            "heed::kv_caches: 2 more rows do not fit: 5 of 6 are taken in sequence 1");
  EXPECT_EQ(refused(starts(0, 1, 3), MatrixXf::Ones(3, 8), MatrixXf::Ones(3, 6)),
            "heed::kv_caches: 2 more rows do not fit: 5 of 6 are taken in sequence 1");
  EXPECT_EQ(refused(starts(0, 1, 3), MatrixXf::Ones(2, 8), MatrixXf::Ones(2, 6)),
            "heed::kv_caches: row offsets of k end at 3, but k has 2 rows");
  EXPECT_EQ(refused(starts(0, 2, 1), MatrixXf::Ones(1, 8), MatrixXf::Ones(1, 6)),
            "heed::kv_caches: row offsets of k fall from 2 to 1 at place 2");
  EXPECT_EQ(refused(std::vector<int>{0, 1}, MatrixXf::Ones(1, 8), MatrixXf::Ones(1, 6)),
            "heed::kv_caches: offsets name 1 sequences, but there are 2");
  EXPECT_EQ(refused(0, MatrixXf::Ones(1, 8), MatrixXf::Ones(1, 7)),
            "heed::kv_caches: v is 1x7, but a row has 6 columns, 2 x 3");
  EXPECT_EQ(refused(0, MatrixXf::Ones(1, 8), MatrixXf::Ones(2, 6)),
            "heed::kv_caches: k and v differ in rows: k is 1x8, v is 2x6");
  EXPECT_EQ(refused(0, MatrixXf(0, 8), MatrixXf(0, 6)), "accepted");
  for (const index nowhere : {-1, 2}) {
    const std::string sentence =
        "heed::kv_caches: there is no sequence " + std::to_string(nowhere) + " among 2";
    using error = std::out_of_range;
    EXPECT_EQ(refused(nowhere, k, v), sentence);
    EXPECT_EQ(refusal<error>([&] { (void)caches.size(nowhere); }), sentence);
    EXPECT_EQ(refusal<error>([&] { (void)caches.values(nowhere); }), sentence);
    EXPECT_EQ(refusal<error>([&] { caches.clear(nowhere); }), sentence);
    EXPECT_EQ(refusal<error>([&] { caches.branch(nowhere, 0); }), sentence);
    EXPECT_EQ(refusal<error>([&] { caches.branch(1, nowhere); }), sentence);
  }
  using heed::shape_error;
  EXPECT_EQ(refusal<shape_error>([&] { caches.truncate(1, 6); }),
            "heed::kv_caches: sequence 1 cannot be cut to 6 rows, it has 5");
  EXPECT_EQ(refusal<shape_error>([&] { caches.truncate(1, -1); }),
            "heed::kv_caches: sequence 1 cannot be cut to -1 rows, it has 5");
  EXPECT_EQ(refusal<shape_error>([&] { caches.branch(1, 0, 6); }),
            "heed::kv_caches: cannot branch after 6 rows of sequence 1, it has 5");
  EXPECT_EQ(caches.size(0), 0);
  EXPECT_EQ(caches.size(1), 5);
}

TEST(kv_caches_errors, sizes_that_mean_nothing_are_refused) {
  using sizes = heed::kv_caches<float>::sizes;
  const auto sentence = [](const sizes& s) {
    return refusal<std::logic_error>([&] { (void)heed::kv_caches<float>(s); });
  };
  EXPECT_EQ(sentence({.sequences = -1, .capacity = 2, .width = 4}),
            "heed::kv_caches: sequences is -1, capacity is 2; neither may be negative");
  EXPECT_EQ(sentence({.sequences = 3, .capacity = -2, .width = 4}),
            "heed::kv_caches: sequences is 3, capacity is -2; neither may be negative");
  EXPECT_EQ(sentence({.sequences = index(1) << 40, .capacity = index(1) << 40, .width = 4}),
            "heed::kv_caches: 1099511627776 sequences of 1099511627776 positions are more than "
            "memory can address");
  EXPECT_EQ(sentence({.sequences = 0, .capacity = 4, .width = 4}), "accepted");
  EXPECT_EQ(sentence({.sequences = 3, .capacity = 4, .width = 0}),
            "heed::kv_caches: width was not given, or is 0; it is the columns of one head in keys");
  const Eigen::MatrixXf row = Eigen::MatrixXf::Ones(1, 4);
  heed::kv_caches<float> nowhere({.sequences = 0, .capacity = 4, .width = 4});
  EXPECT_EQ(refusal<std::out_of_range>([&] { nowhere.append(0, row, row); }),
            "heed::kv_caches: there is no sequence 0 among 0; sequences was not given");
  heed::kv_caches<float> without_room({.sequences = 1, .capacity = 0, .width = 4});
  EXPECT_EQ(
      refusal<std::length_error>([&] { without_room.append(0, row, row); }),
      "heed::kv_caches: 1 more rows do not fit: 0 of 0 are taken in sequence 0; capacity was not "
      "given");
}

}  // namespace
