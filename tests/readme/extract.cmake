# SPDX-License-Identifier: MIT
# Writes the first ```cpp block of README to PROGRAM and the ```text block after it to EXPECTED.
cmake_minimum_required(VERSION 3.21)

file(READ ${README} rest)

# Cuts the next block of `language` out of `rest`.
macro(cut language result)
  string(FIND "${rest}" "\n```${language}\n" start)
  if(start EQUAL -1)
    message(FATAL_ERROR "${README} has no ```${language} block where one is expected")
  endif()
  string(LENGTH "\n```${language}\n" length)
  math(EXPR start "${start} + ${length}")
  string(SUBSTRING "${rest}" ${start} -1 rest)
  string(FIND "${rest}" "```" end)
  string(SUBSTRING "${rest}" 0 ${end} ${result})
endmacro()

cut(cpp program)
cut(text expected)
file(WRITE ${PROGRAM} "${program}")
file(WRITE ${EXPECTED} "${expected}")
