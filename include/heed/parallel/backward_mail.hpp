// SPDX-License-Identifier: MIT
// What one rank sends and receives for the gradients of attention: keys and values, then the gradients that go
// from stop to stop, and at last to the rank of the keys.
//
//   backward_mail<Call, float> mail(ranks, call, blocks, visits, stops, uses, cost);
//   mail.send_own();
//   auto coming = mail.begin(task);             // what the task needs is on its way
//   auto carried = mail.wait_for(task, coming); // ... and here: mail.block(task), and what to add to
//   mail.hand_on(task, carried);
//   mail.finish();                              // d_k and d_v of this rank's rows are complete
#pragma once

#include <heed/parallel/backward_visits.hpp>  // backward_visits, stops_of_blocks
#include <heed/parallel/key_mail.hpp>         // packed_rows, send_parcels, fetch_parcels

#include <algorithm>  // find
#include <map>        // map
#include <memory>     // make_shared, shared_ptr
#include <utility>    // move
#include <vector>     // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// A stop of this rank at a block.
struct backward_stop_at {
  index number;  // tasks are done in the order of their numbers
  index block;
  index stop;
};

// What a task waits for.
template <class Scalar>
struct backward_arrival {
  std::shared_ptr<carried_gradients<Scalar>> carried;  // null: another stop of this rank has it
  std::shared_ptr<inbox> coming;
};

template <class Call, class Storage>
class backward_mail {
 public:
  using Scalar = typename Call::Scalar;
  using task = backward_stop_at;
  using arrival = backward_arrival<Scalar>;

  // uses: how many of this rank's stops see a block, of those that one sees.
  backward_mail(const communicator& ranks, const Call& call, const key_blocks& blocks,
                const backward_visits& visits, const stops_of_blocks& stops,
                const std::map<index, index>& uses, traffic& cost)
      : ranks_(ranks),
        call_(call),
        blocks_(blocks),
        visits_(visits),
        stops_(stops),
        uses_(uses),
        cost_(cost),
        keys_{packed_rows<Storage>(call.k.rows, call.k.cols),
              packed_rows<Storage>(call.v.rows, call.v.cols)},
        gradients_{packed_rows<Scalar>(call.k.rows, call.k.cols),
                   packed_rows<Scalar>(call.v.rows, call.v.cols)},
        first_gradients_{packed_rows<Scalar>(call.adds ? call.k.rows : 0, call.k.cols),
                         packed_rows<Scalar>(call.adds ? call.v.rows : 0, call.v.cols)},
        posted_(ranks, cost),
        carrying_(ranks, cost),
        results_(ranks, cost) {}

  // This rank's rows go to all that need them.
  void send_own() {
    keys_[0].pack(call_.k), keys_[1].pack(call_.v);
    send_parcels(ranks_, blocks_, mail::key, keys_, posted_, [&](index b) {
      std::vector<index> to;
      for (index s = stops_.after(-1, b); s >= 0; s = stops_.after(s, b))
        if (std::find(to.begin(), to.end(), visits_.stop(s).rank) == to.end())
          to.push_back(visits_.stop(s).rank);
      return to;
    });
    if (call_.adds) {
      first_gradients_[0].pack(view<const Scalar>(call_.d_k));
      first_gradients_[1].pack(view<const Scalar>(call_.d_v));
      send_parcels(ranks_, blocks_, mail::first_gradient, first_gradients_, posted_, [&](index b) {
        const index first = stops_.after(-1, b);
        return first < 0 ? std::vector<index>() : std::vector<index>{visits_.stop(first).rank};
      });
    }
    for_own_parcels([&](index b, const parcel& p, index last) {
      for (int part = 0; part < 2 && last != ranks_.rank(); ++part)
        results_.receive(gradients_[part].rows(p.local, p.rows).data,
                         gradients_[part].bytes(p.rows), last, tag_of(ranks_, mail::gradient, b));
    });
  }

