// SPDX-License-Identifier: MIT
// Sampling: how the next token is chosen from its logits (temperature, top-k, top-p, min-p).
//
//   heed::sampling s{.temperature = 0.8, .top_p = 0.95, .seed = 7};
//   s.choose(logits, seen, 0);  // the id of the first new token; 1 for the second, and so on
#pragma once

#include <heed/core/check.hpp>   // require
#include <heed/simd/philox.hpp>  // philox, unit

#include <algorithm>  // max_element, find_if, fill_n, nth_element, sort, make_heap
#include <cmath>      // exp, isnan
#include <limits>     // infinity
#include <optional>   // optional
#include <span>       // span
#include <vector>     // vector

namespace heed {
inline namespace HEED_ABI {

// Settings of sampling: greedy unless a temperature above 0, or no temperature but one of top_k, top_p and
// min_p, is given. The steps in order: repetition penalty, temperature, top_k, top_p, min_p, a random draw.
struct sampling {
  // Logits are divided by the temperature; 0: greedy. Not given: 1 if top_k, top_p or min_p is, else greedy.
  std::optional<double> temperature = {};
  index top_k = 0;  // keeps the top_k tokens with the largest logits; 0: all
  // Keeps the fewest most probable tokens whose probabilities add up to top_p or more; Holtzman et al., 2019.
  double top_p = 1;
  // Keeps tokens whose probability is at least min_p times that of the most probable; Nguyen et al., 2024.
  double min_p = 0;
  // Divides positive logits of tokens seen before, and multiplies negative ones; Keskar et al., "CTRL", 2019.
  double repetition_penalty = 1;
  std::uint64_t seed = 0;  // the same seed gives the same text

  [[nodiscard]] bool greedy() const {
    return temperature ? *temperature <= 0 : top_k == 0 && top_p >= 1 && min_p <= 0;
  }

  // Throws shape_error for numbers outside their ranges.
  void check() const {
    constexpr const char* name = "heed::sampling";
    constexpr double most = (std::numeric_limits<double>::max)();
    detail::require(!temperature || (*temperature >= 0 && *temperature <= most), name,
                    ": temperature is ", temperature.value_or(0),
                    ", but it must be 0 or more, and finite");
    detail::require(top_k >= 0, name, ": top_k is ", top_k, ", but it may not be negative");
    detail::require(top_p > 0 && top_p <= 1, name, ": top_p is ", top_p,
                    ", but it must be above 0 and at most 1");
    detail::require(min_p >= 0 && min_p <= 1, name, ": min_p is ", min_p,
                    ", but it must be from 0 to 1");
    detail::require(repetition_penalty > 0 && repetition_penalty <= most, name,
                    ": repetition_penalty is ", repetition_penalty,
                    ", but it must be positive and finite");
  }

  // The id of the next token. logits: of all tokens, which may be changed; seen: the ids so far, for the
  // repetition penalty; draws: how many tokens have been drawn with this seed. Greedy sampling chooses the lowest
  // id of equal logits. NaN counts as -infinity. Throws shape_error if there are no logits.
  template <class Scalar>
  [[nodiscard]] index choose(std::span<Scalar> logits, std::span<const index> seen,
                             std::uint64_t draws) const {
    detail::require(!logits.empty(), "heed::sampling: there are no scores to choose from");
    for (Scalar& score : logits)
      score = std::isnan(score) ? -std::numeric_limits<Scalar>::infinity() : score;
    penalise(logits, seen);
    if (greedy()) return first_of_the_largest(std::span<const Scalar>(logits));
    return draw(candidates(std::span<const Scalar>(logits)), draws);
  }

 private:
  // The place of the first largest score; no score is NaN. Keeps 64 maxima, since with one maximum each
  // comparison would depend on the one before.
  template <class Scalar>
  static index first_of_the_largest(std::span<const Scalar> scores) {
    constexpr std::size_t side_by_side = 64;
    Scalar largest[side_by_side];
    std::fill_n(largest, side_by_side, scores[0]);
    std::size_t i = 0;
    for (; i + side_by_side <= scores.size(); i += side_by_side)
      for (std::size_t k = 0; k < side_by_side; ++k)
        largest[k] = largest[k] < scores[i + k] ? scores[i + k] : largest[k];
    for (; i < scores.size(); ++i) largest[0] = (std::max)(largest[0], scores[i]);
    const Scalar all = *std::max_element(largest, largest + side_by_side);
    const auto is_it = [all](Scalar score) { return detail::exactly_equal(score, all); };
    return std::find_if(scores.begin(), scores.end(), is_it) - scores.begin();
  }

  struct candidate {
    index id;
    double weight;  // a probability times a factor common to all
  };

  template <class Scalar>
  void penalise(std::span<Scalar> logits, std::span<const index> seen) const {
    if (detail::exactly_equal(repetition_penalty, 1.0)) return;
    std::vector<index> ids(seen.begin(), seen.end());
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    for (const index id : ids) {
      if (id < 0 || id >= static_cast<index>(logits.size())) continue;
      Scalar& score = logits[static_cast<std::size_t>(id)];
      const auto wide = static_cast<double>(score);
      score = static_cast<Scalar>(wide > 0 ? wide / repetition_penalty : wide * repetition_penalty);
    }
  }

  // The tokens that may be drawn. The largest weight is 1.
  template <class Scalar>
  [[nodiscard]] std::vector<candidate> candidates(std::span<const Scalar> logits) const {
    const auto largest = *std::max_element(logits.begin(), logits.end());
    std::vector<candidate> all(logits.size());
    for (std::size_t i = 0; i < logits.size(); ++i)
      all[i] = {static_cast<index>(i),
                logits[i] < largest
                    ? std::exp((static_cast<double>(logits[i]) - static_cast<double>(largest)) /
                               temperature.value_or(1))
                    : 1.0};
    if (top_k > 0 && top_k < static_cast<index>(all.size())) {
      std::nth_element(all.begin(), all.begin() + top_k, all.end(), before);
      all.resize(static_cast<std::size_t>(top_k));
      // The order that nth_element leaves differs between standard libraries.
      std::sort(all.begin(), all.end(), before);
    }
    if (top_p < 1) keep_top_p(all);
    std::erase_if(all, [this](const candidate& c) { return c.weight < min_p; });
    return all;
  }

  // The more probable first; of equal ones the lower id.
  static bool before(const candidate& a, const candidate& b) {
    return a.weight > b.weight || (!(a.weight < b.weight) && a.id < b.id);
  }

  // Uses a heap, since only the few candidates that are kept need be sorted.
  void keep_top_p(std::vector<candidate>& all) const {
    const auto after = [](const candidate& a, const candidate& b) { return before(b, a); };
    double sum = 0, kept = 0;
    for (const candidate& c : all) sum += c.weight;
    std::make_heap(all.begin(), all.end(), after);
    auto rest = all.end();
    do {
      std::pop_heap(all.begin(), rest, after);
      kept += (--rest)->weight;
    } while (rest != all.begin() && kept < top_p * sum);
    all.erase(all.begin(), rest);
    std::reverse(all.begin(), all.end());
  }

  [[nodiscard]] index draw(const std::vector<candidate>& from, std::uint64_t draws) const {
    double sum = 0;
    for (const candidate& c : from) sum += c.weight;
    const auto words = detail::philox(
        {static_cast<std::uint32_t>(draws), static_cast<std::uint32_t>(draws >> 32), 0, 0}, seed);
    double left = detail::unit(words[0]) * sum;
    for (const candidate& c : from)
      if ((left -= c.weight) < 0) return c.id;
    return from.back().id;
  }
};

}  // namespace HEED_ABI
}  // namespace heed
