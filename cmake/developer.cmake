# SPDX-License-Identifier: MIT
# What our own tests, examples and benchmarks are built with; nothing here reaches a consumer.
option(HEED_WERROR "Warnings in our own targets are errors; the presets switch it on" OFF)
option(HEED_NATIVE "Build our own targets for this very machine" OFF)
set(HEED_X86_64_LEVEL "" CACHE STRING
  "Level of the x86-64 instruction set that our own targets are built for: 2, 3 or 4")
option(HEED_ASSERTIONS "Keep assert and eigen_assert in the tests in every build type" ON)
set(HEED_SANITIZE "" CACHE STRING "Sanitizers for our own targets, e.g. address;undefined")
set(HEED_PROGRAM_FLAGS "" CACHE STRING
  "Flags of our own programs, after those of the build type; what is compiled once for all has not these")

if(PROJECT_IS_TOP_LEVEL AND NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release, RelWithDebInfo or MinSizeRel" FORCE)
endif()

set(CMAKE_CXX_EXTENSIONS OFF)

add_library(heed_flags INTERFACE)

if(MSVC)
  target_compile_options(heed_flags INTERFACE
    /W4 /permissive- /Zc:preprocessor /utf-8 /bigobj $<$<BOOL:${HEED_WERROR}>:/WX>)
else()
  target_compile_options(heed_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
    -Wfloat-equal -Wcast-align -Wundef -Wextra-semi
    "$<$<CXX_COMPILER_ID:GNU>:-Wuseless-cast;-Wdouble-promotion>" $<$<BOOL:${HEED_WERROR}>:-Werror>)
endif()

# GCC 12 sees overlapping copies inside its own std::string.
set(gcc_12 $<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>)
target_compile_options(heed_flags INTERFACE $<${gcc_12}:-Wno-restrict>)

if(HEED_NATIVE)
  include(CheckCXXCompilerFlag)
  foreach(flag -march=native -mcpu=native /arch:AVX2)
    string(MAKE_C_IDENTIFIER heed_has${flag} known)
    check_cxx_compiler_flag(${flag} ${known})
    if(${known})
      target_compile_options(heed_flags INTERFACE ${flag})
      break()
    endif()
  endforeach()
endif()
if(HEED_X86_64_LEVEL AND NOT MSVC AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  target_compile_options(heed_flags INTERFACE -march=x86-64-v${HEED_X86_64_LEVEL})
endif()
if(HEED_NATIVE OR HEED_X86_64_LEVEL STREQUAL 4)
  # ... and takes the deliberately undefined operand of its own AVX-512 intrinsics for a mistake.
  target_compile_options(heed_flags INTERFACE
    "$<${gcc_12}:-Wno-maybe-uninitialized;-Wno-uninitialized>")
endif()

if(HEED_SANITIZE)
  list(JOIN HEED_SANITIZE "," sanitizers)
  target_compile_options(heed_flags INTERFACE
    -fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer -g1)
  target_link_options(heed_flags INTERFACE -fsanitize=${sanitizers})
  if("undefined" IN_LIST HEED_SANITIZE)
    # Found by the address sanitizer as well; with these, unrolled loops take minutes to compile.
    target_compile_options(heed_flags INTERFACE -fno-sanitize=null,object-size,pointer-overflow)
  endif()
  if("thread" IN_LIST HEED_SANITIZE)
    # GCC says that it does not follow the fences of Eigen's ThreadPool.
    target_compile_options(heed_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
  endif()
endif()

# For what has the headers and little else. Where GCC optimises more, it takes the empty matrices of Eigen
# for null pointers, and Clang warns of each float that a test hands to a function of double.
add_library(heed_header_flags INTERFACE)
if(NOT MSVC)
  target_compile_options(heed_header_flags INTERFACE -Wnull-dereference -Wdouble-promotion)
endif()

# What nearly all of our programs link.
add_library(heed_developer INTERFACE)
target_link_libraries(heed_developer INTERFACE heed::heed heed_flags)
target_compile_options(heed_developer INTERFACE ${HEED_PROGRAM_FLAGS})

# Kernels, compiled once for all tests and examples: those of float, and the others.
heed_kernels(heed_float_kernels)
heed_kernels(heed_other_kernels double half bfloat16 float_over_half float_over_bfloat16
  float_over_8bit half_over_8bit bfloat16_over_8bit)
foreach(kernels heed_float_kernels heed_other_kernels)
  set_target_properties(${kernels} PROPERTIES EXCLUDE_FROM_ALL ON)
  target_link_libraries(${kernels} PRIVATE heed_flags heed_header_flags)
  if(HEED_BUILD_TESTS AND HEED_ASSERTIONS)
    target_compile_options(${kernels} PRIVATE -UNDEBUG)
  endif()
endforeach()
add_library(heed_developer_kernels INTERFACE)
if(NOT HEED_TESTS)  # a few programs have fewer kernels than there are
  target_link_libraries(heed_developer_kernels INTERFACE heed_float_kernels heed_other_kernels)
endif()

# Large functions of models and texts, compiled once for the examples.
if(TARGET heed_models)
  target_link_libraries(heed_models PRIVATE heed_flags heed_float_kernels)
  set_target_properties(heed_models PROPERTIES CXX_EXTENSIONS OFF)
endif()
