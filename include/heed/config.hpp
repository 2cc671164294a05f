// SPDX-License-Identifier: MIT
// The only macros: whether exceptions exist, the name of this build's inline namespace, what is to be
// inlined, which levels heed_dispatch builds, and what heed_kernels compiles.
#pragma once

#include <heed/version.hpp>  // the version that the namespace carries

#if defined(__FAST_MATH__) || defined(_M_FP_FAST) || defined(__ASSOCIATIVE_MATH__) || \
    (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error \
    "heed: -ffast-math / -ffinite-math-only removes the infinities and NaN that masks need; \
compile this file without it"
#endif

#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
#define HEED_HAS_EXCEPTIONS 1
#define HEED_ABI_ERRORS
#else
#define HEED_HAS_EXCEPTIONS 0
#define HEED_ABI_ERRORS _noexcept
#endif

// The instruction set that the compiler may use in this file, as part of a namespace's name. Two
// files built for different machines then instantiate different functions, and the linker cannot
// replace the code of one by that of the other.
#if defined(EIGEN_DONT_VECTORIZE)
#define HEED_ABI_SIMD scalar
#elif defined(__AVX512F__) && defined(__AVX512BW__)
#define HEED_ABI_SIMD avx512
#elif defined(__AVX512F__)
#define HEED_ABI_SIMD avx512f
#elif defined(__AVX2__) && defined(__FMA__)
#define HEED_ABI_SIMD avx2_fma
#elif defined(__AVX2__)
#define HEED_ABI_SIMD avx2
#elif defined(__AVX__)
#define HEED_ABI_SIMD avx
#elif defined(__SSE4_2__)
#define HEED_ABI_SIMD sse4_2
#elif defined(__SSE2__) || defined(_M_X64)
#define HEED_ABI_SIMD sse2
#elif defined(__ARM_NEON) || defined(_M_ARM64)
#define HEED_ABI_SIMD neon
#elif defined(__VSX__)
#define HEED_ABI_SIMD vsx
#else
#define HEED_ABI_SIMD other
#endif

// namespace heed { inline namespace HEED_ABI { ... } }, for example heed::v0_1_0_avx2_fma
#define HEED_ABI_PASTE(major, minor, patch, simd, errors) \
  v##major##_##minor##_##patch##_##simd##errors
#define HEED_ABI_NAME(major, minor, patch, simd, errors) \
  HEED_ABI_PASTE(major, minor, patch, simd, errors)
#define HEED_ABI                                                                           \
  HEED_ABI_NAME(HEED_VERSION_MAJOR, HEED_VERSION_MINOR, HEED_VERSION_PATCH, HEED_ABI_SIMD, \
                HEED_ABI_ERRORS)

// After the parameters of a lambda: inlined where it is called, at every optimisation level.
#if defined(_MSC_VER) && !defined(__clang__)
#define HEED_INLINED [[msvc::forceinline]]
#else
#define HEED_INLINED __attribute__((always_inline))
#endif

// Before a function that is large: compiled once, neither inlined nor cloned for some of its arguments.
#if defined(__clang__)
#define HEED_ONE_COPY __attribute__((noinline))
#elif defined(__GNUC__)
#define HEED_ONE_COPY __attribute__((noinline, noclone))
#else
#define HEED_ONE_COPY
#endif

// Before a function: every function that it calls is inlined into it.
#if defined(__GNUC__)
#define HEED_FLATTENED __attribute__((flatten))
#else
#define HEED_FLATTENED
#endif

// Before a function of models, files or text whose body is large: compiled in each file that calls it,
// or once in a library. The library's own files define HEED_MODELS_LIBRARY; they and a program that
// links the library, HEED_MODELS_COMPILED.
#ifdef HEED_MODELS_LIBRARY
#define HEED_MODELS_INLINE
#else
#define HEED_MODELS_INLINE inline
#endif

// Before a loop of fixed length: unrolled, so that accumulators that it indexes stay in registers.
#if defined(__clang__)
#define HEED_UNROLL _Pragma("clang loop unroll(full)")
#elif defined(__GNUC__)
#define HEED_UNROLL _Pragma("GCC unroll 64")
#else
#define HEED_UNROLL
#endif

// Before a loop over the lanes of a packet: not unrolled, so that it is vectorised whatever
// functions it calls.
#if defined(__clang__)
#define HEED_LOOP_OF_LANES _Pragma("clang loop unroll(disable)")
#elif defined(__GNUC__)
#define HEED_LOOP_OF_LANES _Pragma("GCC unroll 1")
#else
#define HEED_LOOP_OF_LANES
#endif

// The level that this file is compiled for, and all that are, falling: CMake's heed_dispatch sets them.
#ifndef HEED_LEVEL
#define HEED_LEVEL 1
#endif
#ifndef HEED_BUILT_LEVELS
#define HEED_BUILT_LEVELS 1
#endif

// The kernels of a type of queries and one of keys: compiled here, where LINKAGE is nothing, or, where
// it is `extern`, in another file of the program, which CMake's heed_kernels makes.
#define HEED_KERNELS(LINKAGE, QUERY, KEYS)                                                     \
  LINKAGE template void forward(const attention_call<QUERY, KEYS>&,                            \
                                const rules_of_call<accumulator_t<QUERY>>&, scratch&);         \
  LINKAGE template void sum_key_weights(const attention_call<QUERY, KEYS>&,                    \
                                        const rules_of_call<accumulator_t<QUERY>>&, scratch&); \
  LINKAGE template bool small_task<attention_call<QUERY, KEYS>>::run_in_one_piece();
#define HEED_PRODUCTS(LINKAGE, SCALAR) \
  LINKAGE template void gemm(const gemm_call<SCALAR>&, const executor&, scratch&);
