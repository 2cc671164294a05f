// SPDX-License-Identifier: MIT
// Weighted values with features next to each other: every width around a panel, exact on integers,
// with guard values around.
#include "support/guarded.hpp"

#include <heed/kernel/decode/decode_output.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace {

using heed::index;
using support::layout;

template <class Scalar>
struct decode_output : ::testing::Test {
  using rows_type = heed::detail::decode_output<Scalar>;
  static constexpr index most = 13, panel = rows_type::panel;
  static constexpr Scalar guard = 4321;

  // Room for rows, in front of a guard.
  struct room {
    std::vector<Scalar> memory;
    rows_type rows;

    room(index count, index width)
        : memory(std::size_t(count * rows_type::pitch_of(width) + 1), guard),
          rows{memory.data(), count, width} {}
    Scalar operator()(index row, index f) const {
      return memory[std::size_t(row * rows.pitch() + f)];
    }
  };

  static Scalar integer(index i, index j) { return Scalar((i * 7 + j * 5) % 11 - 5); }

  // Widths around one and two panels, and around the long ones that one and two rows have.
  template <class Check>
  static void for_each_size(const Check& check) {
    for (index count = 1; count <= most; ++count) {
      for (index width = 0; width <= 2 * panel + 1; ++width) check(count, width);
      for (index width = 4 * panel - 1; width <= 7 * panel + 1; width += panel / 2 + 1)
        check(count, width);
      check(count, 8 * panel);
    }
  }
};
using scalars = ::testing::Types<float, double>;
TYPED_TEST_SUITE(decode_output, scalars);

TYPED_TEST(decode_output, sums_weighted_values_some_keys_at_a_time) {
  using Scalar = TypeParam;
  const index keys = 19, run = 12;
  std::vector<Scalar> memory(std::size_t(this->most * heed::keys_per_tile));
  heed::detail::decode_scores<Scalar> weights{memory.data(), this->most};
  for (index row = 0; row < this->most; ++row)
    for (index j = 0; j < keys; ++j) weights.row(row)[j] = this->integer(j, row);
  const auto hidden = std::make_unique<bool[]>(std::size_t(this->most * heed::keys_per_tile));
  for (index row = 0; row < this->most; ++row)
    for (index j = 0; j < keys; ++j)
      hidden[std::size_t(row * heed::keys_per_tile + j)] = (j + row) % 3 == 0;
  this->for_each_size([&](index count, index width) {
    weights.count = count;
    // rows of values lie apart, and what is between them is not to be read
    for (const layout order : {layout::row_major, layout::column_major, layout::strided}) {
      std::vector<Scalar> edge(std::size_t(run * this->panel), Scalar(0));
      support::guarded<Scalar> memory_of_values(keys, width, order, this->guard);
      auto values = memory_of_values.matrix();
      for (index j = 0; j < keys; ++j)
        for (index f = 0; f < width; ++f) values(j, f) = this->integer(f, j);
      const auto some = [&](index first, index number) {
        return heed::detail::view<const Scalar>(heed::detail::view_of(values))
            .block(first, 0, number, width);
      };
      typename TestFixture::room sum(count, width);
      sum.rows.clear();
      sum.rows.multiply(weights, 0, some(0, run), edge.data(),
                        heed::detail::fetch_ahead(some(run, keys - run), 0, 1));
      sum.rows.multiply(weights, run, some(run, keys - run), edge.data());
      typename TestFixture::room seen(count, width);
      seen.rows.multiply_seen(weights, some(0, keys), {hidden.get(), heed::keys_per_tile, 1});
      for (index row = 0; row < count; ++row)
        for (index f = 0; f < (order == layout::row_major ? sum.rows.pitch() : width); ++f) {
          Scalar want = 0, want_seen = 0;
          for (index j = 0; j < keys && f < width; ++j) {
            const Scalar term = this->integer(j, row) * this->integer(f, j);
            want += term;
            if ((j + row) % 3 != 0) want_seen += term;
          }
          ASSERT_EQ(sum(row, f), want) << count << " " << width << " layout " << int(order);
          ASSERT_EQ(seen(row, f), want_seen) << count << " " << width << " layout " << int(order);
        }
      EXPECT_EQ(sum.memory.back(), this->guard);
      EXPECT_EQ(seen.memory.back(), this->guard);
    }
  });
}

TYPED_TEST(decode_output, are_rescaled_added_taken_and_divided_a_row_at_a_time) {
  using Scalar = TypeParam;
  std::vector<Scalar> mine(std::size_t(this->most)), theirs(std::size_t(this->most));
  for (index l = 0; l < this->most; ++l) {
    mine[std::size_t(l)] = this->integer(l, 1);
    theirs[std::size_t(l)] = this->integer(l, 2);
  }
  this->for_each_size([&](index count, index width) {
    typename TestFixture::room a(count, width), b(count, width);
    const auto refill = [&] {
      for (index row = 0; row < count; ++row)
        for (index f = 0; f < a.rows.pitch(); ++f) {
          a.memory[std::size_t(row * a.rows.pitch() + f)] = this->integer(row, f);
          b.memory[std::size_t(row * a.rows.pitch() + f)] = this->integer(f, row + 4);
        }
    };
    const auto expect = [&](const auto& want) {
      for (index row = 0; row < count; ++row)
        for (index f = 0; f < width; ++f)
          ASSERT_EQ(a(row, f), want(row, this->integer(row, f), this->integer(f, row + 4)));
      EXPECT_EQ(a.memory.back(), this->guard);
    };
    refill();
    a.rows.add(mine.data(), b.rows);
    expect([&](index row, Scalar x, Scalar y) { return x * mine[std::size_t(row)] + y; });
    refill();
    a.rows.merge(mine.data(), b.rows, theirs.data());
    expect([&](index row, Scalar x, Scalar y) {
      return x * mine[std::size_t(row)] + y * theirs[std::size_t(row)];
    });
    refill();
    a.rows.take(b.rows);
    expect([&](index, Scalar, Scalar y) { return y; });
    refill();
    a.rows.finish(mine.data());
    expect([&](index row, Scalar x, Scalar) { return x * mine[std::size_t(row)]; });
  });
}

}  // namespace
