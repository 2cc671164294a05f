// SPDX-License-Identifier: MIT
// Compares heed::attention with the textbook over sizes, widths, layouts, heads and settings.
#pragma once

#include <heed/attention.hpp>
#include <heed/reference.hpp>

#include "support/guarded.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <tuple>
#include <vector>

namespace support {

using heed::index;

// What varies from call to call.
struct point {
  index queries, keys, width, value_width;
  heed::heads heads;
  layout order;
  // 0: none; 1: scale; 2: sink; 3: dropout; 4: packed; 5: all of them. With 4 and 5 there
  // is room behind keys for half of the seeds.
  int settings;
  std::uint64_t seed;
};

inline std::ostream& operator<<(std::ostream& out, const point& p) {
  return out << "queries " << p.queries << ", keys " << p.keys << ", width " << p.width
             << ", value width " << p.value_width << ", heads " << p.heads.query << "/"
             << p.heads.kv << ", layout " << int(p.order) << ", settings " << p.settings
             << ", seed " << p.seed;
}

// Everything that rules refer to, made for one point.
struct world {
  explicit world(const point& p)
      : random(p.seed), queries(p.queries), keys(p.keys), heads(p.heads.query) {
    const bool packed = p.settings >= 4;
    query_starts = packed ? starts(queries) : std::vector<index>{0, queries};
    key_starts = packed ? starts(keys) : std::vector<index>{0, keys};
    const bool room = packed && p.seed / 6 % 2 == 1;
    for (std::size_t i = 0; i + 1 < key_starts.size(); ++i) {
      const index most = key_starts[i + 1] - key_starts[i];
      key_lengths.push_back(room ? std::uniform_int_distribution<index>(0, most)(random) : most);
      longest_keys = std::max(longest_keys, key_lengths.back());
    }
    const auto chance = [&] { return std::uniform_real_distribution<double>(-1, 1)(random); };
    bias =
        Eigen::MatrixXd(heads * queries, longest_keys).unaryExpr([&](double) { return chance(); });
    // Some keys are excluded by an infinite bias.
    bias = bias.unaryExpr(
        [](double b) { return b > 0.8 ? -std::numeric_limits<double>::infinity() : b; });
    keep =
        Eigen::MatrixXd(queries, longest_keys).unaryExpr([&](double) { return chance(); }).array() >
        -0.3;
    ids.resize(static_cast<std::size_t>(keys));
    for (std::size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int>(i / 20 % 3);
    padded.resize(static_cast<std::size_t>(longest_keys));
    for (std::size_t i = 0; i < padded.size(); ++i) padded[i] = chance() > 0.7;
    for (index h = 0; h < heads; ++h)
      sinks.push_back(
          p.settings == 2 || p.settings == 5 ? chance() : -std::numeric_limits<double>::infinity());
  }

  std::vector<index> starts(index rows) {
    // Three sequences, one of them empty where there are few rows.
    return {0, rows / 5, rows / 5 + rows / 2, rows};
  }

  std::mt19937_64 random;
  index queries, keys, heads;
  index longest_keys = 0;
  std::vector<index> query_starts, key_starts, key_lengths;
  Eigen::MatrixXd bias;
  Eigen::Matrix<bool, Eigen::Dynamic, Eigen::Dynamic> keep;
  std::vector<int> ids;
  std::vector<char> padded;
  std::vector<double> sinks;
};

// Each rule of the library: how to make it, and how large a number it adds to a score.
struct causal_case {
  static auto make(const world&) { return heed::causal; }
  static constexpr double magnitude = 0;
};
struct causal_from_case {
  static auto make(const world&) { return heed::causal_from(3); }
  static constexpr double magnitude = 0;
};
struct window_case {
  static auto make(const world&) { return heed::window{.left = 7, .right = 2}; }
  static constexpr double magnitude = 0;
};
struct composite_case {
  static auto make(const world&) {
    return (heed::causal && heed::window{.left = 9}) ||
           !(heed::prefix(70) || heed::window{.right = 30});
  }
  static constexpr double magnitude = 0;
};
struct prefix_case {
  static auto make(const world&) { return heed::prefix(66); }
  static constexpr double magnitude = 0;
};
struct key_length_case {
  static auto make(const world& w) { return heed::key_length(w.longest_keys * 2 / 3); }
  static constexpr double magnitude = 0;
};
struct where_case {
  static auto make(const world& w) {
    return heed::where([&](heed::at i) { return !w.padded[static_cast<std::size_t>(i.key)]; });
  }
  static constexpr double magnitude = 0;
};
struct keep_case {
  static auto make(const world& w) { return heed::keep(w.keep); }
  static constexpr double magnitude = 0;
};
struct documents_case {
  static auto make(const world& w) { return heed::documents(w.ids); }
  static constexpr double magnitude = 0;
};
struct soft_cap_case {
  static auto make(const world&) { return heed::soft_cap(1.5); }
  static constexpr double magnitude = 0;
};
struct alibi_case {
  static auto make(const world&) { return heed::alibi(); }
  static constexpr double magnitude = 130;
};
struct bias_case {
  static auto make(const world& w) { return heed::bias(w.bias); }
  static constexpr double magnitude = 1;
};
struct score_case {
  static auto make(const world&) {
    return heed::score([](auto s, heed::at i) {
      return s - decltype(s)(0.1) * static_cast<decltype(s)>(i.query - i.key + i.head);
    });
  }
  static constexpr double magnitude = 14;
};

using all_cases = std::tuple<causal_case, causal_from_case, window_case, composite_case,
                             prefix_case, key_length_case, where_case, keep_case, documents_case,
                             soft_cap_case, alibi_case, bias_case, score_case>;

// Inputs and outputs of one call, and the judgement on it; all that does not depend on the rules.
template <class Scalar>
class trial {
 public:
  explicit trial(const point& where)
      : p(where),
        w(where),
        scale(p.settings == 1 || p.settings == 5 ? -0.7 : 1 / std::sqrt(double(p.width))),
        drop{.probability = p.settings == 3 || p.settings == 5 ? 0.25 : 0, .seed = p.seed},
        batch(w.query_starts, w.key_starts, w.key_lengths),
        q(p.queries, p.heads.query * p.width, p.order, nan),
        k(p.keys, p.heads.kv * p.width, p.order, nan),
        v(p.keys, p.heads.kv * p.value_width, p.order, nan),
        out(p.queries, p.heads.query * p.value_width, p.order, guard),
        lse(p.queries, p.heads.query, p.order, guard),
        weights(p.heads.query * p.queries, w.longest_keys, p.order, guard),
        exact_lse(p.queries, p.heads.query),
        exact_weights(p.heads.query * p.queries, w.longest_keys) {
    for (auto* m : {&q, &k, &v}) {
      auto map = m->matrix();
      for (index c = 0; c < map.cols(); ++c)
        for (index r = 0; r < map.rows(); ++r)
          map(r, c) = Scalar(std::uniform_real_distribution<double>(-1, 1)(w.random));
    }
    largest = std::abs(scale) * largest_product();
  }

