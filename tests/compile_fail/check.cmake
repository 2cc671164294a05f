# SPDX-License-Identifier: MIT
# Compiles CASE and compares what the compiler says with the file's `// expect:` lines.
cmake_minimum_required(VERSION 3.21)

file(STRINGS ${CASE} expectations REGEX "^// expect: ")
file(STRINGS ${CASE} case_flags REGEX "^// flags: ")
list(TRANSFORM expectations REPLACE "^// expect: " "")
string(REGEX REPLACE "// flags: " "" case_flags "${case_flags}")
if(NOT expectations)
  message(FATAL_ERROR "${CASE} does not say `// expect: SENTENCE`")
endif()

if(MSVC)
  string(REPLACE "-ffast-math" "/fp:fast" case_flags "${case_flags}")
  list(TRANSFORM INCLUDES PREPEND /I)
  set(check_only /nologo /EHsc /Zs)
else()
  list(TRANSFORM INCLUDES PREPEND -I)
  set(check_only -fsyntax-only)
endif()
separate_arguments(flags NATIVE_COMMAND "${FLAGS} ${case_flags}")

execute_process(COMMAND ${COMPILER} ${flags} ${INCLUDES} ${check_only} ${CASE}
  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)

if(expectations STREQUAL "nothing")
  if(result)
    message(FATAL_ERROR "${CASE} must compile:\n${output}")
  endif()
  return()
endif()

if(result EQUAL 0)
  message(FATAL_ERROR "${CASE} compiles, but must not")
endif()
foreach(sentence IN LISTS expectations)
  string(FIND "${output}" "${sentence}" position)
  if(position EQUAL -1)
    message(FATAL_ERROR "${CASE} is refused, but not with \"${sentence}\":\n${output}")
  endif()
endforeach()

# The sentence must not drown: it stands alone, or with one consequence of the refused call.
string(REGEX MATCHALL "[: ]error[: ]" errors "${output}")
list(LENGTH errors count)
if(count GREATER 2)
  message(FATAL_ERROR "${CASE} is refused with ${count} errors instead of one:\n${output}")
endif()
message("refused, and says: ${expectations}")
