// SPDX-License-Identifier: MIT
// Learned positions: a vector for each position, added to the tokens' vectors.
//
//   heed::position_embedding<float> places({.positions = 1024, .model = 768});
//   Eigen::MatrixXf x = words(ids) + places(0, ids.size());
#pragma once

#include <heed/core/check.hpp>        // require
#include <heed/layer/initialise.hpp>  // fill_normal
#include <heed/storage/view.hpp>      // view

#include <concepts>  // integral

namespace heed {
inline namespace HEED_ABI {

// Initialised by a normal distribution with deviation 0.01, as in GPT-2 (Radford et al., 2019).
template <class Scalar>
struct position_embedding {
  struct sizes {
    index positions;
    index model;
    std::uint64_t seed = 1;
  };

  matrix<Scalar> weight;  // (positions, model)

  explicit position_embedding(const sizes& s) {
    detail::require(s.positions >= 0 && s.model >= 0, name, ": positions is ", s.positions,
                    ", model is ", s.model, "; neither may be negative");
    detail::require_given(name, "positions", s.positions, "the number of places");
    detail::require_given(name, "model", s.model, "the columns of a place's vector");
    weight.resize(s.positions, s.model);
    detail::fill_normal(weight, 0.01, s.seed);
  }

  // Rows first ... first + count - 1: (count, model). Throws std::out_of_range beyond the table.
  template <std::integral Count>
  [[nodiscard]] matrix<Scalar> operator()(index first, Count how_many) const {
    const auto count = static_cast<index>(how_many);
    check(first, count);
    return weight.middleRows(first, count);
  }

  // Adds these rows to x, (count, model), in place.
  template <class X>
  void add(X&& x, index first) const {
    constexpr bool good = detail::writable_of<X, Scalar>;
    static_assert(good,
                  "heed::position_embedding: x must be a writable Eigen matrix of the table's "
                  "scalar");
    if constexpr (good) {
      const detail::view<Scalar> to = detail::view_of(x);
      detail::require(to.cols == weight.cols(), name, ": x is ", to, ", but model is ",
                      weight.cols());
      check(first, to.rows);
      for (index i = 0; i < to.rows; ++i)
        for (index f = 0; f < to.cols; ++f) to(i, f) += weight(first + i, f);
    }
  }

 private:
  static constexpr const char* name = "heed::position_embedding";

  void check(index first, index count) const {
    detail::require<std::out_of_range>(first >= 0 && count >= 0 && first <= weight.rows() - count,
                                       name, ": positions ", first, " to ", first + count,
                                       " are outside the table of ", weight.rows());
  }
};

}  // namespace HEED_ABI
}  // namespace heed
