// SPDX-License-Identifier: MIT
// Layers of which each process has some columns: what they give is gathered, in the order of the columns, so
// that it has the bits of the whole layer.
//
//   detail::linear_across<float> output(layer.output, ranks);  // 4 ranks: a quarter of the outputs each
//   output(x, y);                                              // y: all outputs, on all ranks
//
// Shoeybi et al., "Megatron-LM", 2019, who add up partial sums instead, which would depend on the ranks.
#pragma once

#include <heed/gemm/pack_stored.hpp>       // packed_rows_of
#include <heed/layer/feed_forward.hpp>     // feed_forward, linear
#include <heed/modifiers/interval.hpp>     // interval
#include <heed/parallel/communicator.hpp>  // communicator, message_plan

#include <vector>  // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Some of the outputs, as a layer of their own.
template <class Scalar>
linear<Scalar> columns_of(const linear<Scalar>& all, interval columns) {
  linear<Scalar> some;
  if (all.weight.stored.given())
    some.weight.stored = packed_rows_of(all.weight.stored, columns.first, columns.size());
  else
    some.weight = all.weight.middleCols(columns.first, columns.size());
  if (all.bias.size() > 0) some.bias = all.bias.middleCols(columns.first, columns.size());
  if (all.adapter.given())
    some.adapter = {all.adapter.down, all.adapter.up.middleCols(columns.first, columns.size()),
                    all.adapter.scale};
  return some;
}

// Columns that are shared among ranks, `unit` next to each other at a time.
class shared_columns {
 public:
  shared_columns(const communicator& ranks, index units, index unit = 1)
      : ranks_(ranks), units_(units), unit_(unit) {}

  [[nodiscard]] interval units_of(index rank) const {
    return {units_ * rank / ranks_.size(), units_ * (rank + 1) / ranks_.size()};
  }
  [[nodiscard]] interval own_units() const { return units_of(ranks_.rank()); }
  [[nodiscard]] interval own() const {
    return {own_units().first * unit_, own_units().last * unit_};
  }
  [[nodiscard]] index all() const { return units_ * unit_; }

  // Those of all ranks side by side.
  template <class Scalar, class All>
  void gather(const matrix<Scalar>& own_columns, All& to) const {
    const index rows = own_columns.rows();
    message_plan plan(ranks_.size());
    for (index r = 0; r < ranks_.size(); ++r)
      plan.add(rows * units_of(r).size() * unit_ * index(sizeof(Scalar)));
    std::vector<Scalar> parts(static_cast<std::size_t>(rows * all()));
    require_mpi(
        MPI_Allgatherv(own_columns.data(), message_size(own_columns.size() * index(sizeof(Scalar))),
                       MPI_BYTE, parts.data(), plan.counts.data(), plan.places.data(), MPI_BYTE,
                       ranks_.handle()),
        "MPI_Allgatherv");
    for (index r = 0; r < ranks_.size(); ++r) {
      const index first = units_of(r).first * unit_, count = units_of(r).size() * unit_;
      to.middleCols(first, count) =
          Eigen::Map<const matrix<Scalar>>(parts.data() + rows * first, rows, count);
    }
  }

 private:
  communicator ranks_;
  index units_;
  index unit_;
};

template <class Scalar>
class linear_across {
 public:
  linear_across(const linear<Scalar>& all, const communicator& ranks)
      : columns_(ranks, all.outputs()), part_(columns_of(all, columns_.own())) {}

  template <class X, class Y, class... Modifiers>
  void operator()(const X& x, Y& y, const Modifiers&... modifiers) const {
    matrix<Scalar> own(x.rows(), columns_.own().size());
    if (own.cols() > 0) part_(x, own, modifiers...);
    columns_.gather(own, y);
  }

 private:
  shared_columns columns_;
  linear<Scalar> part_;
};

// Each rank has some of the numbers between the two layers, and some of the outputs.
template <class Scalar>
class feed_across {
 public:
  feed_across(const feed_forward<Scalar>& all, const communicator& ranks)
      : hidden_(ranks, all.up.outputs()), down_(all.down, ranks) {
    part_.up = columns_of(all.up, hidden_.own());
    if (all.gated()) part_.gate = columns_of(all.gate, hidden_.own());
    part_.activation = all.activation;
    part_.gating = all.gating;
  }

  template <class X, class Y, class... Modifiers>
  void operator()(const X& x, Y& y, const Modifiers&... modifiers) const {
    matrix<Scalar> own(x.rows(), hidden_.own().size()), all(x.rows(), hidden_.all());
    if (own.cols() > 0) {
      part_.up(x, own, modifiers...);
      if (part_.gated()) {
        matrix<Scalar> gates = part_.gate(x, modifiers...);
        part_.join(gates, own);
      } else {
        activate(part_.activation, own);
      }
    }
    hidden_.gather(own, all);
    down_(all, y, modifiers...);
  }

 private:
  shared_columns hidden_;
  feed_forward<Scalar> part_;  // without `down`
  linear_across<Scalar> down_;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
