// SPDX-License-Identifier: MIT
// Rows of keys and values, and of their gradients, between the ranks that hold them and those that work on them.
//
//   packed_rows<float> keys[2] = {...};                                   // of this rank: keys, values
//   send_parcels(ranks, blocks, mail::key, keys, out, receivers_of);      // to all that need them
//   fetch_parcels(ranks, blocks, block, mail::key, keys, in, rows_of);    // those of others
#pragma once

#include <heed/parallel/carried_gradients.hpp>  // carried_gradients
#include <heed/parallel/key_blocks.hpp>         // key_blocks
#include <heed/parallel/outbox.hpp>             // outbox, inbox
#include <heed/storage/tiled_view.hpp>          // tiled_view

#include <memory>  // shared_ptr
#include <vector>  // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// What a message is about, beside the number of its block.
enum class mail : int { key, first_gradient, carried, gradient };

inline int tag_of(const communicator& ranks, mail kind, index block) {
  return static_cast<int>((block * 4 + int(kind)) % ranks.tags());
}

// A matrix of this rank, by rows without gaps: what is sent, or has come.
template <class Element>
class packed_rows {
 public:
  packed_rows(index rows, index cols)
      : cols_(cols), numbers_(static_cast<std::size_t>(rows * cols)) {}

  void pack(const tiled_view<const Element>& from) {
    for (index row = 0; row < from.rows;) {
      const index count = from.rows_in_tile(row);
      copy_numbers(rows(row, count), from.block(row, 0, count, from.cols));
      row += count;
    }
  }
  view<Element> rows(index first, index count) {
    return {numbers_.data() + first * cols_, count, cols_, cols_, 1};
  }
  [[nodiscard]] index bytes(index count) const { return count * cols_ * index(sizeof(Element)); }

 private:
  index cols_;
  std::vector<Element> numbers_;
};

// Keys and values of a block that are here, or on their way.
template <class Storage>
struct fetched_block {
  packed_rows<Storage> parts[2];
  inbox coming;
  index uses;  // that are still to come
};

// Sends the rows of parcels that this rank holds: two messages each. to(block): the ranks that get them.
template <class Element, class To>
void send_parcels(const communicator& ranks, const key_blocks& blocks, mail kind,
                  packed_rows<Element>* parts, outbox& out, const To& to) {
  for (index b = blocks.size() - 1; b >= 0; --b)
    for (index i = blocks[b].parcels.first; i < blocks[b].parcels.last; ++i) {
      const parcel& p = blocks.parcel_of(i);
      if (p.rank != ranks.rank()) continue;
      for (const index rank : to(b))
        for (int part = 0; part < 2 && rank != p.rank; ++part)
          out.send(parts[part].rows(p.local, p.rows).data, parts[part].bytes(p.rows), rank,
                   tag_of(ranks, kind, b));
    }
}

// Brings the rows of a block together, which rows(part) has room for: those of other ranks are on their way
// then.
template <class Element, class Rows>
void fetch_parcels(const communicator& ranks, const key_blocks& blocks, index block, mail kind,
                   packed_rows<Element>* own, inbox& in, const Rows& rows) {
  for (index i = blocks[block].parcels.first; i < blocks[block].parcels.last; ++i) {
    const parcel& p = blocks.parcel_of(i);
    for (int part = 0; part < 2; ++part) {
      const view<Element> all = rows(part), to = all.block(p.at, 0, p.rows, all.cols);
      if (p.rank == ranks.rank())
        copy_numbers(to, view<const Element>(own[part].rows(p.local, p.rows)));
      else
        in.receive(to.data, own[part].bytes(p.rows), p.rank, tag_of(ranks, kind, block));
    }
  }
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
