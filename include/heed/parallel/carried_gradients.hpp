// SPDX-License-Identifier: MIT
// The gradients of a block of keys on their way from rank to rank, and one rank's call that adds to them.
//
//   d_keys += ...            for the heads of a group and the queries of a range, wherever they are
//   d_k += scale d_keys      where the range ends
#pragma once

#include <heed/kernel/backward/backward_call.hpp>  // backward_call
#include <heed/parallel/backward_visits.hpp>       // backward_visit
#include <heed/storage/copy.hpp>                   // copy

#include <vector>  // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Gradients, then the sums of a range that has not ended, each by rows without gaps.
template <class Scalar>
class carried_gradients {
 public:
  carried_gradients(index rows, const problem& g)
      : rows_(rows),
        heads_(g.kv_heads),
        columns_{g.kv_heads * g.width, g.kv_heads * g.value_width},
        numbers_(static_cast<std::size_t>(rows * (2 * (columns_[0] + columns_[1]) + heads_)),
                 Scalar(0)) {}

  [[nodiscard]] static index bytes_of_row(const problem& g) {
    return (2 * g.kv_heads * (g.width + g.value_width) + g.kv_heads) * index(sizeof(Scalar));
  }

  [[nodiscard]] Scalar* data() { return numbers_.data(); }
  // Bytes that travel.
  [[nodiscard]] index bytes(bool with_sums) const {
    const index all = static_cast<index>(numbers_.size());
    return (with_sums ? all : rows_ * (columns_[0] + columns_[1])) * index(sizeof(Scalar));
  }

  // Part 0 of keys, part 1 of values.
  view<Scalar> gradients(int part) { return at(part == 0 ? 0 : columns_[0], columns_[part]); }
  view<Scalar> sums(int part) {
    return at(columns_[0] + columns_[1] + (part == 0 ? 0 : columns_[0]), columns_[part]);
  }
  // (row, head): in the first row of a chunk, whether there are sums.
  view<Scalar> any() { return at(2 * (columns_[0] + columns_[1]), heads_); }

 private:
  view<Scalar> at(index column, index columns) {
    return {numbers_.data() + rows_ * column, rows_, columns, columns, 1};
  }

  index rows_;
  index heads_;
  index columns_[2];
  std::vector<Scalar> numbers_;
};

// A call of one visit and one chunk of keys. Its d_k and d_v are those that are carried.
template <class Call>
struct visit_call : Call {
  using Scalar = typename Call::Scalar;

  const backward_visit* visit;
  carried_gradients<Scalar>* carried;

  visit_call(const Call& call, const backward_visit& one, carried_gradients<Scalar>& c)
      : Call(call), visit(&one), carried(&c) {
    this->d_k = c.gradients(0);
    this->d_v = c.gradients(1);
  }

  interval heads_of_group() const { return visit->heads; }

  // Goes on with sums that have come.
  bool resume(key_chunk<Scalar>& chunk, const scope& s, index kv_head) const {
    const index row = s.key_row + chunk.range.first;
    if (visit->begins || exactly_equal(carried->any()(row, kv_head), Scalar(0))) return false;
    chunk.load(*this, s, kv_head);
    chunk.d_keys.fill(view<const Scalar>(rows_of(0, chunk, row, kv_head)));
    chunk.d_values.fill(view<const Scalar>(rows_of(1, chunk, row, kv_head)));
    return true;
  }
  // Lets them go on.
  bool put_by(const key_chunk<Scalar>& chunk, const scope& s, index kv_head, bool loaded) const {
    if (visit->ends) return false;
    const index row = s.key_row + chunk.range.first, count = chunk.range.size();
    carried->any()(row, kv_head) = Scalar(loaded ? 1 : 0);
    if (loaded) {
      copy(rows_of(0, chunk, row, kv_head), view<const Scalar>(chunk.d_keys.rows(0, count)));
      copy(rows_of(1, chunk, row, kv_head), view<const Scalar>(chunk.d_values.rows(0, count)));
    }
    return true;
  }

 private:
  view<Scalar> rows_of(int part, const key_chunk<Scalar>& chunk, index row, index kv_head) const {
    const index width = part == 0 ? this->sizes.width : this->sizes.value_width;
    return carried->sums(part).block(row, kv_head * width, chunk.range.size(), width);
  }
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