  // Once exact_weights say who sees what: keys and values that no row sees become NaN, and so does
  // one value that only some rows see.
  void plant_nan() {
    bool planted = false;
    const index group = p.heads.query / p.heads.kv;
    for (std::size_t s = 0; s + 1 < w.key_starts.size(); ++s)
      for (index key = w.key_starts[s]; key < w.key_starts[s + 1]; ++key)
        for (index kv = 0; kv < p.heads.kv; ++kv) {
          index seen = 0, rows = 0;
          for (index h = kv * group; h < (kv + 1) * group; ++h)
            for (index row = w.query_starts[s]; row < w.query_starts[s + 1]; ++row, ++rows)
              seen += key - w.key_starts[s] < w.key_lengths[s] &&
                      exact_weights(h * p.queries + row, key - w.key_starts[s]) > 0;
          if (seen == 0)
            for (index f = 0; f < p.width; ++f) k.matrix()(key, kv * p.width + f) = nan;
          if (seen > 0 && (seen == rows || planted)) continue;
          planted = planted || seen > 0;
          for (index f = 0; f < p.value_width; ++f) v.matrix()(key, kv * p.value_width + f) = nan;
        }
  }

  // Rounding. A chain of n products errs by about sqrt(n) u of the sum of their absolute values
  // (Higham and Mary, "A New Approach to Probabilistic Rounding Error Analysis", 2019; 8 standard
  // deviations here), a rule by a few u of what it handles; an error of d in every score changes a
  // probability by a factor of at most exp(2 d).
  void judge(double rule_magnitude) {
    EXPECT_TRUE(out.intact() && lse.intact() && weights.intact())
        << "something outside was written";
    const double u = static_cast<double>(std::numeric_limits<Scalar>::epsilon()) / 2;
    const double magnitude = largest + rule_magnitude;
    const double score = u * ((8 * std::sqrt(double(p.width)) + 8) * largest + 16 * magnitude);
    const double chain = u * (8 * std::sqrt(double(p.keys)) + 32);
    const double raise = 1 / (1 - drop.probability);
    EXPECT_TRUE(close("out", out, exact, raise * (2 * score + chain)));
    EXPECT_TRUE(close("log_sum_exp", lse, exact_lse, score + chain + 4 * u * magnitude));
    EXPECT_TRUE(close("weights", weights, exact_weights, 2 * score + chain));
  }

