// SPDX-License-Identifier: MIT
// Counts allocations. For one source of a program: it replaces the global operator new.
#pragma once

#define EIGEN_RUNTIME_NO_MALLOC  // Eigen's own then end the program while they are not allowed
#include <Eigen/Core>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace support {

inline std::atomic<long> allocations{0};

// The address that malloc gave stands before the aligned one that is handed out.
inline void* counted(std::size_t bytes, std::size_t alignment) {
  ++allocations;
  void* const raw = std::malloc(bytes + alignment + sizeof(void*));
  if (raw == nullptr) throw std::bad_alloc();
  const auto first = reinterpret_cast<std::uintptr_t>(raw) + sizeof(void*);
  auto* const place = reinterpret_cast<void**>((first + alignment - 1) / alignment * alignment);
  place[-1] = raw;
  return place;
}
inline void (*volatile release)(void*) =
    std::free;  // volatile: compilers may not pair it with a new
inline void give_back(void* p) {
  if (p != nullptr) release(static_cast<void**>(p)[-1]);
}

}  // namespace support

void* operator new(std::size_t bytes) { return support::counted(bytes, alignof(std::max_align_t)); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return support::counted(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* p) noexcept { support::give_back(p); }
void operator delete(void* p, std::size_t) noexcept { support::give_back(p); }
void operator delete(void* p, std::align_val_t) noexcept { support::give_back(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { support::give_back(p); }

namespace support {

// Allocations of a call, Eigen's own among them.
template <class Call>
long allocations_in(const Call& call) {
  const long before = allocations;
  Eigen::internal::set_is_malloc_allowed(false);
  call();
  Eigen::internal::set_is_malloc_allowed(true);
  return allocations - before;
}

// ... of the second of two.
template <class Call>
long second_call(const Call& call) {
  call();
  return allocations_in(call);
}

}  // namespace support
