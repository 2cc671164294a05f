# SPDX-License-Identifier: MIT
# cmake -DINCLUDE=include -DOUTPUT=heed.hpp -DVERSION=1.2.3 -P amalgamate.cmake
# Puts every heed header where it is first included, from heed/heed.hpp on.
cmake_minimum_required(VERSION 3.21)

# The text of a header with its own heed includes replaced by their text, each once in all.
function(expand header result)
  get_property(done GLOBAL PROPERTY done)
  if(header IN_LIST done)
    set(${result} "" PARENT_SCOPE)
    return()
  endif()
  set_property(GLOBAL APPEND PROPERTY done ${header})

  file(READ ${INCLUDE}/${header} rest)
  string(REPLACE "#pragma once\n" "" rest "${rest}")
  set(text "")
  while(rest MATCHES "#include <(heed/[^>]+)>[^\n]*\n")
    set(line "${CMAKE_MATCH_0}")
    set(included "${CMAKE_MATCH_1}")
    string(FIND "${rest}" "${line}" start)
    string(LENGTH "${line}" length)
    math(EXPR end "${start} + ${length}")
    string(SUBSTRING "${rest}" 0 ${start} before)
    string(SUBSTRING "${rest}" ${end} -1 rest)
    expand(${included} inner)
    string(APPEND text "${before}" "${inner}")
  endwhile()
  set(${result} "// ---- ${header}\n${text}${rest}\n" PARENT_SCOPE)
endfunction()

expand(heed/heed.hpp text)
string(REGEX REPLACE "// SPDX-License-Identifier: MIT\n" "" text "${text}")
file(WRITE ${OUTPUT} "// SPDX-License-Identifier: MIT
// heed ${VERSION} in one file, made from include/heed by the target heed_single_header.
#pragma once

${text}")
