// SPDX-License-Identifier: MIT
// How keys and values travel: in blocks of whole chunks, in the order of the keys, each block put together
// from the rows of the ranks that hold it.
//
//   rows of all keys   0          512         1024        1536
//   chunks             ├───────────┼───────────┼───────────┤      512 keys of a sequence, or fewer at its end
//   held by ranks      ├ rank 0 ──────┼ rank 1 ────────────┤      any number each
//   block 0            ├───────────────────────┤                  parcels: rank 0's rows, rank 1's first rows
//
// A chunk's sums are formed apart and added in order, so that whole chunks are what may arrive alone.
#pragma once

#include <heed/kernel/tile.hpp>            // keys_per_chunk
#include <heed/modifiers/problem.hpp>      // problem
#include <heed/parallel/communicator.hpp>  // most_bytes
#include <heed/parallel/row_split.hpp>     // run_of_rows

#include <algorithm>  // max, min
#include <vector>     // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail {

static_assert(rows_per_deal == keys_per_chunk);

// A chunk of a sequence's keys.
struct sequence_chunk {
  index sequence;
  interval keys;  // within the sequence
  index row;      // of all keys, at which the chunk begins
};

// Rows of a block that one rank holds next to each other.
struct parcel {
  index number;  // among all parcels
  index block;
  index rank;
  index local;  // row of the rank at which it begins
  index rows;
  index at;  // row of the block at which it begins
};

struct key_block {
  index row;  // of all keys, at which the block begins
  index rows;
  interval chunks;  // numbers of its chunks
  interval parcels;
};

class key_blocks {
 public:
  // Blocks of so many rows at most, but of one chunk at least, of the keys of a problem. A row takes so many
  // bytes of a message.
  key_blocks(const problem& g, const std::vector<run_of_rows>& runs, index rows_at_most,
             index bytes_of_row) {
    rows_at_most = (std::min)(rows_at_most, most_bytes / (std::max)(bytes_of_row, index(1)));
    for (index sequence = 0; sequence < g.sequences; ++sequence) {
      const scope s = g.of(sequence, 0);
      for (index first = 0; first < s.keys; first += keys_per_chunk)
        add({sequence, {first, (std::min)(first + keys_per_chunk, s.keys)}, s.key_row + first},
            rows_at_most);
    }
    auto run = runs.begin();
    for (key_block& b : blocks_) {
      b.parcels.first = static_cast<index>(parcels_.size());
      while (run != runs.end() && run->rows().last <= b.row) ++run;
      for (auto r = run; r != runs.end() && r->first < b.row + b.rows; ++r) {
        const interval rows = intersect(r->rows(), {b.row, b.row + b.rows});
        parcels_.push_back({static_cast<index>(parcels_.size()), number_of(b), r->rank,
                            r->local + rows.first - r->first, rows.size(), rows.first - b.row});
      }
      b.parcels.last = static_cast<index>(parcels_.size());
    }
  }

  [[nodiscard]] index size() const { return static_cast<index>(blocks_.size()); }
  [[nodiscard]] const key_block& operator[](index i) const { return blocks_[std::size_t(i)]; }
  [[nodiscard]] const sequence_chunk& chunk(index i) const { return chunks_[std::size_t(i)]; }
  [[nodiscard]] const parcel& parcel_of(index i) const { return parcels_[std::size_t(i)]; }
  [[nodiscard]] index longest() const { return longest_; }

 private:
  void add(const sequence_chunk& c, index rows_at_most) {
    const index number = static_cast<index>(chunks_.size()), rows = c.keys.size();
    const bool goes_on = !blocks_.empty() && blocks_.back().row + blocks_.back().rows == c.row &&
                         blocks_.back().rows + rows <= rows_at_most;
    if (!goes_on) blocks_.push_back({c.row, 0, {number, number}, {}});
    blocks_.back().rows += rows;
    blocks_.back().chunks.last = number + 1;
    longest_ = (std::max)(longest_, blocks_.back().rows);
    chunks_.push_back(c);
  }
  index number_of(const key_block& b) const { return &b - blocks_.data(); }

  std::vector<sequence_chunk> chunks_;
  std::vector<key_block> blocks_;
  std::vector<parcel> parcels_;
  index longest_ = 0;  // rows of the longest block
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