  static constexpr Scalar nan = std::numeric_limits<Scalar>::quiet_NaN();
  static constexpr Scalar guard = Scalar(12345);

  point p;
  world w;
  double scale;
  heed::dropout drop;
  heed::packed batch;
  guarded<Scalar> q, k, v, out, lse, weights;
  Eigen::MatrixXd exact, exact_lse, exact_weights;
  double largest;

 private:
  // The largest sum of |q_f k_f| over any query and key: what rounding in a score grows with.
  double largest_product() {
    double most = 0;
    const auto a = q.matrix(), b = k.matrix();
    for (index h = 0; h < p.heads.query; ++h)
      for (index i = 0; i < p.queries; ++i)
        for (index j = 0; j < p.keys; ++j) {
          double sum = 0;
          const index kv = h / (p.heads.query / p.heads.kv);
          for (index f = 0; f < p.width; ++f)
            sum += std::abs(double(a(i, h * p.width + f)) * double(b(j, kv * p.width + f)));
          most = std::max(most, sum);
        }
    return most;
  }

  // NaN and infinities alike, numbers within the tolerance.
  static ::testing::AssertionResult close(const char* name, guarded<Scalar>& got,
                                          const Eigen::MatrixXd& want, double tolerance) {
    const auto map = got.matrix();
    for (index i = 0; i < want.rows(); ++i)
      for (index j = 0; j < want.cols(); ++j) {
        const auto g = static_cast<double>(map(i, j));
        const double e = want(i, j);
        const bool same = heed::detail::exactly_equal(g, e) || (std::isnan(g) && std::isnan(e)) ||
                          (std::isfinite(e) && std::abs(g - e) <= tolerance);
        if (!same)
          return ::testing::AssertionFailure()
                 << name << "(" << i << ", " << j << ") is " << g << ", the textbook says " << e
                 << ", tolerance " << tolerance;
      }
    return ::testing::AssertionSuccess();
  }
};

extern template class trial<float>;
extern template class trial<double>;

// One call, compared with the textbook in result, log-sum-exp and probabilities.
template <class Scalar, class... Cases>
void compare(const point& p) {
  SCOPED_TRACE(::testing::Message() << p);
  trial<Scalar> t(p);
  const auto q = t.q.matrix(), k = t.k.matrix(), v = t.v.matrix();
  const std::tuple rules(Cases::make(t.w)...);
  const auto with = [&](const auto& attend) {
    std::apply(
        [&](const auto&... rule) {
          attend(rule..., p.heads, heed::scale(t.scale), heed::sink(t.w.sinks), t.drop, t.batch);
        },
        rules);
  };
  const auto textbook = [&](const auto&... m) {
    t.exact = heed::reference::attention(q, k, v, m..., heed::log_sum_exp(t.exact_lse),
                                         heed::weights(t.exact_weights));
  };
  with(textbook);
  t.plant_nan();
  with(textbook);
  with([&](const auto&... m) {
    heed::attention(q, k, v, t.out.matrix(), m..., heed::log_sum_exp(t.lse.matrix()),
                    heed::weights(t.weights.matrix()));
  });
  t.judge((0.0 + ... + Cases::magnitude));
}

inline constexpr std::array<index, 7> sizes{0,
                                            1,
                                            2,
                                            heed::keys_per_tile - 1,
                                            heed::keys_per_tile,
                                            heed::keys_per_tile + 1,
                                            2 * heed::keys_per_tile + 1};
// Queries, and keys around the ends of chunks.
inline constexpr std::array<std::array<index, 2>, 4> chunk_sizes{
    {{1, heed::detail::keys_per_chunk - 1},
     {17, heed::detail::keys_per_chunk},
     {35, heed::detail::keys_per_chunk + 1},
     {35, 2 * heed::detail::keys_per_chunk + heed::keys_per_tile + 1}}};
inline constexpr std::array<index, 6> widths{1, 3, 8, 64, 80, 128};
inline constexpr std::array<layout, 3> layouts{layout::row_major, layout::column_major,
                                               layout::strided};
inline constexpr std::array<heed::heads, 3> head_counts{{{1, 1}, {2, 2}, {4, 2}}};

// Every size, width, layout and head count; settings in turn.
template <class... Cases>
void sweep_whole() {
  std::uint64_t n = 0;
  for (const index queries : sizes)
    for (const index keys : sizes)
      for (const index width : widths)
        for (const layout order : layouts)
          for (const auto& heads : head_counts) {
            const index value_width = n % 2 == 0 ? width + 1 : std::max(index(1), width / 2);
            const point p{queries, keys, width, value_width, heads, order, int(n % 6), n};
            ++n;
            compare<float, Cases...>(p);
            if (n % 3 == 0) compare<double, Cases...>(p);
            if (::testing::Test::HasFailure()) return;
          }
  for (const auto& [queries, keys] : chunk_sizes)
    for (const layout order : layouts) {
      const point p{queries, keys, 8, 9, {4, 2}, order, int(n % 6), n};
      ++n;
      compare<float, Cases...>(p);
      compare<double, Cases...>(p);
      if (::testing::Test::HasFailure()) return;
    }
}

// Every pair of sizes; widths, layouts, head counts and settings in turn, out of step, so that all
// of their combinations occur.
template <class... Cases>
void sweep_sizes() {
  std::size_t n = 0;
  for (const index queries : sizes)
    for (const index keys : sizes) {
      const index width = widths[n % 6];
      const index value_width = n % 2 == 0 ? width + 1 : std::max(index(1), width / 2);
      const point p{
          queries,        keys, width, value_width, head_counts[n / 2 % 3], layouts[n / 3 % 3],
          int(n / 5 % 6), n};
      ++n;
      compare<float, Cases...>(p);
      compare<double, Cases...>(p);
      if (::testing::Test::HasFailure()) return;
    }
}

// First with each rule that stands after it in all_cases; score rules in both orders.
template <class First, class Second>
void sweep_pair() {
  sweep_sizes<First, Second>();
  if constexpr (heed::score_rule<decltype(First::make(std::declval<world>()))> &&
                heed::score_rule<decltype(Second::make(std::declval<world>()))>)
    sweep_sizes<Second, First>();
}
template <class First, std::size_t I = 0, bool Found = false>
void sweep_pairs() {
  if constexpr (I < std::tuple_size_v<all_cases>) {
    using Other = std::tuple_element_t<I, all_cases>;
    if constexpr (Found) sweep_pair<First, Other>();
    sweep_pairs<First, I + 1, Found || std::is_same_v<First, Other>>();
  }
}

}  // namespace support
