// SPDX-License-Identifier: MIT
// Several sequences of tokens: packed one after the other (varlen), as models read them, or padded to
// one length.
//
//   heed::token_sequences texts;
//   texts.append({101, 2008, 102});
//   texts.append({101, 102});
//   texts.starts;  // {0, 3, 5}
#pragma once

#include <heed/core/check.hpp>  // require

#include <vector>  // vector

namespace heed {
inline namespace HEED_ABI {

struct token_sequences {
  std::vector<index> ids;
  std::vector<index> starts = {0};  // sequence i is ids[starts[i]] ... ids[starts[i + 1] - 1]
  std::vector<index> types = {};    // the type of each token, or empty: all are 0
  std::vector<index> places = {};   // the position of each token, or empty: 0, 1, 2, ...

  token_sequences() = default;
  explicit token_sequences(std::vector<index> one) : ids(std::move(one)) {
    starts.push_back(static_cast<index>(ids.size()));
  }

  void append(const std::vector<index>& one) {
    ids.insert(ids.end(), one.begin(), one.end());
    starts.push_back(static_cast<index>(ids.size()));
  }

  [[nodiscard]] index count() const { return static_cast<index>(starts.size()) - 1; }
  [[nodiscard]] index place(std::size_t sequence, index token) const {
    return places.empty() ? token - starts[sequence] : places[static_cast<std::size_t>(token)];
  }
};

// A padded batch, as Hugging Face's tokenizers return it: a row for each sequence; the mask is 1 for tokens and 0
// for padding, which may be at both ends of a row.
//
//   const heed::padded_batch batch{ids, mask, {}};
//   heed::matrix<float> y = batch.padded(model.hidden(batch.sequences()));  // (rows * columns, model)
struct padded_batch {
  matrix<index> ids;    // (sequences, tokens)
  matrix<index> mask;   // (sequences, tokens), or empty: there is no padding
  matrix<index> types;  // (sequences, tokens), or empty: all are 0

  // The sequences without padding. Throws shape_error if sizes differ or a mask has padding between tokens.
  [[nodiscard]] token_sequences sequences() const {
    for (const matrix<index>* const m : {&mask, &types})
      detail::require(m->size() == 0 || (m->rows() == ids.rows() && m->cols() == ids.cols()), name,
                      ": ids are ", detail::extent{ids.rows(), ids.cols()}, ", but ",
                      m == &mask ? "the mask is " : "types are ",
                      detail::extent{m->rows(), m->cols()});
    token_sequences packed;
    for (index row = 0; row < ids.rows(); ++row) {
      for (index i = 0; i < ids.cols(); ++i) {
        if (!is_token(row, i)) continue;
        detail::require(packed.starts.back() == static_cast<index>(packed.ids.size()) ||
                            packed.places.back() == i - 1,
                        name, ": row ", row, " of the mask has padding before token ", i,
                        " and tokens before that; padding stands at the ends");
        packed.ids.push_back(ids(row, i));
        packed.places.push_back(i);
        if (types.size() > 0) packed.types.push_back(types(row, i));
      }
      packed.starts.push_back(static_cast<index>(packed.ids.size()));
    }
    return packed;
  }

  // Copies the rows of tokens, (tokens without padding, width), to their places in the batch,
  // (sequences * tokens, width), with 0 at padding. Throws shape_error if there is not a row for each token.
  template <class Scalar>
  [[nodiscard]] matrix<Scalar> padded(const matrix<Scalar>& rows) const {
    matrix<Scalar> all = matrix<Scalar>::Zero(ids.size(), rows.cols());
    index next = 0;
    for (index row = 0; row < ids.rows(); ++row)
      for (index i = 0; i < ids.cols(); ++i)
        if (is_token(row, i)) {
          detail::require(next < rows.rows(), name, ": there are only ", rows.rows(), " rows");
          all.row(row * ids.cols() + i) = rows.row(next++);
        }
    detail::require(next == rows.rows(), name, ": there are ", rows.rows(), " rows for ", next,
                    " tokens");
    return all;
  }

 private:
  static constexpr const char* name = "heed::padded_batch";

  [[nodiscard]] bool is_token(index row, index i) const {
    return mask.size() == 0 || mask(row, i) != 0;
  }
};

}  // namespace HEED_ABI
}  // namespace heed
