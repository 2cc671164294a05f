// SPDX-License-Identifier: MIT
// Staging: tiles come in from any layout and storage type, lanes go in and out transposed.
#include <heed/kernel/tile.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace {

using heed::index;

template <class Storage, int Order>
using stored = Eigen::Matrix<Storage, Eigen::Dynamic, Eigen::Dynamic, Order>;

template <class Storage, class Scalar, int Order>
void stages(index keys, index width) {
  const stored<Storage, Order> wide =
      stored<float, Order>::Random(keys + 2, width + 3).template cast<Storage>();
  const auto from = wide.block(1, 2, keys, width);
  const heed::detail::view<const Storage> rows = heed::detail::view_of(from);
  std::vector<Scalar> memory(std::size_t(keys * width + 1), Scalar(77));
  const heed::detail::view<const Scalar> packed = heed::detail::pack_keys(memory.data(), rows);
  for (index i = 0; i < keys; ++i)
    for (index f = 0; f < width; ++f) {
      ASSERT_EQ(packed(i, f), static_cast<Scalar>(from(i, f)));
      ASSERT_EQ(&packed(i, f), &memory[std::size_t(i * width + f)]);
    }
  EXPECT_EQ(memory.back(), 77);

  constexpr index pitch = heed::keys_per_tile;
  memory.assign(std::size_t(width * pitch), Scalar(77));
  const heed::detail::view<const Scalar> transposed =
      heed::detail::pack_values(memory.data(), rows);
  EXPECT_EQ(transposed.rows, keys);
  EXPECT_EQ(transposed.cols, width);
  for (index f = 0; f < width; ++f)
    for (index i = 0; i < pitch; ++i) {
      ASSERT_EQ(memory[std::size_t(f * pitch + i)],
                i < keys ? static_cast<Scalar>(from(i, f)) : Scalar(77));
      ASSERT_EQ(&transposed(i, f), &memory[std::size_t(f * pitch + i)]);
    }
}

TEST(tile, stages_any_layout_and_type) {
  for (const index keys : {1, 5, 64})
    for (const index width : {1, 3, 80}) {
      stages<float, float, Eigen::RowMajor>(keys, width);
      stages<float, float, Eigen::ColMajor>(keys, width);
      stages<double, double, Eigen::RowMajor>(keys, width);
      stages<double, double, Eigen::ColMajor>(keys, width);
      stages<Eigen::half, float, Eigen::RowMajor>(keys, width);
      stages<Eigen::bfloat16, float, Eigen::ColMajor>(keys, width);
    }
}

TEST(tile, stages_integers_with_scales) {
  for (const index keys : {1, 5, 64})
    for (const index width : {1, 3, 80}) {
      heed::matrix<std::int8_t> numbers(keys, width);
      for (index i = 0; i < numbers.size(); ++i)
        numbers.data()[i] = static_cast<std::int8_t>(i * 7 % 256 - 128);
      const heed::matrix<float> scales = heed::matrix<float>::Random(keys, 1);
      const heed::detail::scaled_rows rows =
          heed::quantised(numbers, scales).block(0, 0, keys, width);
      std::vector<float> key_room(std::size_t(keys * width)),
          value_room(std::size_t(heed::keys_per_tile * width));
      const auto staged_keys = heed::detail::pack_keys(key_room.data(), rows);
      const auto staged_values = heed::detail::pack_values(value_room.data(), rows);
      for (index i = 0; i < keys; ++i)
        for (index f = 0; f < width; ++f) {
          ASSERT_EQ(staged_keys(i, f), scales(i) * static_cast<float>(numbers(i, f)));
          ASSERT_EQ(staged_values(i, f), scales(i) * static_cast<float>(numbers(i, f)));
        }
      EXPECT_TRUE(heed::detail::all_finite(rows));
      heed::matrix<float> broken = scales;
      broken(keys - 1) = std::numeric_limits<float>::quiet_NaN();
      EXPECT_FALSE(
          heed::detail::all_finite(heed::quantised(numbers, broken).block(0, 0, keys, width)));
    }
}

