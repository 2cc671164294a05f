# SPDX-License-Identifier: MIT
# Writes the first ```cpp block of README to PROGRAM, the ```text block after it to EXPECTED, and each
# further ```cpp block as a function to LINES, with a main that calls them all; and the ```c++ block, which
# needs heed::models, as a program to MODELS.
cmake_minimum_required(VERSION 3.21)

file(READ ${README} rest)

# Cuts the next block of `language` out of `rest`; leaves `result` empty where there is none.
macro(cut language result)
  set(${result} "")
  string(FIND "${rest}" "\n```${language}\n" start)
  if(NOT start EQUAL -1)
    string(LENGTH "\n```${language}\n" length)
    math(EXPR start "${start} + ${length}")
    string(SUBSTRING "${rest}" ${start} -1 rest)
    string(FIND "${rest}" "```" end)
    string(SUBSTRING "${rest}" 0 ${end} ${result})
    string(SUBSTRING "${rest}" ${end} -1 rest)
  endif()
endmacro()

set(whole "${rest}")
cut(c++ models)
string(REGEX MATCH "^#include[^\n]*\n" include "${models}")
string(REPLACE "${include}" "" models "${models}")
file(WRITE ${MODELS} "${include}#include <iostream>\n\nint main() {\n${models}}\n")
set(rest "${whole}")

cut(cpp program)
cut(text expected)
set(lines "#include \"given.hpp\"\n\nnamespace readme {\n\n")
set(calls "")
set(count 0)
cut(cpp block)
while(NOT block STREQUAL "")
  math(EXPR count "${count} + 1")
  string(APPEND lines "static void block_${count}() {\n${block}}\n\n")
  string(APPEND calls "  readme::block_${count}();\n")
  cut(cpp block)
endwhile()
if(program STREQUAL "" OR expected STREQUAL "" OR count LESS 5)
  message(FATAL_ERROR "${README} has no program, no output or too few blocks of code")
endif()
file(WRITE ${PROGRAM} "${program}")
file(WRITE ${EXPECTED} "${expected}")
file(WRITE ${LINES} "${lines}}  // namespace readme\n\nint main() {\n${calls}}\n")
