// SPDX-License-Identifier: MIT
// Sums of chunks that several ranks have formed, on their way to be added in the order of the keys.
//
//   chunk 0 (rank 0)  units 0 ... 7                      a unit: one query and head
//   chunk 1 (rank 1)  units 0 ... 7
//                     └─ rank 0 ─┘└─ rank 1 ─┘           who adds them up
#pragma once

#include <heed/kernel/decode/decode_state.hpp>  // decode_state
#include <heed/parallel/communicator.hpp>       // communicator

#include <algorithm>  // copy_n, fill_n
#include <vector>     // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Units are shared evenly among the ranks; each rank's share of a chunk is one record: a running max and a
// sum for each unit, then its weighted values.
template <class Scalar>
class unit_shares {
 public:
  unit_shares(index units, index ranks, index width)
      : units_(units),
        ranks_(ranks),
        pitch_(decode_output<Scalar>::pitch_of(width)),
        width_(width) {}

  [[nodiscard]] interval of(index rank) const {
    return {units_ * rank / ranks_, units_ * (rank + 1) / ranks_};
  }
  [[nodiscard]] index rank_of(index unit) const {
    index rank = unit * ranks_ / units_;
    while (unit >= of(rank).last) ++rank;
    return rank;
  }
  [[nodiscard]] index lanes(index rank) const { return whole_packets<Scalar>(of(rank).size()); }
  [[nodiscard]] index record(index rank) const {
    return 2 * lanes(rank) + of(rank).size() * pitch_;
  }
  [[nodiscard]] index pitch() const { return pitch_; }
  [[nodiscard]] index width() const { return width_; }

  // Throws on all ranks if one's records are more than MPI can count. chunks[r]: how many chunks rank r has.
  void require_countable(const std::vector<index>& chunks) const {
    index all_chunks = 0, all_records = 0;
    for (index r = 0; r < ranks_; ++r) {
      all_chunks += chunks[static_cast<std::size_t>(r)];
      all_records += record(r);
    }
    for (index r = 0; r < ranks_; ++r) {
      message_size(all_chunks * record(r) * index(sizeof(Scalar)));
      message_size(chunks[static_cast<std::size_t>(r)] * all_records * index(sizeof(Scalar)));
    }
  }

  // A rank's record as the decode kernel has its sums.
  [[nodiscard]] decode_state<Scalar> state_at(Scalar* record, index rank, bool* seen) const {
    const index count = of(rank).size();
    return {{record, record + lanes(rank), nullptr, nullptr, packets_of<Scalar>(count), 0},
            {record + 2 * lanes(rank), count, width_},
            seen,
            1};
  }

  // Writes what one unit has gathered; `values` null: nothing.
  void write(Scalar* record, index rank, index unit, Scalar max, Scalar sum,
             const Scalar* values) const {
    const index i = unit - of(rank).first;
    record[i] = max;
    record[lanes(rank) + i] = sum;
    Scalar* const to = record + 2 * lanes(rank) + i * pitch_;
    values != nullptr ? std::copy_n(values, pitch_, to) : std::fill_n(to, pitch_, Scalar(0));
  }

 private:
  index units_;
  index ranks_;
  index pitch_;  // numbers of a unit's values
  index width_;  // of these, that are used
};

// Sends every rank its records of all chunks: `sent` holds, rank by rank, those of this rank's chunks in
// order. chunks[r]: how many chunks rank r has. What comes back lies rank by rank, too.
template <class Scalar>
void exchange(const communicator& ranks, const unit_shares<Scalar>& shares,
              const std::vector<index>& chunks, const Scalar* sent, Scalar* received) {
  message_plan out(ranks.size()), in(ranks.size());
  const index size = index(sizeof(Scalar));
  for (index r = 0; r < ranks.size(); ++r) {
    out.add(chunks[static_cast<std::size_t>(ranks.rank())] * shares.record(r) * size);
    in.add(chunks[static_cast<std::size_t>(r)] * shares.record(ranks.rank()) * size);
  }
  require_mpi(MPI_Alltoallv(sent, out.counts.data(), out.places.data(), MPI_BYTE, received,
                            in.counts.data(), in.places.data(), MPI_BYTE, ranks.handle()),
              "MPI_Alltoallv");
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
