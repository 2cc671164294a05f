// SPDX-License-Identifier: MIT
// Messages that are on their way, each with a note of what it is.
//
//   pending_messages<std::string> messages(ranks);
//   messages.send(data, bytes, to, tag, "keys");
//   messages.poll([](const std::string& note) { ... });  // of each that is done
//   messages.wait([](const std::string& note) { ... });  // waits for one at least
#pragma once

#include <heed/parallel/communicator.hpp>  // communicator, message_size

#include <mpi.h>

#include <cstddef>  // size_t
#include <utility>  // move
#include <vector>   // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The memory of a message must stay until it is done. A done message may be the reason for another one.
template <class Note>
class pending_messages {
 public:
  explicit pending_messages(const communicator& ranks) : ranks_(ranks) {}

  [[nodiscard]] std::size_t size() const { return requests_.size(); }

  void send(const void* data, index bytes, index to, int tag, Note note) {
    const int size = message_size(bytes);
    MPI_Request& request = add(std::move(note));
    require_mpi(MPI_Isend(data, size, MPI_BYTE, int(to), tag, ranks_.handle(), &request),
                "MPI_Isend");
  }
  void receive(void* data, index bytes, index from, int tag, Note note) {
    const int size = message_size(bytes);
    MPI_Request& request = add(std::move(note));
    require_mpi(MPI_Irecv(data, size, MPI_BYTE, int(from), tag, ranks_.handle(), &request),
                "MPI_Irecv");
  }

  // Calls use(note) for each message that is done; wait() waits until there is one, if any is pending.
  template <class Use>
  void poll(const Use& use) {
    use_done(MPI_Testsome, "MPI_Testsome", use);
  }
  template <class Use>
  void wait(const Use& use) {
    use_done(MPI_Waitsome, "MPI_Waitsome", use);
  }

 private:
  MPI_Request& add(Note note) {
    notes_.push_back(std::move(note));
    return requests_.emplace_back(MPI_REQUEST_NULL);
  }

  template <class Call, class Use>
  void use_done(const Call& call, const char* name, const Use& use) {
    if (requests_.empty()) return;
    int count = 0;
    done_.resize(requests_.size());
    require_mpi(
        call(int(requests_.size()), requests_.data(), &count, done_.data(), MPI_STATUSES_IGNORE),
        name);
    take(count, use);
  }

  // Leaves out what is done before `use` may send anew.
  template <class Use>
  void take(int count, const Use& use) {
    if (count == MPI_UNDEFINED || count == 0) return;
    std::vector<Note> done;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < requests_.size(); ++i) {
      if (requests_[i] == MPI_REQUEST_NULL) {
        done.push_back(std::move(notes_[i]));
        continue;
      }
      requests_[kept] = requests_[i];
      if (kept != i) notes_[kept] = std::move(notes_[i]);
      ++kept;
    }
    requests_.resize(kept);
    notes_.resize(kept);
    for (const Note& note : done) use(note);
  }

  const communicator& ranks_;
  std::vector<MPI_Request> requests_;
  std::vector<Note> notes_;  // of each request
  std::vector<int> done_;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
