# SPDX-License-Identifier: MIT
# Each dependency: the caller's target, else an installed package, else a release pinned by SHA256.
include(FetchContent)
if(POLICY CMP0135)
  cmake_policy(SET CMP0135 NEW)  # unpacked files are dated now, not when they were packed
endif()

# Makes TARGET exist: from PACKAGE where that is installed, else by fetching CONTENT, which the rest
# of the arguments declare.
function(heed_require target package content)
  if(TARGET ${target})
    message(STATUS "heed: ${package}: the target ${target} that this project already has")
    return()
  endif()
  find_package(${package} CONFIG QUIET)
  if(TARGET ${target})
    # A project that adds heed as a subdirectory links through us, so it must see the target too.
    set_target_properties(${target} PROPERTIES IMPORTED_GLOBAL TRUE)
    set(${package}_VERSION ${${package}_VERSION} PARENT_SCOPE)
    message(STATUS "heed: ${package} ${${package}_VERSION}: installed, ${${package}_DIR}")
    return()
  endif()
  string(TOUPPER ${content} name)
  message(STATUS "heed: ${package}: not installed; fetching a release pinned by its SHA256 "
    "(without a network, point FETCHCONTENT_SOURCE_DIR_${name} to its sources)")
  FetchContent_Declare(${content} ${ARGN})
  FetchContent_MakeAvailable(${content})
  set(${content}_SOURCE_DIR ${${content}_SOURCE_DIR} PARENT_SCOPE)
endfunction()

set(HEED_FETCH_EIGEN 3.4.0 CACHE STRING "The Eigen that is fetched where none is installed")
set(heed_eigen_3.4.0 8586084f71f9bde545ee7fa6d00288b264a2b7ac3607b974e54d13e7162c1c72)
set(heed_eigen_5.0.1 e9c326dc8c05cd1e044c71f30f1b2e34a6161a3b6ecf445d56b53ff1669e3dec)

# Eigen's package file refuses a newer major version where an older one is asked for, so we ask for
# none and compare ourselves.
function(heed_require_eigen)
  # SOURCE_SUBDIR names no folder: Eigen is only unpacked, its own build (tests, BLAS) never runs.
  heed_require(Eigen3::Eigen Eigen3 eigen
    URL https://gitlab.com/libeigen/eigen/-/archive/${HEED_FETCH_EIGEN}/eigen-${HEED_FETCH_EIGEN}.tar.gz
    URL_HASH SHA256=${heed_eigen_${HEED_FETCH_EIGEN}}
    SOURCE_SUBDIR only-the-headers)
  if(Eigen3_VERSION AND Eigen3_VERSION VERSION_LESS 3.4)
    message(FATAL_ERROR "heed needs Eigen 3.4 or newer and found ${Eigen3_VERSION}. Set Eigen3_DIR "
      "to a newer one, or CMAKE_DISABLE_FIND_PACKAGE_Eigen3=ON to have one fetched.")
  endif()
  if(NOT TARGET Eigen3::Eigen)
    add_library(Eigen3::Eigen INTERFACE IMPORTED GLOBAL)
    target_include_directories(Eigen3::Eigen INTERFACE ${eigen_SOURCE_DIR})
  endif()
endfunction()

function(heed_require_googletest)
  set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)  # their options are set here, not in our caller's cache
  set(BUILD_GMOCK OFF)
  set(INSTALL_GTEST OFF)
  set(gtest_force_shared_crt ON)
  heed_require(GTest::gtest_main GTest googletest
    URL https://github.com/google/googletest/archive/refs/tags/v1.14.0.tar.gz
    URL_HASH SHA256=8ad598c73ad796e0d8280b082cebd82a630d73e73cd3c70057938a6501bba5d7)
endfunction()

function(heed_require_benchmark)
  set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)
  set(BENCHMARK_ENABLE_TESTING OFF)
  set(BENCHMARK_ENABLE_INSTALL OFF)
  set(BENCHMARK_ENABLE_WERROR OFF)
  heed_require(benchmark::benchmark benchmark benchmark
    URL https://github.com/google/benchmark/archive/refs/tags/v1.8.3.tar.gz
    URL_HASH SHA256=6bc180a57d23d4d9515519f92b0c83d61b05b5bab188961f36ac7b06b0d9e9ce)
endfunction()
