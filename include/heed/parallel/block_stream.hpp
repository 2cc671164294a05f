// SPDX-License-Identifier: MIT
// Blocks of keys and values on their way from the ranks that hold them to those that need them, in the order
// of the keys.
//
//   rank 0 ──parcel──► rank 1 ──parcel──► rank 3         (rank 2 does not need it)
//
// A parcel goes along a chain: each rank that needs it gets it from the one before and hands it on while
// it works. So no rank sends or receives more than all keys once, and all links are busy at a time. Every
// rank goes through the blocks in the same order and waits only for earlier blocks or for ranks before it in
// a chain, so that none waits for itself.
#pragma once

#include <heed/parallel/across.hpp>            // traffic
#include <heed/parallel/key_blocks.hpp>        // key_blocks
#include <heed/parallel/pending_messages.hpp>  // pending_messages
#include <heed/storage/copy.hpp>               // copy_numbers
#include <heed/storage/tiled_view.hpp>         // tiled_view

#include <mpi.h>

#include <algorithm>  // find, max, min
#include <vector>     // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Which ranks need which blocks: a byte for each, rank by rank.
struct needed_blocks {
  std::vector<char> all;
  index blocks = 0;

  [[nodiscard]] bool by(index rank, index block) const {
    return all[static_cast<std::size_t>(rank * blocks + block)] != 0;
  }
};

template <class Storage>
class block_stream {
 public:
  using rows = tiled_view<const Storage>;

  // keys and values: the rows that this rank holds. Memory comes from `frame`.
  block_stream(const communicator& ranks, const key_blocks& blocks, const needed_blocks& needed,
               const rows& keys, const rows& values, scratch::frame& frame, traffic& cost)
      : ranks_(ranks),
        blocks_(blocks),
        needed_(needed),
        held_{keys, values},
        cost_(cost),
        messages_(ranks),
        next_(following(0)),
        posted_(next_) {
    for (slot& s : slots_)
      for (int part = 0; part < 2; ++part)
        s.memory[part] = frame.take<Storage>(blocks.longest() * held_[part].cols);
    cost_.bytes_held =
        slot_count * blocks.longest() * (keys.cols + values.cols) * index(sizeof(Storage));
  }

  // Goes to the next block that this rank has to do with; false behind the last.
  bool next() {
    if (begun_) next_ = following(next_ + 1);
    begun_ = true;
    if (next_ == blocks_.size()) return false;
    while (!post_ahead() || slot_of(next_).arriving > 0) wait();
    return true;
  }
  [[nodiscard]] index block() const { return next_; }

  // The block's keys and values, by rows; there only if this rank needs the block.
  [[nodiscard]] view<const Storage> keys() const { return rows_of(0); }
  [[nodiscard]] view<const Storage> values() const { return rows_of(1); }

  // Sees to messages that have come meanwhile; to be called now and then.
  void poll() {
    messages_.poll([&](const message& m) { handle(m); });
    post_ahead();
  }

  // Waits until all that was sent has left.
  void finish() {
    while (messages_.size() > 0) wait();
  }

 private:
  static constexpr index slot_count = 8;  // blocks at work, on their way in, and on their way out

  struct slot {
    Storage* memory[2] = {};  // of keys, of values
    index block = -1;
    index arriving = 0;  // messages that are still to come
    index leaving = 0;   // messages that have not left yet
  };
  struct message {
    index parcel;
    int part;  // 0: keys, 1: values
    bool arrives;
  };

  // The first block from `block` on that this rank needs, or holds for others.
  index following(index block) const {
    while (block < blocks_.size() && !concerns(block)) ++block;
    return block;
  }
  bool concerns(index block) const {
    if (needed_.by(ranks_.rank(), block)) return true;
    bool sends = false;
    const interval parcels = blocks_[block].parcels;
    for (index p = parcels.first; p < parcels.last; ++p)
      sends = sends || (blocks_.parcel_of(p).rank == ranks_.rank() &&
                        receiver_after(blocks_.parcel_of(p), ranks_.rank()) >= 0);
    return sends;
  }

