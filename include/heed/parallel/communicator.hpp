// SPDX-License-Identifier: MIT
// The ranks that call together, and what they say to one another. Messages travel in a communicator of
// heed's own, made once for each of the program's, so that they never meet the program's.
//
//   const communicator ranks(MPI_COMM_WORLD);
//   std::vector<index> rows = ranks.all_gather(own_rows);  // one number of each rank
#pragma once

#include <heed/core/check.hpp>  // refuse

#include <mpi.h>  // MPI_Comm

#include <cstddef>      // byte, size_t
#include <limits>       // max
#include <memory>       // make_unique
#include <stdexcept>    // runtime_error
#include <string>       // string
#include <type_traits>  // is_trivially_copyable_v
#include <vector>       // vector

namespace heed {
inline namespace HEED_ABI {

// Another process failed, or MPI did.
class rank_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

namespace detail {

inline void require_mpi(int code, const char* what) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(code, text, &length);
  refuse<rank_error>("heed: " + std::string(what) + ": " +
                     std::string(text, static_cast<std::size_t>(length)));
}

// MPI counts in int.
inline constexpr index most_bytes = (std::numeric_limits<int>::max)();
inline int message_size(index bytes) {
  require<rank_error>(bytes >= 0 && bytes <= most_bytes, "heed: a message of ", bytes,
                      " bytes is more than MPI can count; give fewer rows at a time");
  return static_cast<int>(bytes);
}

// How many bytes go to each rank, or come from it, and where they lie.
struct message_plan {
  std::vector<int> counts, places;

  explicit message_plan(index ranks) {
    counts.reserve(static_cast<std::size_t>(ranks));
    places.reserve(static_cast<std::size_t>(ranks));
  }
  // Those of the next rank.
  void add(index bytes) {
    places.push_back(message_size(all_));
    counts.push_back(message_size(bytes));
    all_ += bytes;
  }
  [[nodiscard]] index bytes() const { return all_; }

 private:
  index all_ = 0;
};

class communicator {
 public:
  // Collective where the program's communicator is seen for the first time.
  explicit communicator(MPI_Comm given) : own_(own_of(given)) {
    MPI_Comm_rank(own_, &rank_);
    MPI_Comm_size(own_, &size_);
    void* highest = nullptr;
    int found = 0;
    require_mpi(MPI_Comm_get_attr(own_, MPI_TAG_UB, &highest, &found), "MPI_Comm_get_attr");
    if (found != 0) highest_tag_ = *static_cast<int*>(highest);
  }

  [[nodiscard]] index rank() const { return rank_; }
  [[nodiscard]] index size() const { return size_; }
  // Messages have the tags 0 ... tags() - 1: MPI promises 32767, and knows many more.
  [[nodiscard]] index tags() const { return highest_tag_; }
  [[nodiscard]] MPI_Comm handle() const { return own_; }

  // One value of each rank, on all of them.
  template <class Value>
  requires std::is_trivially_copyable_v<Value>
  [[nodiscard]] std::vector<Value> all_gather(const Value& own) const {
    std::vector<Value> all(static_cast<std::size_t>(size_));
    const int bytes = message_size(static_cast<index>(sizeof(Value)));
    require_mpi(MPI_Allgather(&own, bytes, MPI_BYTE, all.data(), bytes, MPI_BYTE, own_),
                "MPI_Allgather");
    return all;
  }

  // The same of as many values on each rank, one rank's behind another's.
  template <class Value>
  requires std::is_trivially_copyable_v<Value>
  [[nodiscard]] std::vector<Value> all_gather(const std::vector<Value>& own) const {
    std::vector<Value> all(own.size() * static_cast<std::size_t>(size_));
    const int bytes = message_size(static_cast<index>(own.size() * sizeof(Value)));
    require_mpi(MPI_Allgather(own.data(), bytes, MPI_BYTE, all.data(), bytes, MPI_BYTE, own_),
                "MPI_Allgather");
    return all;
  }

  // Each byte becomes the bits that any rank has set in it.
  void any_of_all(std::vector<char>& bytes) const {
    require_mpi(MPI_Allreduce(MPI_IN_PLACE, bytes.data(), message_size(index(bytes.size())),
                              MPI_BYTE, MPI_BOR, own_),
                "MPI_Allreduce");
  }

 private:
  // The communicator of heed's own is kept with the program's, and freed with it.
  static MPI_Comm own_of(MPI_Comm given) {
    static const int key = [] {
      int made = MPI_KEYVAL_INVALID;
      require_mpi(MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, free_own, &made, nullptr),
                  "MPI_Comm_create_keyval");
      return made;
    }();
    void* kept = nullptr;
    int found = 0;
    require_mpi(MPI_Comm_get_attr(given, key, &kept, &found), "MPI_Comm_get_attr");
    if (found != 0) return *static_cast<MPI_Comm*>(kept);
    auto own = std::make_unique<MPI_Comm>(MPI_COMM_NULL);
    require_mpi(MPI_Comm_dup(given, own.get()), "MPI_Comm_dup");
    require_mpi(MPI_Comm_set_attr(given, key, own.get()), "MPI_Comm_set_attr");
    return *own.release();
  }
  static int free_own(MPI_Comm, int, void* kept, void*) {
    auto* const own = static_cast<MPI_Comm*>(kept);
    const int code = MPI_Comm_free(own);
    delete own;
    return code;
  }

  MPI_Comm own_;
  int rank_ = 0;
  int size_ = 1;
  int highest_tag_ = 32767;
};

}  // namespace detail

}  // namespace HEED_ABI
}  // namespace heed
