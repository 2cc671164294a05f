// SPDX-License-Identifier: MIT
// The online softmax on bare arrays: however scores are cut into tiles, against sums in double.
#include <heed/kernel/online_softmax.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

namespace {

using heed::index;

// The type in which a score is multiplied by log4 e.
enum class conversion { of_double, of_scalar };

template <class Scalar_, conversion How>
struct types {
  using Scalar = Scalar_;
  static constexpr conversion how = How;
};

template <class Types>
struct online_softmax : ::testing::Test {
  using Scalar = typename Types::Scalar;
  static constexpr index packets = 2, lanes = packets * heed::detail::simd<Scalar>::size, width = 3;
  static constexpr double u = double(std::numeric_limits<Scalar>::epsilon()) / 2;
  static constexpr Scalar infinity = std::numeric_limits<Scalar>::infinity();
  static constexpr Scalar nan = std::numeric_limits<Scalar>::quiet_NaN();

  // Room for a state, and one in it.
  struct room {
    std::vector<Scalar> max = std::vector<Scalar>(lanes), sum = std::vector<Scalar>(lanes),
                        rescale = std::vector<Scalar>(lanes),
                        acc = std::vector<Scalar>(width * lanes);
    const heed::detail::online_softmax<Scalar> state{max.data(), sum.data(), rescale.data(),
                                                     acc.data(), packets,    width};
  };
  room own, other;
  const heed::detail::online_softmax<Scalar>& state = own.state;
  std::vector<Scalar>&max = own.max, &sum = own.sum, &acc = own.acc;

  using function = std::function<double(index key, index lane)>;

  static double value(index key, index f) { return std::cos(double(key * 3 + f)); }

  // A score as the state takes it: in base 4, converted in double, or in Scalar as after score rules.
  static Scalar in_base_4(double score) {
    if (Types::how == conversion::of_double) return Scalar(score * heed::detail::log4_of_exp);
    return Scalar(score) * Scalar(heed::detail::log4_of_exp);
  }

  // Updates by keys in runs of the given lengths, adding p * value as the kernel would.
  void update(const function& score, const std::vector<index>& tiles) {
    update(own, score, tiles, 0);
  }
  static void update(room& to, const function& score, const std::vector<index>& tiles,
                     index first) {
    auto& [max, sum, rescale, acc, state] = to;
    for (const index count : tiles) {
      std::vector<Scalar> scores(std::size_t(count * lanes));
      for (index j = 0; j < count; ++j)
        for (index l = 0; l < lanes; ++l)
          scores[std::size_t(j * lanes + l)] = in_base_4(score(first + j, l));
      state.update(scores.data(), count);
      for (std::size_t i = 0; i < acc.size(); ++i) acc[i] *= rescale[i % std::size_t(lanes)];
      for (index f = 0; f < width; ++f)
        for (index j = 0; j < count; ++j)
          for (index l = 0; l < lanes; ++l)
            acc[std::size_t(f * lanes + l)] +=
                scores[std::size_t(j * lanes + l)] * Scalar(value(first + j, f));
      first += count;
    }
  }

