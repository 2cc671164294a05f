// SPDX-License-Identifier: MIT
// The bits of a row do not depend on its batch, on threads, chunks, storage order or executor.
#include <heed/heed.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <thread>
#include <vector>

namespace {

using heed::index;

template <class Scalar>
struct same_bits : ::testing::Test {
  using matrix = heed::matrix<Scalar>;
  static constexpr index rows = 150, keys = heed::detail::keys_per_chunk + 90;
  const matrix q = matrix::Random(rows, 32), k = matrix::Random(keys, 16),
               v = matrix::Random(keys, 24);
  const heed::heads heads{4, 2};
  const index offset = keys - rows;

  static bool equal(const matrix& a, const matrix& b) {
    if (a.size() == 0) return b.size() == 0;
    return a.size() == b.size() &&
           std::memcmp(a.data(), b.data(), sizeof(Scalar) * static_cast<std::size_t>(a.size())) ==
               0;
  }

  // One of each rule, with queries that begin at `first`; rules that know rows are given theirs.
  template <class Check>
  void for_each_rule(const Check& check) {
    using heed::causal_from;
    check([](index first) { return causal_from(first); });
    check([](index first) { return causal_from(first) && heed::window{.left = 20}; });
    check([](index first) {
      return (causal_from(first) && heed::window{.left = 3, .right = 9}) || !heed::prefix(530);
    });
    check([](index first) {
      return causal_from(first) &&
             heed::where([](heed::at i) { return (i.key * 7 + i.query) % 5 != 0; });
    });
  }

