// SPDX-License-Identifier: MIT
// Working memory of calls: allocated and released in the order of a stack, and kept between calls.
//
//   heed::scratch scratch;
//   heed::attention(q, k, v, out, heed::in(scratch));  // allocates
//   heed::attention(q, k, v, out, heed::in(scratch));  // does not
#pragma once

#include <heed/core/types.hpp>  // index, matrix

#include <cstddef>  // byte, size_t
#include <memory>   // unique_ptr
#include <new>      // align_val_t
#include <vector>   // vector

namespace heed {
inline namespace HEED_ABI {

// Grows when it must and never shrinks. One scratch serves one call at a time; the threads of a
// call get a scratch each (see worker).
class scratch {
 public:
  scratch() = default;
  scratch(scratch&&) = default;
  scratch& operator=(scratch&&) = default;

  // Memory that is taken during the lifetime of a frame is released when the frame is destroyed;
  // frames nest.
  class frame {
   public:
    explicit frame(scratch& memory) : memory_(memory), block_(memory.block_), used_(memory.used_) {}
    ~frame() {
      memory_.block_ = block_;
      memory_.used_ = used_;
    }
    frame(const frame&) = delete;
    frame& operator=(const frame&) = delete;

    // Room for `count` elements, uninitialised, on a cache line of its own.
    template <class T>
    T* take(index count) {
      return static_cast<T*>(memory_.take(count * static_cast<index>(sizeof(T))));
    }

    // Room for a matrix (rows, cols), uninitialised.
    template <class T>
    Eigen::Map<matrix<T>> take_matrix(index rows, index cols) {
      return {take<T>(rows * cols), rows, cols};
    }

   private:
    scratch& memory_;
    std::size_t block_;
    std::size_t used_;
  };

  // Every take is rounded up to this many bytes: a cache line.
  static constexpr index granule = 64;
  static constexpr index rounded(index bytes) { return (bytes + granule - 1) / granule * granule; }

  // Makes worker(0) ... worker(count - 1) ready, each with room for `bytes`, so that none of them
  // allocates later, whichever gets work first. worker(0) is this scratch itself.
  HEED_ONE_COPY void prepare_workers(index count, index bytes) {
    while (static_cast<index>(workers_.size()) + 1 < count)
      workers_.push_back(std::make_unique<scratch>());
    for (index i = 0; i < count; ++i) frame(worker(i)).take<std::byte>(bytes);
  }
  scratch& worker(index i) { return i == 0 ? *this : *workers_[static_cast<std::size_t>(i) - 1]; }

  // Bytes held, the workers' included.
  [[nodiscard]] std::size_t bytes() const {
    std::size_t sum = 0;
    for (const block& b : blocks_) sum += b.size;
    for (const auto& w : workers_) sum += w->bytes();
    return sum;
  }

 private:
  static constexpr std::size_t smallest_block = 32 * 1024;

  struct release {
    void operator()(std::byte* p) const { ::operator delete(p, std::align_val_t(granule)); }
  };
  struct block {
    std::unique_ptr<std::byte, release> memory;
    std::size_t size;
  };

  HEED_ONE_COPY void* take(index wanted) {
    const auto bytes = static_cast<std::size_t>(rounded(wanted));
    while (block_ < blocks_.size() && used_ + bytes > blocks_[block_].size) {
      ++block_;
      used_ = 0;
    }
    if (block_ == blocks_.size()) grow(bytes);
    void* const place = blocks_[block_].memory.get() + used_;
    used_ += bytes;
    return place;
  }

  void grow(std::size_t bytes) {
    const std::size_t size = bytes > smallest_block ? bytes : smallest_block;
    auto* const memory = static_cast<std::byte*>(::operator new(size, std::align_val_t(granule)));
    blocks_.push_back({std::unique_ptr<std::byte, release>(memory), size});
  }

  std::vector<block> blocks_;
  std::size_t block_ = 0;  // the block in use
  std::size_t used_ = 0;   // bytes taken from it
  std::vector<std::unique_ptr<scratch>> workers_;
};

namespace detail {

// The scratch of a call without heed::in: one for each calling thread. If an executor lets a
// waiting thread do other work, that work must not start a second call with the same scratch: give
// each call a scratch of its own by heed::in.
inline scratch& default_scratch() {
  thread_local scratch memory;
  return memory;
}

}  // namespace detail

}  // namespace HEED_ABI
}  // namespace heed