  // Who gets a parcel from `rank`: the next that needs it, in a circle that ends before the parcel's own
  // rank; -1: nobody.
  index receiver_after(const parcel& p, index rank) const {
    for (index r = (rank + 1) % ranks_.size(); r != p.rank; r = (r + 1) % ranks_.size())
      if (needed_.by(r, p.block)) return r;
    return -1;
  }
  // Who hands it to `rank`.
  index sender_before(const parcel& p, index rank) const {
    for (index r = rank;;) {
      r = (r + ranks_.size() - 1) % ranks_.size();
      if (r == p.rank || needed_.by(r, p.block)) return r;
    }
  }

  slot& slot_of(index block) {
    for (slot& s : slots_)
      if (s.block == block) return s;
    return slots_[0];
  }
  view<const Storage> rows_of(int part) const {
    const index cols = held_[part].cols;
    for (const slot& s : slots_)
      if (s.block == next_) return {s.memory[part], blocks_[next_].rows, cols, cols, 1};
    return {};
  }

  // Begins with blocks ahead, as far as there is room. Says whether the block at hand is begun.
  bool post_ahead() {
    while (posted_ < blocks_.size()) {
      slot* const room = std::find_if(std::begin(slots_), std::end(slots_), [&](const slot& s) {
        return s.block < next_ && s.arriving == 0 && s.leaving == 0;
      });
      if (room == std::end(slots_)) break;
      post(*room);
      posted_ = following(posted_ + 1);
    }
    return posted_ > next_;
  }

  void post(slot& s) {
    s.block = posted_;
    const bool needed = needed_.by(ranks_.rank(), posted_);
    const interval parcels = blocks_[posted_].parcels;
    for (index i = parcels.first; i < parcels.last; ++i) {
      const parcel& p = blocks_.parcel_of(i);
      if (p.rank == ranks_.rank()) {
        for (int part = 0; part < 2; ++part) pack(s, p, part);
        for (int part = 0; part < 2; ++part) send(s, p, part);
      } else if (needed) {
        for (int part = 0; part < 2; ++part) receive(s, p, part);
      }
    }
    if (needed && parcels.size() > 0) ++cost_.blocks_received;
  }

  view<Storage> place_of(const slot& s, const parcel& p, int part) const {
    const index cols = held_[part].cols;
    return {s.memory[part] + p.at * cols, p.rows, cols, cols, 1};
  }
  void pack(const slot& s, const parcel& p, int part) const {
    const view<Storage> to = place_of(s, p, part);
    for (index row = 0; row < p.rows;) {
      const index count = (std::min)(p.rows - row, held_[part].rows_in_tile(p.local + row));
      copy_numbers(to.block(row, 0, count, to.cols),
                   held_[part].block(p.local + row, 0, count, to.cols));
      row += count;
    }
  }

  int tag_of(const parcel& p, int part) const {
    return static_cast<int>((p.number * 2 + part) % ranks_.tags());
  }
  static index bytes_of(const view<Storage>& place) {
    return place.rows * place.cols * index(sizeof(Storage));
  }

  void send(slot& s, const parcel& p, int part) {
    const index to = receiver_after(p, ranks_.rank());
    if (to < 0) return;
    const view<Storage> place = place_of(s, p, part);
    messages_.send(place.data, bytes_of(place), to, tag_of(p, part), {p.number, part, false});
    cost_.bytes_sent += static_cast<double>(bytes_of(place));
    ++s.leaving;
  }
  void receive(slot& s, const parcel& p, int part) {
    const view<Storage> place = place_of(s, p, part);
    messages_.receive(place.data, bytes_of(place), sender_before(p, ranks_.rank()), tag_of(p, part),
                      {p.number, part, true});
    cost_.bytes_received += static_cast<double>(bytes_of(place));
    ++s.arriving;
  }

  void wait() {
    const double before = MPI_Wtime();
    messages_.wait([&](const message& m) { handle(m); });
    cost_.waiting_seconds += MPI_Wtime() - before;
  }

  // What has arrived is handed on; what has left makes room.
  void handle(const message& m) {
    const parcel& p = blocks_.parcel_of(m.parcel);
    slot& s = slot_of(p.block);
    --(m.arrives ? s.arriving : s.leaving);
    if (m.arrives) send(s, p, m.part);
  }

  const communicator& ranks_;
  const key_blocks& blocks_;
  const needed_blocks& needed_;
  rows held_[2];
  traffic& cost_;
  pending_messages<message> messages_;
  slot slots_[slot_count];
  index next_;    // the block at hand
  index posted_;  // the first that is not begun
  bool begun_ = false;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
