// SPDX-License-Identifier: MIT
// From token ids to vectors: row id of a table.
//
//   heed::token_embedding<float> words({.vocabulary = 50257, .model = 768});
//   heed::matrix<float> x = words(std::vector{464, 3290});  // (2, 768)
#pragma once

#include <heed/core/check.hpp>        // require
#include <heed/core/list.hpp>         // list
#include <heed/layer/initialise.hpp>  // fill_normal

namespace heed {
inline namespace HEED_ABI {

// Begins normal with deviation 0.02, as GPT-2 does (Radford et al., 2019).
template <class Scalar>
struct token_embedding {
  struct sizes {
    index vocabulary;
    index model;
    std::uint64_t seed = 0;
  };

  matrix<Scalar> weight;  // (vocabulary, model)

  explicit token_embedding(const sizes& s) {
    require(s.vocabulary >= 0 && s.model >= 0, "heed::token_embedding: vocabulary is ",
            s.vocabulary, ", model is ", s.model, "; neither may be negative");
    weight.resize(s.vocabulary, s.model);
    fill_normal(weight, 0.02, s.seed);
  }

  // ids: any range or Eigen vector of integers; out: (ids, model). Throws std::out_of_range for an
  // id outside the vocabulary, before anything is written, and shape_error if out does not fit.
  template <class Ids, class Out>
  void operator()(const Ids& ids, Out&& out) const {
    static_assert(writable<Out> && std::is_same_v<scalar_of<Out>, Scalar>,
                  "heed::token_embedding: out must be writable and of the table's scalar");
    const list<index> rows = rows_of(ids);
    const view<Scalar> to = view_of(out);
    require(to.rows == rows.size() && to.cols == weight.cols(), "heed::token_embedding: out is ",
            to, ", but it must be ", rows.size(), "x", weight.cols());
    for (index i = 0; i < rows.size(); ++i)
      for (index f = 0; f < weight.cols(); ++f) to(i, f) = weight(rows[i], f);
  }

  // The same by value: (ids, model).
  template <class Ids>
  [[nodiscard]] matrix<Scalar> operator()(const Ids& ids) const {
    matrix<Scalar> out(rows_of(ids).size(), weight.cols());
    (*this)(ids, out);
    return out;
  }

 private:
  template <class Ids>
  list<index> rows_of(const Ids& ids) const {
    const list<index> rows(ids);
    for (index i = 0; i < rows.size(); ++i)
      require<std::out_of_range>(rows[i] >= 0 && rows[i] < weight.rows(),
                                 "heed::token_embedding: id ", rows[i], " at place ", i,
                                 " is outside the vocabulary of ", weight.rows());
    return rows;
  }
};

}  // namespace HEED_ABI
}  // namespace heed