// A value that is not finite is seen wherever it stands, and none where it stands beyond the keys.
template <class Scalar>
void sees_what_is_not_finite() {
  using limits = std::numeric_limits<Scalar>;
  constexpr index pitch = heed::keys_per_tile;
  for (const index width : {0, 1, 3, 4, 6, 9}) {
    // rows beyond the last are not finite, and are not looked at
    std::vector<Scalar> memory(std::size_t((width + 4) * pitch), limits::quiet_NaN());
    for (index i = 0; i < width * pitch; ++i)
      memory[std::size_t(i)] = i % 2 == 0 ? limits::lowest() : limits::denorm_min();
    for (const index keys : {0, 1, 7, 16, 33, 64}) {
      const heed::detail::view<const Scalar> transposed{memory.data(), keys, width, 1, pitch};
      const heed::detail::view<const Scalar> straight{memory.data(), width, keys, pitch, 1};
      const heed::detail::view<const Scalar> apart{memory.data(), width, keys / 2, pitch, 2};
      EXPECT_TRUE(heed::detail::all_finite(transposed) && heed::detail::all_finite(straight) &&
                  heed::detail::all_finite(apart));
      for (index i = 0; i < width * pitch; ++i)
        for (const Scalar bad : {limits::infinity(), -limits::infinity(), limits::quiet_NaN()}) {
          Scalar& number = memory[std::size_t(i)];
          const Scalar before = std::exchange(number, bad);
          EXPECT_EQ(heed::detail::all_finite(transposed), i % pitch >= keys) << i;
          EXPECT_EQ(heed::detail::all_finite(straight), i % pitch >= keys) << i;
          EXPECT_EQ(heed::detail::all_finite(apart), i % pitch >= keys / 2 * 2 || i % 2 != 0) << i;
          number = before;
        }
    }
  }
}

// A value that is finite and not moderate is seen in the same way.
template <class Scalar>
void sees_what_may_overflow() {
  constexpr index pitch = heed::keys_per_tile, width = 5;
  constexpr Scalar most = (std::numeric_limits<Scalar>::max)() / Scalar(4294967296.0);
  std::vector<Scalar> memory(std::size_t(width * pitch), most);
  for (const index keys : {1, 7, 16, 64}) {
    const heed::detail::view<const Scalar> transposed{memory.data(), keys, width, 1, pitch};
    EXPECT_TRUE(heed::detail::sizes_of(transposed).moderate);
    for (index i = 0; i < width * pitch; ++i)
      for (const Scalar large : {most * 2, (std::numeric_limits<Scalar>::max)(), -most * 3}) {
        Scalar& number = memory[std::size_t(i)];
        const Scalar before = std::exchange(number, large);
        EXPECT_EQ(heed::detail::sizes_of(transposed).moderate, i % pitch >= keys) << i;
        EXPECT_TRUE(heed::detail::sizes_of(transposed).finite);
        number = before;
      }
  }
}

TEST(tile, knows_whether_sums_may_overflow) {
  sees_what_may_overflow<float>();
  sees_what_may_overflow<double>();
}

TEST(tile, knows_whether_all_is_finite) {
  sees_what_is_not_finite<float>();
  sees_what_is_not_finite<double>();
}

template <class Storage, class Scalar, int Order>
void transposes() {
  const index size = heed::detail::simd<Scalar>::size,
              pitch = heed::detail::queries_per_block<Scalar>;
  for (index rows = 1; rows <= pitch; ++rows) {
    const index width = size + 5, packets = (rows + size - 1) / size;
    const stored<Storage, Order> q =
        stored<float, Order>::Random(rows, width).template cast<Storage>();
    std::vector<Scalar> memory(std::size_t(width * pitch), Scalar(77));
    heed::detail::load_queries(
        memory.data(), heed::detail::view<const Storage>(heed::detail::view_of(q)), Scalar(0.5));
    for (index f = 0; f < width; ++f)
      for (index i = 0; i < pitch; ++i) {
        const Scalar beyond =
            i < packets * size ? Scalar(0.5) * static_cast<Scalar>(q(rows - 1, f)) : Scalar(77);
        const Scalar want = i < rows ? Scalar(0.5) * static_cast<Scalar>(q(i, f)) : beyond;
        ASSERT_EQ(memory[std::size_t(f * pitch + i)], want) << rows;
      }
    stored<Storage, Order> back = stored<Storage, Order>::Zero(rows + 1, width + 1);
    heed::detail::store_lanes(heed::detail::view_of(back.topLeftCorner(rows, width)),
                              memory.data());
    EXPECT_EQ(back.topLeftCorner(rows, width), q * Storage(0.5f));
    EXPECT_TRUE((back.row(rows).array() == Storage(0)).all() &&
                (back.col(width).array() == Storage(0)).all());
  }
}

TEST(lanes, go_in_scaled_and_come_out_again) {
  transposes<float, float, Eigen::RowMajor>();
  transposes<float, float, Eigen::ColMajor>();
  transposes<double, double, Eigen::ColMajor>();
  transposes<Eigen::half, float, Eigen::RowMajor>();
  transposes<Eigen::bfloat16, float, Eigen::ColMajor>();
}

}  // namespace
