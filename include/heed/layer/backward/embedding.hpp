// SPDX-License-Identifier: MIT
// The gradients of the tables of tokens and of positions: rows that were looked up receive what came back.
//
//   heed::backward(words, ids, d_x, gradient);            // gradient.weight.row(ids[i]) += d_x.row(i)
//   heed::backward(places, starts, 0, d_x, gradient);     // each sequence begins at row 0
//   heed::backward(places, rows, d_x, gradient);          // gradient.weight.row(rows[i]) += d_x.row(i)
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

// table.row(rows[i]) += d_x.row(i), in the order of i; refuses a row that is not one of `count`, as one of
// these names.
struct row_names {
  const char* caller;
  const char* row;
  const char* table;
};
template <class Scalar>
void backward_of_rows(const row_names& names, const std::vector<index>& rows, index count,
                      const view<const Scalar>& d_x, matrix<Scalar>& table, const executor& on) {
  check_size(names.caller, "d_x", d_x, {static_cast<index>(rows.size()), table.cols()});
  require(table.rows() == count, names.caller, ": gradient.weight has ", table.rows(),
          " rows, but the ", names.table, " has ", count);
  for (const index row : rows)
    require<std::out_of_range>(row >= 0 && row < count, names.caller, ": ", names.row, " ", row,
                               " is outside the ", names.table, " of ", count);
  scatter_rows(
      table, d_x, [&](index i) { return rows[static_cast<std::size_t>(i)]; }, on);
}

}  // namespace detail

// d_x: (ids, model). Throws std::out_of_range for an id outside the vocabulary.
template <class Scalar, class DX>
void backward(const token_embedding<Scalar>& layer, const std::vector<index>& ids, const DX& d_x,
              token_embedding<Scalar>& gradient, const executor& on = {}) {
  if (gradient.weight.size() == 0) return;
  // x.row(i) = weight.row(ids[i])
  detail::backward_of_rows<Scalar>({"heed::backward of token_embedding", "id", "vocabulary"}, ids,
                                   layer.vocabulary(), detail::view_of(d_x), gradient.weight, on);
}

// d_x: (rows, model); row i stands at rows[i] of the table. Throws std::out_of_range beyond the table.
template <class Scalar, class DX>
void backward(const position_embedding<Scalar>& layer, const std::vector<index>& rows,
              const DX& d_x, position_embedding<Scalar>& gradient, const executor& on = {}) {
  if (gradient.weight.size() == 0) return;
  // x.row(i) += weight.row(rows[i])
  detail::backward_of_rows<Scalar>({"heed::backward of position_embedding", "row", "table"}, rows,
                                   layer.weight.rows(), detail::view_of(d_x), gradient.weight, on);
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