  // Compares one lane with the textbook. The largest score of its keys is `magnitude` away from the
  // smallest at most.
  void compare(const function& score, index keys, double sink, double magnitude) {
    // An exponential errs by 3 u (2 ulp) and by what rounding in its argument makes of it; a tile
    // more or less rescales by one more; a sum of n terms adds n u.
    const double tolerance = u * (3 * magnitude + 2 * double(keys) + 40);
    state.finish();
    for (index l = 0; l < lanes; ++l) {
      const auto s = [&](index j) { return double(Scalar(score(j, l))); };
      double largest = sink;
      for (index j = 0; j < keys; ++j) largest = std::max(largest, s(j));
      double total = std::isinf(sink) ? 0 : std::exp(sink - largest);
      for (index j = 0; j < keys; ++j) total += std::exp(s(j) - largest);
      for (index f = 0; f < width; ++f) {
        double mean = 0;
        for (index j = 0; j < keys; ++j)
          mean += std::exp(s(j) - largest) / total * double(Scalar(value(j, f)));
        EXPECT_NEAR(acc[std::size_t(f * lanes + l)], mean, tolerance) << l;
      }
      const double lse = largest + std::log(total);
      EXPECT_NEAR(state.log_sum_exp(l), lse, tolerance + 2 * u * std::abs(lse)) << l;
    }
  }
};
using scalars =
    ::testing::Types<types<float, conversion::of_scalar>, types<double, conversion::of_scalar>,
                     types<float, conversion::of_double>, types<double, conversion::of_double>>;
TYPED_TEST_SUITE(online_softmax, scalars);

TYPED_TEST(online_softmax, does_not_mind_how_keys_are_cut) {
  const auto score = [](index key, index lane) { return 6 * std::sin(double(key * 7 + lane * 5)); };
  for (const auto& tiles : std::vector<std::vector<index>>{{50},
                                                           {1, 49},
                                                           {49, 1},
                                                           {10, 10, 10, 10, 10},
                                                           {0, 25, 0, 25},
                                                           std::vector<index>(50, 1)}) {
    for (const double sink : {-double(this->infinity), 0.0, 20.0}) {
      this->state.reset(this->in_base_4(sink));
      this->update(score, tiles);
      this->compare(score, 50, sink, 26);
    }
  }
}

TYPED_TEST(online_softmax, rises_with_its_maximum) {
  // each tile's scores are above all before it, so that every fold rescales
  const auto score = [](index key, index lane) { return double(key + lane) - 20; };
  this->state.reset(this->in_base_4(-this->infinity));
  this->update(score, {5, 5, 5, 5});
  this->compare(score, 20, -double(this->infinity), 20);
}

TYPED_TEST(online_softmax, of_nothing_is_nothing) {
  const auto excluded = [&](index, index) { return -double(this->infinity); };
  for (const auto& tiles : std::vector<std::vector<index>>{{}, {0}, {7}, {3, 9}}) {
    this->state.reset(this->in_base_4(-this->infinity));
    this->update(excluded, tiles);
    this->state.finish();
    for (const auto x : this->acc) EXPECT_TRUE(std::fpclassify(x) == FP_ZERO && !std::signbit(x));
    EXPECT_EQ(this->state.log_sum_exp(0), -this->infinity);
  }
}

TYPED_TEST(online_softmax, excluded_keys_change_no_bit_of_the_sum) {
  const auto score = [](index key, index lane) { return std::sin(double(key * 7 + lane)); };
  const auto among_excluded = [&](index key, index lane) {
    return key % 2 == 0 ? -double(this->infinity) : score(key / 2, lane);
  };
  this->state.reset(this->in_base_4(-this->infinity));
  this->update(score, {4, 4, 4});
  const auto max_before = this->max, sum_before = this->sum;
  this->state.reset(this->in_base_4(-this->infinity));
  this->update([&](index, index) { return -double(this->infinity); },
               {5, 1});  // whole tiles of them, first
  this->update(among_excluded, {8, 8, 8});
  EXPECT_EQ(this->max, max_before);
  EXPECT_EQ(this->sum, sum_before);
}

TYPED_TEST(online_softmax, lanes_know_nothing_of_each_other) {
  using number = typename TypeParam::Scalar;
  const auto score = [&](index key, index lane) {
    return lane == 1 ? double(this->nan) : lane == 2 ? double(this->infinity) : double(key) / 4;
  };
  this->state.reset(this->in_base_4(-this->infinity));
  this->update(score, {3, 3});
  this->state.finish();
  const auto row = [&](index lane) { return this->acc[std::size_t(lane)]; };
  if (this->lanes > 2) {
    EXPECT_TRUE(std::isnan(row(1)) && std::isnan(this->state.log_sum_exp(1)));
    EXPECT_TRUE(std::isnan(row(2))) << "infinity minus infinity";
  }
  for (index l = 3; l < this->lanes; ++l) EXPECT_EQ(row(l), row(0));
  EXPECT_TRUE(std::isfinite(row(0)));
  EXPECT_NE(row(0), number(0));
}

// A lane whose scores are far from 0 beside one of NaN, at the same place of another packet.
TYPED_TEST(online_softmax, lanes_far_from_0_know_nothing_of_nan) {
  const index far_lane = this->lanes / 2;
  const auto score = [&](index, index lane) {
    return lane == 0 ? double(this->nan) : lane == far_lane ? 1e30 : 0.5;
  };
  this->state.reset(this->in_base_4(-this->infinity));
  this->update(score, {3, 3});
  this->state.finish();
  double mean = 0;
  for (index j = 0; j < 6; ++j) mean += this->value(j, 0) / 6;
  EXPECT_NEAR(this->acc[std::size_t(far_lane)], mean, 20 * this->u);
}

TYPED_TEST(online_softmax, normalise_gives_the_probabilities) {
  using number = typename TypeParam::Scalar;
  const auto score = [](index key, index lane) {
    return key % 5 == 4 ? -std::numeric_limits<double>::infinity() : std::sin(double(key + lane));
  };
  this->state.reset(this->in_base_4(number(0.5)));
  this->update(score, {6, 6});
  std::vector<number> p(std::size_t(12 * this->lanes));
  for (index j = 0; j < 12; ++j)
    for (index l = 0; l < this->lanes; ++l)
      p[std::size_t(j * this->lanes + l)] = this->in_base_4(score(j, l));
  this->state.normalise(p.data(), 12);
  for (index l = 0; l < this->lanes; ++l) {
    double total = std::exp(0.5);
    for (index j = 0; j < 12; ++j) total += std::exp(score(j, l));
    for (index j = 0; j < 12; ++j)
      EXPECT_NEAR(p[std::size_t(j * this->lanes + l)], std::exp(score(j, l)) / total, 30 * this->u);
  }
}

TYPED_TEST(online_softmax, a_sink_alone_is_the_log_sum_exp) {
  using number = typename TypeParam::Scalar;
  for (const number sink : {number(-3.7), number(0), number(100.3)}) {
    this->state.reset(this->in_base_4(sink));
    this->update([&](index, index) { return -double(this->infinity); }, {4});
    this->state.finish();
    // into powers of two with one rounding, an exponential (2 ulp), and back with another
    EXPECT_NEAR(double(this->state.log_sum_exp(0)), double(sink),
                double(this->u) * (2 * std::abs(double(sink)) + 4));
    EXPECT_EQ(this->acc[0], 0);
  }
}

TYPED_TEST(online_softmax, merges_what_another_has_seen) {
  // origins that rise, fall and stay
  for (const double step : {-9.0, 0.0, 0.3, 9.0}) {
    const auto score = [&](index key, index lane) {
      return 3 * std::sin(double(key * 7 + lane * 5)) + (key < 20 ? 0 : step);
    };
    for (const double sink : {-double(this->infinity), 1.5}) {
      this->state.reset(this->in_base_4(sink));
      this->update(score, {15, 5});
      this->other.state.reset();
      this->other.acc.assign(this->other.acc.size(), 0);
      this->update(this->other, score, {1, 29}, 20);
      this->state.merge(this->other.state);
      this->compare(score, 50, sink, 15);
    }
  }
}

TYPED_TEST(online_softmax, merging_with_nothing_changes_nothing) {
  const auto score = [](index key, index lane) { return std::sin(double(key * 7 + lane)); };
  this->state.reset(this->in_base_4(-this->infinity));
  this->update(score, {9});
  const auto max_before = this->max, sum_before = this->sum, acc_before = this->acc;
  this->other.state.reset();
  this->other.state.clear_acc();
  this->state.merge(this->other.state);
  EXPECT_EQ(this->max, max_before);
  EXPECT_EQ(this->sum, sum_before);
  EXPECT_EQ(this->acc, acc_before);
  this->other.state.merge(this->state);
  EXPECT_EQ(this->other.max, max_before);
  EXPECT_EQ(this->other.sum, sum_before);
  EXPECT_EQ(this->other.acc, acc_before);
}

// However large scores are, their differences count: a mean of equals stays a mean.
TYPED_TEST(online_softmax, of_scores_near_the_largest_number) {
  using limits = std::numeric_limits<typename TypeParam::Scalar>;
  for (const double level : {1e4, -1e9, 1e12, double(limits::max()), double(limits::lowest())}) {
    const auto score = [&](index, index) { return level; };
    this->state.reset(this->in_base_4(-this->infinity));
    this->update(score, {3, 2});
    this->compare(score, 5, -double(this->infinity), 0);
  }
  const auto extremes = [](index key, index) {
    return double(key == 3 ? limits::max() : limits::lowest());
  };
  this->state.reset(this->in_base_4(-this->infinity));
  this->update(extremes, {2, 3});
  this->compare(extremes, 5, -double(this->infinity), 0);
}

}  // namespace
