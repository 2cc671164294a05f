// SPDX-License-Identifier: MIT
// The gradients of the tables of tokens and of positions: rows that were looked up receive what came back.
//
//   heed::backward(words, ids, d_x, gradient);            // gradient.weight.row(ids[i]) += d_x.row(i)
//   heed::backward(places, starts, 0, d_x, gradient);     // each sequence begins at row 0
#pragma once

#include <heed/layer/backward/saved.hpp>      // in_blocks
#include <heed/layer/position_embedding.hpp>  // position_embedding
#include <heed/layer/token_embedding.hpp>     // token_embedding
#include <heed/modifiers/problem.hpp>         // check_size

#include <vector>  // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// table.row(row_of(i)) += rows.row(i), in the order of i.
template <class Scalar, class RowOf>
void scatter_rows(matrix<Scalar>& table, const view<const Scalar>& rows, const RowOf& row_of,
                  const executor& on) {
  in_blocks(on, rows.cols, columns_of_block, [&](index first, index count) {
    for (index i = 0; i < rows.rows; ++i) {
      Scalar* const to = table.data() + row_of(i) * table.cols();
      for (index f = first; f < first + count; ++f) to[f] += rows(i, f);
    }
  });
}

}  // namespace detail

// d_x: (ids, model). Throws std::out_of_range for an id outside the vocabulary.
template <class Scalar, class DX>
void backward(const token_embedding<Scalar>& layer, const std::vector<index>& ids, const DX& d_x,
              token_embedding<Scalar>& gradient, const executor& on = {}) {
  constexpr const char* name = "heed::backward of token_embedding";
  if (gradient.weight.size() == 0) return;
  const detail::view<const Scalar> rows = detail::view_of(d_x);
  detail::check_size(name, "d_x", rows, {static_cast<index>(ids.size()), layer.model()});
  detail::check_size(name, "gradient.weight",
                     detail::view<const Scalar>(detail::view_of(gradient.weight)),
                     {layer.vocabulary(), layer.model()});
  for (const index id : ids)
    detail::require<std::out_of_range>(id >= 0 && id < layer.vocabulary(), name, ": id ", id,
                                       " is outside the vocabulary of ", layer.vocabulary());
  // x.row(i) = weight.row(ids[i])
  detail::scatter_rows(
      gradient.weight, rows, [&](index i) { return ids[static_cast<std::size_t>(i)]; }, on);
}

// Sequence s is the rows starts[s] ... starts[s + 1] - 1 of d_x, (tokens, model); its first token stands at row
// `first` of the table. Throws std::out_of_range beyond the table.
template <class Scalar, class DX>
void backward(const position_embedding<Scalar>& layer, const std::vector<index>& starts,
              index first, const DX& d_x, position_embedding<Scalar>& gradient,
              const executor& on = {}) {
  constexpr const char* name = "heed::backward of position_embedding";
  if (gradient.weight.size() == 0) return;
  const detail::view<const Scalar> rows = detail::view_of(d_x);
  detail::check_starts(name, "starts", "d_x", detail::number_span<index>(starts), rows.rows);
  detail::check_size(name, "gradient.weight",
                     detail::view<const Scalar>(detail::view_of(gradient.weight)),
                     {layer.weight.rows(), rows.cols});
  for (std::size_t s = 0; s + 1 < starts.size(); ++s) {
    const index count = starts[s + 1] - starts[s];
    detail::require<std::out_of_range>(first >= 0 && count <= layer.weight.rows() - first, name,
                                       ": positions ", first, " to ", first + count,
                                       " are outside the table of ", layer.weight.rows());
    // x.row(starts[s] + i) += weight.row(first + i)
    detail::scatter_rows(
        gradient.weight, rows.block(starts[s], 0, count, rows.cols),
        [&](index i) { return first + i; }, on);
  }
}

}  // namespace HEED_ABI
}  // namespace heed
