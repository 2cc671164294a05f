# SPDX-License-Identifier: MIT
# heed_dispatch(TARGET SOURCES FILE... [LEVELS 2 3 4])
#
# Compiles the files into TARGET once for TARGET's own flags (HEED_LEVEL is 1) and once for each level
# of the x86-64 instruction set (HEED_LEVEL is 2, 3, 4); heed::dispatch picks one at run time. All of
# the target's include folders, definitions and options hold for them too.
#
# Inline functions and templates of the C++ library and of Eigen carry the same name at each level, and
# a linker keeps one of each, perhaps one that the machine cannot run. So those of a level are made
# local to it, which takes GNU-like binary tools. Elsewhere level 1 alone is built.
set(heed_keep_apart ${CMAKE_CURRENT_LIST_DIR}/heed_keep_apart.cmake)

function(heed_dispatch target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LEVELS")
  if(NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "heed_dispatch(TARGET SOURCES FILE... [LEVELS 2 3 4]): got ${ARGV}")
  endif()
  foreach(level IN LISTS arg_LEVELS)
    if(NOT level MATCHES "^[234]$")
      message(FATAL_ERROR "heed_dispatch: levels are 2, 3 and 4; got ${level}")
    endif()
  endforeach()
  if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$" OR NOT CMAKE_EXECUTABLE_FORMAT STREQUAL ELF
      OR NOT CMAKE_NM OR NOT CMAKE_OBJCOPY OR NOT CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
    message(STATUS "heed: ${target} is built for one level of the instruction set")
    set(arg_LEVELS "")
  endif()

  set(built 1 ${arg_LEVELS})
  list(REMOVE_DUPLICATES built)
  list(SORT built ORDER DESCENDING)
  list(JOIN built "," built)
  target_sources(${target} PRIVATE ${arg_SOURCES})
  target_compile_definitions(${target} PRIVATE HEED_BUILT_LEVELS=${built})

  foreach(level IN LISTS arg_LEVELS)
    set(objects ${target}_level_${level})
    set(apart ${CMAKE_CURRENT_BINARY_DIR}/${objects}.o)
    add_library(${objects} OBJECT ${arg_SOURCES})
    target_link_libraries(${objects} PRIVATE $<TARGET_PROPERTY:${target},LINK_LIBRARIES>)
    target_include_directories(${objects} PRIVATE $<TARGET_PROPERTY:${target},INCLUDE_DIRECTORIES>)
    target_compile_definitions(${objects} PRIVATE
      $<TARGET_PROPERTY:${target},COMPILE_DEFINITIONS> HEED_LEVEL=${level})
    target_compile_options(${objects} PRIVATE
      $<TARGET_PROPERTY:${target},COMPILE_OPTIONS> -march=x86-64-v${level}
      $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
    if(level EQUAL 4 AND CMAKE_CXX_COMPILER_ID STREQUAL GNU
        AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
      # ... which takes the deliberately undefined operand of its own AVX-512 intrinsics for a mistake.
      target_compile_options(${objects} PRIVATE -Wno-uninitialized -Wno-maybe-uninitialized)
    endif()
    set_target_properties(${objects} PROPERTIES
      POSITION_INDEPENDENT_CODE ON INTERPROCEDURAL_OPTIMIZATION OFF)
    add_custom_command(OUTPUT ${apart}
      COMMAND ${CMAKE_COMMAND} -DCXX=${CMAKE_CXX_COMPILER} -DNM=${CMAKE_NM}
        -DOBJCOPY=${CMAKE_OBJCOPY} "-DOBJECTS=$<TARGET_OBJECTS:${objects}>" -DOUTPUT=${apart}
        -P ${heed_keep_apart}
      DEPENDS $<TARGET_OBJECTS:${objects}> ${heed_keep_apart}
      COMMENT "Keeping level ${level} of ${target} apart"
      VERBATIM)
    set_source_files_properties(${apart} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
    target_sources(${target} PRIVATE ${apart})
  endforeach()
endfunction()
