# SPDX-License-Identifier: MIT
# Runs COMMAND and compares what it prints with the file EXPECTED: every line of that must occur, in
# any place; with WHOLE the two must be the same.
cmake_minimum_required(VERSION 3.21)

execute_process(COMMAND ${COMMAND} RESULT_VARIABLE result OUTPUT_VARIABLE output)
message("${output}")
if(result)
  message(FATAL_ERROR "${COMMAND} ended with ${result}")
endif()

string(REPLACE "\r" "" output "${output}")
if(WHOLE)
  file(READ ${EXPECTED} expected)
  if(NOT output STREQUAL expected)
    message(FATAL_ERROR "expected this instead:\n${expected}")
  endif()
  return()
endif()

file(STRINGS ${EXPECTED} lines ENCODING UTF-8)
foreach(line IN LISTS lines)
  string(FIND "${output}" "${line}" position)
  if(position EQUAL -1)
    message(FATAL_ERROR "this line is missing:\n${line}")
  endif()
endforeach()
