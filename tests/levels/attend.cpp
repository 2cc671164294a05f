// SPDX-License-Identifier: MIT
// Compiled for several levels of the instruction set.
#include "levels/attend.hpp"

#include "support/digest.hpp"

// An inline function as any program has them: it bears the same name at every level.
EIGEN_DONT_INLINE inline int register_size() { return int(heed::detail::simd<float>::size); }

template <>
std::uint64_t attention_digest_of<HEED_LEVEL>() {
  return support::attention_digest<float>();
}

template <>
int register_size_of<HEED_LEVEL>() {
  return register_size();
}
