# SPDX-License-Identifier: MIT
# cmake -DCXX=c++ -DNM=nm -DOBJCOPY=objcopy -DOBJECTS="a.o;b.o" -DOUTPUT=both.o -P heed_keep_apart.cmake
# Joins object files into one whose inline functions and templates (weak symbols) are its own.
cmake_minimum_required(VERSION 3.21)

function(run)
  execute_process(COMMAND ${ARGV} OUTPUT_VARIABLE output RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    file(REMOVE ${OUTPUT})
    list(JOIN ARGV " " line)
    message(FATAL_ERROR "failed: ${line}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

# Without groups, since a linker throws groups away by their name.
run(${CXX} -r -nostdlib -Wl,--force-group-allocation -o ${OUTPUT} ${OBJECTS})
run(${NM} --defined-only --format=posix ${OUTPUT})
string(REGEX MATCHALL "[^\n]+ [WV] " weak "${output}")
list(TRANSFORM weak REPLACE " . $" "")
list(JOIN weak "\n" weak)
file(WRITE ${OUTPUT}.local "${weak}\n")
run(${OBJCOPY} --localize-symbols=${OUTPUT}.local ${OUTPUT})