  // Lets come what a task needs.
  arrival begin(const task& t) {
    const index rows = blocks_[t.block].rows;
    if (here_.find(t.block) == here_.end()) {
      auto& got =
          here_
              .emplace(t.block, fetched_block<Storage>{{{rows, call_.k.cols}, {rows, call_.v.cols}},
                                                       {ranks_, cost_},
                                                       uses_.at(t.block)})
              .first->second;
      fetch_parcels(ranks_, blocks_, t.block, mail::key, keys_, got.coming,
                    [&](int part) { return got.parts[part].rows(0, rows); });
      ++cost_.blocks_received;
    }
    arrival a;
    a.coming = std::make_shared<inbox>(ranks_, cost_);
    const index before = stops_.before(t.stop, t.block);
    if (before >= 0 && visits_.stop(before).rank == ranks_.rank()) return a;
    a.carried = std::make_shared<carried_gradients<Scalar>>(rows, call_.sizes);
    if (before >= 0)
      a.coming->receive(a.carried->data(), a.carried->bytes(visits_.stop(t.stop).sums_come),
                        visits_.stop(before).rank, tag_of(ranks_, mail::carried, t.block));
    else if (call_.adds)
      fetch_parcels(ranks_, blocks_, t.block, mail::first_gradient, first_gradients_, *a.coming,
                    [&](int part) { return a.carried->gradients(part); });
    return a;
  }

  // Until all that a task needs is here; gives the gradients that it adds to.
  std::shared_ptr<carried_gradients<Scalar>> wait_for(const task& t, const arrival& a) {
    here_.at(t.block).coming.wait();
    a.coming->wait();
    const auto kept = kept_.find(t.block);
    if (kept == kept_.end()) return a.carried;
    auto carried = std::move(kept->second);
    kept_.erase(kept);
    return carried;
  }
  fetched_block<Storage>& block(const task& t) { return here_.at(t.block); }

  // Sees to messages that have left meanwhile; to be called now and then.
  void poll() {
    posted_.poll();
    carrying_.poll();
  }

  // To the next stop, or to the ranks whose keys they are.
  void hand_on(const task& t, const std::shared_ptr<carried_gradients<Scalar>>& carried) {
    constexpr std::size_t most = 16;  // messages on their way
    if (--here_.at(t.block).uses == 0) here_.erase(t.block);
    const index next = stops_.after(t.stop, t.block);
    if (next >= 0 && visits_.stop(next).rank == ranks_.rank()) {
      kept_.emplace(t.block, carried);
      return;
    }
    if (next >= 0) {
      carrying_.send(carried->data(), carried->bytes(visits_.stop(next).sums_come),
                     visits_.stop(next).rank, tag_of(ranks_, mail::carried, t.block), carried);
    } else {
      for (index i = blocks_[t.block].parcels.first; i < blocks_[t.block].parcels.last; ++i) {
        const parcel& p = blocks_.parcel_of(i);
        for (int part = 0; part < 2; ++part) {
          const view<Scalar> all = carried->gradients(part),
                             rows = all.block(p.at, 0, p.rows, all.cols);
          if (p.rank == ranks_.rank())
            copy(gradients_[part].rows(p.local, p.rows), view<const Scalar>(rows));
          else
            carrying_.send(rows.data, gradients_[part].bytes(p.rows), p.rank,
                           tag_of(ranks_, mail::gradient, t.block), carried);
        }
      }
    }
    carrying_.wait_until(most);
  }

  // Waits until all has come and left, and writes d_k and d_v.
  void finish() {
    results_.wait();
    carrying_.wait_until(0);
    posted_.wait_until(0);
    for_own_parcels([&](index, const parcel& p, index) {
      const view<Scalar> to[] = {call_.d_k, call_.d_v};
      for (int part = 0; part < 2; ++part)
        copy(to[part].block(p.local, 0, p.rows, to[part].cols),
             view<const Scalar>(gradients_[part].rows(p.local, p.rows)));
    });
  }

 private:
  // Parcels of this rank that some rank sees, with the rank that is the last to add to their gradients.
  template <class Use>
  void for_own_parcels(const Use& use) const {
    for (index b = blocks_.size() - 1; b >= 0; --b) {
      const index last = stops_.before(visits_.stops(), b);
      for (index i = blocks_[b].parcels.first; last >= 0 && i < blocks_[b].parcels.last; ++i)
        if (blocks_.parcel_of(i).rank == ranks_.rank())
          use(b, blocks_.parcel_of(i), visits_.stop(last).rank);
    }
  }

  const communicator& ranks_;
  const Call& call_;
  const key_blocks& blocks_;
  const backward_visits& visits_;
  const stops_of_blocks& stops_;
  const std::map<index, index>& uses_;
  traffic& cost_;
  packed_rows<Storage> keys_[2];            // of this rank: keys, values
  packed_rows<Scalar> gradients_[2];        // what comes back
  packed_rows<Scalar> first_gradients_[2];  // what is added to
  outbox posted_;                           // own rows
  outbox carrying_;
  inbox results_;
  std::map<index, fetched_block<Storage>> here_;  // blocks
  // For a later stop of this rank.
  std::map<index, std::shared_ptr<carried_gradients<Scalar>>> kept_;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