  template <class... Modifiers>
  matrix attend(const matrix& some, const Modifiers&... m) const {
    matrix out(some.rows(), heads.query * 12);
    heed::attention(some, k, v, out, heads, heed::alibi(), heed::soft_cap(5),
                    heed::score([](Scalar s, heed::at i) {
                      return s * Scalar(1.1) - Scalar(0.01) * Scalar(i.query - i.key);
                    }),
                    heed::dropout{.probability = 0.1, .seed = 4}, m...);
    return out;
  }
};

using scalars = ::testing::Types<float, double>;
TYPED_TEST_SUITE(same_bits, scalars);

TYPED_TEST(same_bits, alone_and_in_chunks) {
  using rows_type = typename TestFixture::matrix;
  this->for_each_rule([&](const auto& rule) {
    const rows_type whole = this->attend(this->q, rule(this->offset));
    for (const index chunk : {1, 7, 16, 64, 149})
      for (index first = 0; first < this->rows; first += chunk) {
        const index count = std::min(chunk, this->rows - first);
        const rows_type part =
            this->attend(this->q.middleRows(first, count), rule(this->offset + first));
        ASSERT_TRUE(this->equal(part, whole.middleRows(first, count)))
            << chunk << " from " << first;
      }
  });
}

TYPED_TEST(same_bits, with_any_number_of_threads) {
  const auto threads = [](index n, auto&& work) {
    std::vector<std::thread> team;
    for (index i = 0; i < n; ++i) team.emplace_back([&work, i] { work(i); });
    for (auto& t : team) t.join();
  };
  this->for_each_rule([&](const auto& rule) {
    const auto whole = this->attend(this->q, rule(this->offset));
    for (const index workers : {1, 2, 3, 8}) {
      ASSERT_TRUE(
          this->equal(this->attend(this->q, rule(this->offset), heed::on(threads, workers)), whole))
          << workers;
    }
#ifdef _OPENMP
    ASSERT_TRUE(
        this->equal(this->attend(this->q, rule(this->offset), heed::on(heed::openmp{3})), whole));
#endif
  });
}

TYPED_TEST(same_bits, packed_or_separate) {
  using rows_type = typename TestFixture::matrix;
  const std::vector<index> query_starts{0, 30, 30, 150}, key_starts{0, 570, 580, this->keys};
  rows_type together(this->rows, 48);
  heed::attention(this->q, this->k, this->v, together, this->heads, heed::causal,
                  heed::packed{query_starts, key_starts});
  for (std::size_t s = 0; s < 3; ++s) {
    const index n = query_starts[s + 1] - query_starts[s], m = key_starts[s + 1] - key_starts[s];
    rows_type alone(n, 48);
    heed::attention(this->q.middleRows(query_starts[s], n), this->k.middleRows(key_starts[s], m),
                    this->v.middleRows(key_starts[s], m), alone, this->heads, heed::causal);
    EXPECT_TRUE(this->equal(alone, together.middleRows(query_starts[s], n))) << s;
  }
}

TYPED_TEST(same_bits, packed_with_room_or_separate) {
  using rows_type = typename TestFixture::matrix;
  const std::vector<index> query_starts{0, 30, 30, 149, 150},
      key_starts{0, 572, 580, 590, this->keys};
  const std::vector<index> key_lengths{515, 8, 0, 5};
  rows_type keys_and_room = this->k, values_and_room = this->v;
  for (std::size_t s = 0; s < 4; ++s)
    for (index row = key_starts[s] + key_lengths[s]; row < key_starts[s + 1]; ++row) {
      keys_and_room.row(row).setConstant(std::numeric_limits<TypeParam>::quiet_NaN());
      values_and_room.row(row).setConstant(std::numeric_limits<TypeParam>::quiet_NaN());
    }
  const auto check = [&](const auto& rule) {
    const auto attend = [&](const auto& a, const auto& b, const auto& c, const auto&... m) {
      rows_type out(a.rows(), 48);
      heed::attention(a, b, c, out, this->heads, heed::alibi(), rule(index(3)), m...);
      return out;
    };
    const rows_type together = attend(this->q, keys_and_room, values_and_room,
                                      heed::packed{query_starts, key_starts, key_lengths});
    for (std::size_t s = 0; s < 4; ++s) {
      const index n = query_starts[s + 1] - query_starts[s];
      const rows_type alone = attend(this->q.middleRows(query_starts[s], n),
                                     this->k.middleRows(key_starts[s], key_lengths[s]),
                                     this->v.middleRows(key_starts[s], key_lengths[s]));
      EXPECT_TRUE(this->equal(alone, together.middleRows(query_starts[s], n))) << s;
    }
  };
  this->for_each_rule(check);
  check([](index) { return heed::causal; });
}

TYPED_TEST(same_bits, in_any_storage_order) {
  using columns = Eigen::Matrix<TypeParam, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;
  const columns by_q = this->q, by_k = this->k, by_v = this->v;
  columns out(this->rows, 48);
  heed::attention(by_q, by_k, by_v, out, this->heads, heed::causal);
  typename TestFixture::matrix want(this->rows, 48);
  heed::attention(this->q, this->k, this->v, want, this->heads, heed::causal);
  EXPECT_TRUE(this->equal(out, want));
}

TYPED_TEST(same_bits, beside_values_that_are_not_finite) {
  using rows_type = typename TestFixture::matrix;
  const rows_type clean = this->attend(this->q, heed::causal);
  rows_type tainted = this->v;
  tainted.row(this->keys - 1)
      .setConstant(std::numeric_limits<TypeParam>::quiet_NaN());  // the last query's
  tainted.row(this->keys - 2).setConstant(std::numeric_limits<TypeParam>::infinity());
  rows_type out(this->rows, 48);
  heed::attention(this->q, this->k, tainted, out, this->heads, heed::alibi(), heed::soft_cap(5),
                  heed::score([](TypeParam s, heed::at i) {
                    return s * TypeParam(1.1) - TypeParam(0.01) * TypeParam(i.query - i.key);
                  }),
                  heed::dropout{.probability = 0.1, .seed = 4}, heed::causal);
  EXPECT_TRUE(this->equal(out.topRows(this->rows - 2), clean.topRows(this->rows - 2)));
  EXPECT_TRUE(std::isnan(out(this->rows - 1, 0)));
}

TYPED_TEST(same_bits, of_a_linear_layer) {
  using rows_type = typename TestFixture::matrix;
  const heed::linear<TypeParam> layer({.inputs = 300, .outputs = 70});
  const rows_type x = rows_type::Random(260, 300);
  const rows_type whole = layer(x);
  for (const index first : {0, 1, 100, 259}) {
    const rows_type row = layer(x.middleRows(first, 1));
    EXPECT_TRUE(this->equal(row, whole.middleRows(first, 1))) << first;
  }
  const Eigen::Matrix<TypeParam, Eigen::Dynamic, Eigen::Dynamic> columns = x;
  EXPECT_TRUE(this->equal(layer(columns), whole));
}

}  // namespace
