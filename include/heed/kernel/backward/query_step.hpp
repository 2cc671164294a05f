// SPDX-License-Identifier: MIT
// Some queries of one head, packed twice for the products of the gradients: as lanes, block for
// block, and by rows.
#pragma once

#include <heed/kernel/backward/backward_call.hpp>     // backward_call
#include <heed/kernel/backward/row_products.hpp>      // feature_rows
#include <heed/kernel/backward/softmax_backward.hpp>  // softmax_backward

#include <algorithm>  // max, min

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Queries of a step: several blocks, so that sums over queries are long.
template <class Scalar>
inline constexpr index queries_per_step = (std::max)(index(64), queries_per_block<Scalar>);

template <class Scalar>
struct query_step {
  static constexpr index lanes = queries_per_block<Scalar>;
  static constexpr index most_blocks = queries_per_step<Scalar> / lanes;

  struct block {
    softmax_backward<Scalar> softmax;
    interval keys;  // an interval of all keys that its queries may see
  };

  feature_rows<Scalar> queries;  // (queries, width)
  feature_rows<Scalar> d_out;    // (queries, value width)
  feature_rows<Scalar> d_query;  // (queries, width)
  Scalar* queries_by_lanes;      // (blocks, width, lanes), scaled
  Scalar* d_out_by_lanes;        // (blocks, value width, lanes)
  Scalar* out;                   // (value width, lanes)
  fixed_array<block, most_blocks> blocks;
  index first_row = 0;
  index row_count = 0;
  bool finite = true;        // whether all queries are finite
  bool d_out_finite = true;  // whether all numbers of d_out are finite

  template <class Memory>
  static query_step in(Memory& memory, index width, index value_width) {
    constexpr index most = queries_per_step<Scalar>;
    query_step all{feature_rows<Scalar>::in(memory, most, width),
                   feature_rows<Scalar>::in(memory, most, value_width),
                   feature_rows<Scalar>::in(memory, most, width),
                   memory.template take<Scalar>(most * width),
                   memory.template take<Scalar>(most * value_width),
                   memory.template take<Scalar>(value_width * lanes),
                   {}};
    for (block& b : all.blocks) b.softmax = softmax_backward<Scalar>::in(memory);
    return all;
  }

  index block_count() const { return divide_up(row_count, lanes); }
  Scalar* queries_of(index b) const { return queries_by_lanes + b * queries.width * lanes; }
  Scalar* d_out_of(index b) const { return d_out_by_lanes + b * d_out.width * lanes; }
  index first_of(index b) const { return b * lanes; }
  index count_of(index b) const { return (std::min)(lanes, row_count - b * lanes); }

  // Packs the queries, and the results of the forward that belong to them.
  template <class Call>
  void load(const Call& call, const scope& s) {
    queries.fill(call.query_rows(call.q, s, first_row, row_count));
    d_out.fill(call.result_rows(call.d_out, s, first_row, row_count));
    finite = all_finite(view<const Scalar>(queries.rows(0, row_count)));
    d_out_finite = all_finite(view<const Scalar>(d_out.rows(0, row_count)));
    d_query.clear(row_count);
    for (index b = 0; b < block_count(); ++b) load_block(call, s, b);
  }

 private:
  template <class Call>
  void load_block(const Call& call, const scope& s, index b) {
    const softmax_backward<Scalar>& softmax = blocks[b].softmax;
    const index first = first_of(b), count = count_of(b);
    const auto by_rows = [&](const feature_rows<Scalar>& all) {
      return view<const Scalar>(all.rows(first, count));
    };
    load_queries(queries_of(b), by_rows(queries), call.query_scale());
    load_queries(d_out_of(b), by_rows(d_out), Scalar(1));
    load_queries(out, call.result_rows(call.results, s, first_row + first, count), Scalar(1));
    softmax.set_delta(d_out_of(b), out, call.sizes.value_width, packets_of<Scalar>(count));
    for (index i = 0; i < count; ++i)
      softmax.set(i, call.in_base_4(static_cast<double>(
                         call.lse(s.query_row + first_row + first + i, s.head))));
    softmax.prepare(count);
  }
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
