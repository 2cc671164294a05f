// SPDX-License-Identifier: MIT
// Token embedding: from token ids to vectors, the rows of a table.
//
//   heed::token_embedding<float> words({.vocabulary = 50257, .model = 768});
//   heed::matrix<float> x = words(std::vector{464, 3290});  // (2, 768)
#pragma once

#include <heed/core/check.hpp>        // require
#include <heed/core/number_span.hpp>  // number_span
#include <heed/layer/initialise.hpp>  // fill_normal
#include <heed/layer/parameter.hpp>   // parameter
#include <heed/storage/view.hpp>      // view

namespace heed {
inline namespace HEED_ABI {

// Initialised by a normal distribution with deviation 0.02, as in GPT-2 (Radford et al., 2019).
template <class Scalar>
struct token_embedding {
  struct sizes {
    index vocabulary;
    index model;
    std::uint64_t seed = 0;
  };

  parameter<Scalar> weight;  // (vocabulary, model), stored or not

  token_embedding() = default;

  explicit token_embedding(const sizes& s) {
    detail::require(s.vocabulary >= 0 && s.model >= 0, name, ": vocabulary is ", s.vocabulary,
                    ", model is ", s.model, "; neither may be negative");
    detail::require_given(name, "vocabulary", s.vocabulary, "the number of ids");
    detail::require_given(name, "model", s.model, "the columns of a token's vector");
    weight.resize(s.vocabulary, s.model);
    detail::fill_normal(weight, 0.02, s.seed);
  }

  // ids: any range or Eigen vector of integers; out: (ids, model). Throws std::out_of_range for an
  // id outside the vocabulary, before anything is written, and shape_error if out does not fit.
  template <class Ids, class Out>
  void operator()(const Ids& ids, Out&& out) const {
    constexpr bool good = detail::writable_of<Out, Scalar>;
    static_assert(
        good, "heed::token_embedding: out must be a writable Eigen matrix of the table's scalar");
    if constexpr (good && are_ids<Ids>()) {
      const detail::number_span<index> rows = rows_of(ids);
      const detail::view<Scalar> to = detail::view_of(out);
      const detail::extent is{to.rows, to.cols}, must{rows.size(), model()};
      detail::require(is.rows == must.rows && is.cols == must.cols, name, ": out is ", is,
                      ", but it must be ", must, detail::transposed{"out", is, must});
      for (index i = 0; i < rows.size(); ++i) look_up(rows[i], to.block(i, 0, 1, model()));
    }
  }

  // The same by value: (ids, model).
  template <class Ids>
  [[nodiscard]] matrix<Scalar> operator()(const Ids& ids) const {
    matrix<Scalar> out;
    if constexpr (are_ids<Ids>()) {
      out.resize(rows_of(ids).size(), model());
      (*this)(ids, out);
    }
    return out;
  }

  [[nodiscard]] index vocabulary() const {
    return weight.stored.given() ? weight.stored.rows : weight.rows();
  }
  [[nodiscard]] index model() const {
    return weight.stored.given() ? weight.stored.cols : weight.cols();
  }

 private:
  static constexpr const char* name = "heed::token_embedding";

  // One row of the table.
  void look_up(index id, const detail::view<Scalar>& to) const {
    if (!weight.stored.given()) {
      for (index f = 0; f < to.cols; ++f) to(0, f) = weight(id, f);
      return;
    }
    float some[detail::columns_of_all_blocks];
    for (index first = 0; first < to.cols; first += detail::columns_of_all_blocks) {
      const index count = (std::min)(detail::columns_of_all_blocks, to.cols - first);
      weight.stored.read_part(id, first, count, some);
      for (index f = 0; f < count; ++f) to(0, first + f) = static_cast<Scalar>(some[f]);
    }
  }

  template <class Ids>
  static constexpr bool are_ids() {
    constexpr bool good = detail::numbers_for<Ids, index>;
    static_assert(
        good,
        "heed::token_embedding: give a vector of ids, as in words(std::vector{464, 3290}); "
        "a single number is none, and an Eigen expression must be stored or .eval()ed");
    return good;
  }

  template <class Ids>
  detail::number_span<index> rows_of(const Ids& ids) const {
    const detail::number_span<index> rows(ids, name);
    for (index i = 0; i < rows.size(); ++i)
      detail::require<std::out_of_range>(rows[i] >= 0 && rows[i] < vocabulary(), name, ": id ",
                                         rows[i], " at place ", i, " is outside the vocabulary of ",
                                         vocabulary());
    return rows;
  }
};

}  // namespace HEED_ABI
}  // namespace heed
