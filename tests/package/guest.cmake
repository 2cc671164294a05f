# SPDX-License-Identifier: MIT
# The program of each guest project, and a look at what heed brought along: nothing but headers.
add_executable(guest ${CMAKE_CURRENT_LIST_DIR}/main.cpp)
target_link_libraries(guest PRIVATE heed::heed)
target_compile_options(guest PRIVATE
  $<IF:$<BOOL:${MSVC}>,/W4;/WX,-Wall;-Wextra;-Wpedantic;-Wshadow;-Wconversion;-Wsign-conversion;-Wfloat-equal;-Wold-style-cast;-Wdouble-promotion;-Wcast-align;-Wundef;-Wextra-semi;-Wnull-dereference;-Werror>
  $<$<CXX_COMPILER_ID:GNU>:-Wuseless-cast>)

foreach(property COMPILE_OPTIONS COMPILE_DEFINITIONS LINK_OPTIONS SOURCES PRECOMPILE_HEADERS)
  get_target_property(value heed::heed INTERFACE_${property})
  if(value)
    message(FATAL_ERROR "heed::heed forces ${property} on its user: ${value}")
  endif()
endforeach()
get_target_property(links heed::heed INTERFACE_LINK_LIBRARIES)
if(NOT links STREQUAL "Eigen3::Eigen")
  message(FATAL_ERROR "heed::heed links more than Eigen: ${links}")
endif()
