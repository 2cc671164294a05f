# SPDX-License-Identifier: MIT
# Programs of several processes, one for each MPI that is here.

# Under a sanitizer with MPICH alone, whose one leak support/leaks.txt names; only a whole stack shows that it
# is MPICH's, since the library that allocates is unloaded by then. UCX, which MPICH sends by, must leave
# Clang's interceptors of memory as they are. Few ranks will do: -DHEED_MPI_COUNTS="1;2;3;4;7" for more.
set(HEED_MPI_COUNTS "" CACHE STRING "On how many ranks tests of several processes are run; empty: as is usual")
if(HEED_SANITIZE)
  list(FILTER heed_mpis INCLUDE REGEX "^mpich$")
  list(APPEND heed_mpi_environment ASAN_OPTIONS=fast_unwind_on_malloc=0 UCX_MEM_EVENTS=no
    LSAN_OPTIONS=suppressions=${CMAKE_CURRENT_LIST_DIR}/support/leaks.txt)
endif()

# heed_mpi_program(TARGET MPI SOURCE)
function(heed_mpi_program target mpi source)
  add_executable(${target} ${source})
  target_link_libraries(${target} PRIVATE heed_mpi_${mpi} heed_developer GTest::gtest)
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_FUNCTION_LIST_DIR})
  if(HEED_ASSERTIONS)
    target_compile_options(${target} PRIVATE -UNDEBUG)
  endif()
endfunction()

# heed_run_ranks(NAME MPI RANKS LABELS COMMAND...): what a program does on so many ranks, with a time limit.
function(heed_run_ranks name mpi ranks labels)
  add_test(NAME ${name} COMMAND ${heed_mpi_${mpi}_EXEC} -n ${ranks} ${ARGN})
  set_tests_properties(${name} PROPERTIES LABELS "${labels};mpi" TIMEOUT 120 PROCESSORS 2
    ENVIRONMENT "${heed_mpi_environment}")
endfunction()

# tests/NAME.cpp, a GoogleTest program, on 1, 2, 3, 4 and 7 ranks; under the second MPI on a few of them.
function(heed_mpi_test name labels)
  if(NOT heed_mpis)
    add_test(NAME ${name} COMMAND ${CMAKE_COMMAND} -E echo "left out: no MPI")
    set_tests_properties(${name} PROPERTIES LABELS "${labels};mpi" SKIP_REGULAR_EXPRESSION "left out")
    return()
  endif()
  set(counts 1 2 3 4 7)
  if(HEED_MPI_COUNTS)
    set(counts ${HEED_MPI_COUNTS})
  elseif(HEED_SANITIZE)
    set(counts 2 3)
  endif()
  foreach(mpi IN LISTS heed_mpis)
    string(MAKE_C_IDENTIFIER test_${name}_${mpi} target)
    heed_mpi_program(${target} ${mpi} ${name}.cpp)
    if(name MATCHES "run_ranks$")
      heed_test_endings(${name} ${mpi} ${target} "${labels}")
      continue()
    endif()
    foreach(count IN LISTS counts)
      heed_run_ranks(${name}/${mpi}_${count} ${mpi} ${count} "${labels}" $<TARGET_FILE:${target}>)
    endforeach()
    set(counts 2 7)
  endforeach()
endfunction()

# A rank that throws, or is killed, ends all: mpiexec says so within the time limit and gives no success.
function(heed_test_endings name mpi target labels)
  set(well "all ranks are there")
  set(throws "rank 2 of 3: the file of layer 7 is cut short")
  set(throws_number "rank 2 of 3: an exception that is no std::exception")
  set(killed "[Ss]ignal 9|KILLED BY SIGNAL: 9|SIGNAL: 9")
  foreach(how well throws throws_number killed)
    set(test ${name}/${mpi}_${how})
    heed_run_ranks(${test} ${mpi} 3 "${labels}" $<TARGET_FILE:${target}> ${how})
    set_tests_properties(${test} PROPERTIES PASS_REGULAR_EXPRESSION "${${how}}" TIMEOUT 20)
  endforeach()
endfunction()

# The same programs on hosts of their own, where the system permits network namespaces.
function(heed_test_hosts)
  if(HEED_SANITIZE)
    return()
  endif()
  foreach(mpi IN LISTS heed_mpis)
    if(NOT mpi MATCHES "^(openmpi|mpich)$" OR NOT TARGET test_heed_parallel_attention_across_${mpi})
      continue()
    endif()
    add_test(NAME hosts/${mpi} COMMAND sh ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/hosts/run ${mpi} 3
      $<TARGET_FILE:test_heed_parallel_attention_across_${mpi}>
      --gtest_filter=*packed*:*caches*:*faults*)
    set_tests_properties(hosts/${mpi} PROPERTIES LABELS mpi TIMEOUT 120 PROCESSORS 2
      SKIP_RETURN_CODE 77)
  endforeach()
endfunction()
