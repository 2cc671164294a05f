// SPDX-License-Identifier: MIT
// What a rank's queries have gathered from the chunks of keys so far, kept while the next are on their
// way.
//
//   total = total merged with the chunk's running max, sum and weighted values   (for each chunk, in order)
//   out = acc / sum                                                              (once, in the end)
#pragma once

#include <heed/kernel/attention_call.hpp>  // attention_call
#include <heed/kernel/online_softmax.hpp>  // online_softmax

#include <algorithm>  // copy_n, fill_n

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The sums of blocks of queries of a head: (max, sum, acc) of each, as the prefill kernel has them.
template <class Call>
class carried_sums {
 public:
  using Scalar = typename Call::Scalar;
  using state = online_softmax<Scalar>;

  // For `rows` queries of each head.
  carried_sums(const Call& call, index rows, scratch::frame& frame)
      : call_(&call),
        blocks_per_head_(divide_up(rows, lanes)),
        numbers_(frame.take<Scalar>(blocks() * per_block())),
        any_(frame.take<bool>(blocks())) {
    for (index head = 0; head < call.sizes.query_heads; ++head)
      for (index b = 0; b < blocks_per_head_; ++b) reset(head, b);
  }

  // Adds what a block of queries, which begins `row` rows from the first, has gathered from one chunk.
  template <class Block>
  void add(const Block& block, index head, index row) {
    if (!block.has_chunk) return;
    const index i = number(head, row / lanes);
    const state total = state_of(i, block.chunk.packets);
    if (any_[i]) {
      total.merge(block.chunk);
    } else {
      std::copy_n(block.chunk.max, lanes, total.max);
      std::copy_n(block.chunk.sum, lanes, total.sum);
      std::copy_n(block.chunk.acc, total.width * lanes, total.acc);
    }
    any_[i] = true;
  }

  // Writes the results of `count` queries of all heads, which are rows of the call's out.
  void finish(index first_row, index count) {
    for (index head = 0; head < call_->sizes.query_heads; ++head)
      for (index row = 0; row < count; row += lanes) {
        const index i = number(head, row / lanes), some = (std::min)(lanes, count - row);
        const state total = state_of(i, packets_of<Scalar>(some));
        if (!any_[i]) total.clear_acc();
        total.finish();
        const index width = call_->sizes.value_width;
        store_lanes(call_->out.block(first_row + row, head * width, some, width), total.acc);
        if (call_->options.log_sum_exp)
          for (index q = 0; q < some; ++q)
            (*call_->options.log_sum_exp)(first_row + row + q, head) = total.log_sum_exp(q);
      }
  }

 private:
  static constexpr index lanes = queries_per_block<Scalar>;

  index blocks() const { return call_->sizes.query_heads * blocks_per_head_; }
  index per_block() const { return lanes * (2 + call_->sizes.value_width); }
  index number(index head, index block) const { return head * blocks_per_head_ + block; }

  state state_of(index i, index packets) const {
    Scalar* const at = numbers_ + i * per_block();
    return {at, at + lanes, nullptr, at + 2 * lanes, packets, call_->sizes.value_width};
  }

  // With nothing, or with the logit of a sink.
  void reset(index head, index block) {
    const index i = number(head, block);
    const state total = state_of(i, lanes / simd<Scalar>::size);
    any_[i] = call_->options.sink.given();
    any_[i] ? total.reset(call_->sink_of(head)) : total.reset();
  }

  const Call* call_;
  index blocks_per_head_;
  Scalar* numbers_;
  bool* any_;
};

// A call of one part of the queries and one chunk of the keys: its sums are not finished, but carried on.
template <class Call>
struct chunk_call : Call {
  interval chunk = {};
  carried_sums<Call>* sums = nullptr;

  explicit chunk_call(const Call& call) : Call(call) {
    this->options.sink = {};
    this->options.log_sum_exp.reset();
  }

  interval keys_at_hand(const scope&) const { return chunk; }

  template <class Block>
  void finish(Block& block, const scope& s) const {
    sums->add(block, s.head, block.first_row);
  }
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
