# SPDX-License-Identifier: MIT
# cmake -P headers.cmake INCLUDE_DIR
# Reads the headers' includes and macros, and names every one that breaks a rule of the house.
cmake_minimum_required(VERSION 3.21)

math(EXPR last "${CMAKE_ARGC} - 1")
cmake_path(ABSOLUTE_PATH CMAKE_ARGV${last} OUTPUT_VARIABLE root)
file(GLOB_RECURSE headers RELATIVE ${root} ${root}/heed/*.hpp)
if(NOT headers)
  message(FATAL_ERROR "no headers in ${root}/heed")
endif()

function(complain sentence)
  message("${sentence}")
  set_property(GLOBAL PROPERTY broken TRUE)
endfunction()

# The floors of the house, from the ground up: a header may include its own floor and those below. This
# is the one list of rooms; a header that is in none of them is refused.
set(floors
  "config|version"
  "core/.*"
  "simd/.*"
  "storage/.*"
  "gemm/.*"
  "modifiers/.*"
  "modifiers"
  "kernel/.*"
  "attention|attention_backward|merge|reference|reference_backward|dispatch"
  "(cache|position)/.*"
  "layer/.*"
  "model/.*"
  "audio/.*"
  "io/.*"
  "text/.*"
  "train/.*"
  "heed|models|train"
  "parallel/.*"
  "mpi")

# The number of the header's floor, or "none".
function(floor_of header result)
  set(number 0)
  foreach(floor IN LISTS floors)
    if(header MATCHES "^heed/(${floor})\\.hpp$")
      set(${result} ${number} PARENT_SCOPE)
      return()
    endif()
    math(EXPR number "${number} + 1")
  endforeach()
  set(${result} none PARENT_SCOPE)
endfunction()

foreach(header IN LISTS headers)
  floor_of(${header} floor)
  if(floor STREQUAL "none")
    complain("${header} stands on no floor of the house")
  endif()

  file(STRINGS ${root}/${header} lines REGEX "^ *# *include")
  set(includes_${header})
  foreach(line IN LISTS lines)
    if(line MATCHES "<(heed/[^>]+)>")
      set(included ${CMAKE_MATCH_1})
      list(APPEND includes_${header} ${included})
      floor_of(${included} below)
      if(NOT below STREQUAL "none" AND NOT floor STREQUAL "none" AND below GREATER floor)
        complain("${header} includes ${included}, which lies above it")
      endif()
      if(header MATCHES "^heed/reference(_backward)?\\.hpp$" AND included MATCHES "^heed/kernel/")
        complain("${header} includes ${included}: the truth shares no code with the kernels")
      endif()
    elseif(line MATCHES "include *\"")
      complain("${header} includes by a relative path: ${line}")
    endif()
  endforeach()

  file(STRINGS ${root}/${header} defines REGEX "^ *# *define ")
  foreach(line IN LISTS defines)
    string(REGEX MATCH "define +([A-Za-z0-9_]+)" _ "${line}")
    set(macro ${CMAKE_MATCH_1})
    if(NOT floor STREQUAL 0 OR NOT macro MATCHES "^HEED_")
      complain("${header} defines the macro ${macro}")
    endif()
  endforeach()
endforeach()

# Depth first from `header`; `path` is how we came here.
function(walk header path)
  list(FIND path ${header} seen)
  if(NOT seen EQUAL -1)
    list(SUBLIST path ${seen} -1 path)
    list(APPEND path ${header})
    list(JOIN path " > " path)
    complain("a circle: ${path}")
    return()
  endif()
  get_property(reached GLOBAL PROPERTY reached)
  if(header IN_LIST reached)
    return()
  endif()
  list(APPEND path ${header})
  # X_implementation.hpp may include X.hpp, which includes it where nothing is compiled elsewhere.
  string(REPLACE "_implementation.hpp" ".hpp" declares ${header})
  list(REMOVE_ITEM includes_${header} ${declares})
  foreach(included IN LISTS includes_${header})
    walk(${included} "${path}")
  endforeach()
  set_property(GLOBAL APPEND PROPERTY reached ${header})
endfunction()

# What a program includes: the umbrellas.
walk(heed/heed.hpp "")
foreach(umbrella models train mpi)
  if(heed/${umbrella}.hpp IN_LIST headers)
    walk(heed/${umbrella}.hpp "")
  endif()
endforeach()
get_property(reached GLOBAL PROPERTY reached)
foreach(header IN LISTS headers)
  if(NOT header IN_LIST reached)
    complain("${header} cannot be reached from heed/heed.hpp")
  endif()
endforeach()

get_property(broken GLOBAL PROPERTY broken)
if(broken)
  message(FATAL_ERROR "The headers break the rules above.")
endif()
list(LENGTH headers count)
message("${count} headers keep the rules")
