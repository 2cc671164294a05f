// SPDX-License-Identifier: MIT
// Messages on their way out, whose memory must stay until they have left.
//
//   outbox out(ranks, cost);
//   out.send(numbers, bytes, to, tag, owner);  // owner: a shared_ptr that keeps the numbers
//   out.poll();                                // now and then
//   out.wait_until(0);                         // all have left
#pragma once

#include <heed/parallel/across.hpp>            // traffic
#include <heed/parallel/pending_messages.hpp>  // pending_messages

#include <mpi.h>

#include <cstddef>  // size_t
#include <memory>   // shared_ptr
#include <utility>  // move

namespace heed {
inline namespace HEED_ABI {
namespace detail {

class outbox {
 public:
  outbox(const communicator& ranks, traffic& cost) : messages_(ranks), cost_(cost) {}

  void send(const void* data, index bytes, index to, int tag,
            std::shared_ptr<const void> owner = {}) {
    messages_.send(data, bytes, to, tag, std::move(owner));
    cost_.bytes_sent += static_cast<double>(bytes);
  }

  void poll() { messages_.poll(forget); }

  // Until no more than so many are on their way.
  void wait_until(std::size_t most) {
    const double before = MPI_Wtime();
    while (messages_.size() > most) messages_.wait(forget);
    cost_.waiting_seconds += MPI_Wtime() - before;
  }

 private:
  static constexpr auto forget = [](const std::shared_ptr<const void>&) {};

  pending_messages<std::shared_ptr<const void>> messages_;
  traffic& cost_;
};

// Messages on their way in.
class inbox {
 public:
  inbox(const communicator& ranks, traffic& cost) : messages_(ranks), cost_(&cost) {}

  void receive(void* data, index bytes, index from, int tag) {
    messages_.receive(data, bytes, from, tag, {});
    cost_->bytes_received += static_cast<double>(bytes);
  }

  // Until all have come.
  void wait() {
    const double before = MPI_Wtime();
    while (messages_.size() > 0) messages_.wait([](nothing) {});
    cost_->waiting_seconds += MPI_Wtime() - before;
  }

 private:
  struct nothing {};

  pending_messages<nothing> messages_;
  traffic* cost_;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
