# SPDX-License-Identifier: MIT
# heed_kernels(NAME [TYPE...])
#
# A static library NAME that holds the kernels of some types of queries and keys, `float` unless told:
#
#   float double half bfloat16                       queries, keys and values of one type
#   float_over_half float_over_bfloat16              smaller keys and values
#   float_over_8bit half_over_8bit bfloat16_over_8bit
#
# A program that links it links heed::heed too. Its files that call heed then do not compile those
# kernels, which is most of what they would take; rules, however many, are not part of a kernel.
# NAME and the program must be built with the same flags and definitions, which NAME can hand on:
# target_compile_options(NAME PUBLIC -O3 -march=native). Where the instruction set differs, the linker
# misses names that bear it.

# The C++ types of `half`, or of `float_over_8bit`.
function(heed_types_of type queries keys)
  if(NOT type MATCHES
      "^(float|double|half|bfloat16|float_over_half|float_over_bfloat16|(float|half|bfloat16)_over_8bit)$")
    message(FATAL_ERROR "heed_kernels: there are no kernels of ${type}")
  endif()
  string(REGEX REPLACE "_over_.*" "" of_queries ${type})
  string(REGEX REPLACE ".*_over_" "" of_keys ${type})
  foreach(of of_queries of_keys)
    if(${of} MATCHES "half|bfloat16")
      string(PREPEND ${of} Eigen::)
    endif()
  endforeach()
  set(${queries} ${of_queries} PARENT_SCOPE)
  if(of_keys STREQUAL 8bit)
    set(${keys} quantised PARENT_SCOPE)
  else()
    set(${keys} "tiled_view<const ${of_keys}>" PARENT_SCOPE)
  endif()
endfunction()

function(heed_kernels name)
  set(types ${ARGN})
  if(NOT types)
    set(types float)
  endif()
  set(sources)
  set(definitions)
  foreach(type IN LISTS types)
    heed_types_of(${type} queries keys)
    # Two files, so that two cores have something to do.
    set(instances_attention "HEED_KERNELS(, ${queries}, ${keys})")
    set(instances_products)
    if(type MATCHES "^(float|double)$")
      set(instances_products "HEED_PRODUCTS(, ${type})")
    endif()
    foreach(kind attention products)
      set(instances "${instances_${kind}}")
      if(NOT instances)
        continue()
      endif()
      set(source ${CMAKE_CURRENT_BINARY_DIR}/${name}/${type}_${kind}.cpp)
      file(CONFIGURE OUTPUT ${source} @ONLY CONTENT "#include <heed/kernel/instances.hpp>
#include <heed/gemm/gemm.hpp>

namespace heed {
inline namespace HEED_ABI {
namespace detail {
@instances@
}
}
}
")
      list(APPEND sources ${source})
    endforeach()
    string(TOUPPER HEED_KERNELS_${type} definition)
    list(APPEND definitions ${definition})
  endforeach()
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC heed::heed)
  target_compile_definitions(${name} PUBLIC ${definitions})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
endfunction()
