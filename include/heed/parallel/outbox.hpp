// SPDX-License-Identifier: MIT
// Messages on their way out, whose memory must stay until they have left.
//
//   outbox out(ranks, cost);
//   out.send(numbers, bytes, to, tag, owner);  // owner: a shared_ptr that keeps the numbers
//   out.poll();                                // now and then
//   out.wait_until(0);                         // all have left
#pragma once

#include <heed/parallel/across.hpp>        // traffic
#include <heed/parallel/communicator.hpp>  // communicator, message_size

#include <mpi.h>

#include <cstddef>  // size_t
#include <memory>   // shared_ptr
#include <utility>  // move
#include <vector>   // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail {

class outbox {
 public:
  outbox(const communicator& ranks, traffic& cost) : ranks_(ranks), cost_(cost) {}

  void send(const void* data, index bytes, index to, int tag,
            std::shared_ptr<const void> owner = {}) {
    requests_.emplace_back();
    owners_.push_back(std::move(owner));
    require_mpi(MPI_Isend(data, message_size(bytes), MPI_BYTE, int(to), tag, ranks_.handle(),
                          &requests_.back()),
                "MPI_Isend");
    cost_.bytes_sent += static_cast<double>(bytes);
  }

  void poll() {
    if (requests_.empty()) return;
    int count = 0;
    done_.resize(requests_.size());
    require_mpi(MPI_Testsome(int(requests_.size()), requests_.data(), &count, done_.data(),
                             MPI_STATUSES_IGNORE),
                "MPI_Testsome");
    forget(count);
  }

  // Until no more than so many are on their way.
  void wait_until(std::size_t most) {
    const double before = MPI_Wtime();
    while (requests_.size() > most) {
      int count = 0;
      done_.resize(requests_.size());
      require_mpi(MPI_Waitsome(int(requests_.size()), requests_.data(), &count, done_.data(),
                               MPI_STATUSES_IGNORE),
                  "MPI_Waitsome");
      forget(count);
    }
    cost_.waiting_seconds += MPI_Wtime() - before;
  }

 private:
  void forget(int count) {
    if (count == MPI_UNDEFINED || count == 0) return;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      if (requests_[i] == MPI_REQUEST_NULL) continue;
      requests_[kept] = requests_[i];
      if (kept != i) owners_[kept] = std::move(owners_[i]);
      ++kept;
    }
    requests_.resize(kept);
    owners_.resize(kept);
  }

  const communicator& ranks_;
  traffic& cost_;
  std::vector<MPI_Request> requests_;
  std::vector<std::shared_ptr<const void>> owners_;  // of each request
  std::vector<int> done_;
};

// Messages on their way in.
class inbox {
 public:
  inbox(const communicator& ranks, traffic& cost) : ranks_(&ranks), cost_(&cost) {}

  void receive(void* data, index bytes, index from, int tag) {
    requests_.emplace_back();
    require_mpi(MPI_Irecv(data, message_size(bytes), MPI_BYTE, int(from), tag, ranks_->handle(),
                          &requests_.back()),
                "MPI_Irecv");
    cost_->bytes_received += static_cast<double>(bytes);
  }

  // Until all have come.
  void wait() {
    if (requests_.empty()) return;
    const double before = MPI_Wtime();
    require_mpi(MPI_Waitall(int(requests_.size()), requests_.data(), MPI_STATUSES_IGNORE),
                "MPI_Waitall");
    requests_.clear();
    cost_->waiting_seconds += MPI_Wtime() - before;
  }

 private:
  const communicator* ranks_;
  traffic* cost_;
  std::vector<MPI_Request> requests_;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
