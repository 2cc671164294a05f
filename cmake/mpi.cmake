# SPDX-License-Identifier: MIT
# heed::mpi is heed::heed and an MPI. Tests and examples are built for each MPI of heed_mpis: the name of one
# is NAME, its target heed_mpi_NAME, and what starts its programs ${heed_mpi_NAME_EXEC}.
set(HEED_MPI AUTO CACHE STRING "heed::mpi: AUTO makes it where an MPI is here, ON demands one, OFF leaves it out")
set(heed_mpis "")
if(HEED_MPI STREQUAL OFF)
  return()
endif()

# A guest's cache is left alone: there, heed::mpi is made where the guest has found an MPI, or asks for one.
if(HEED_MPI STREQUAL AUTO AND NOT PROJECT_IS_TOP_LEVEL AND NOT TARGET MPI::MPI_CXX)
  return()
endif()

set(MPI_CXX_SKIP_MPICXX TRUE)  # the C++ bindings, which MPI-3 has no more
if(HEED_MPI STREQUAL ON)
  find_package(MPI REQUIRED COMPONENTS CXX)
else()
  find_package(MPI QUIET COMPONENTS CXX)
endif()
if(NOT TARGET MPI::MPI_CXX)
  message(STATUS "heed: heed::mpi is left out: no MPI (MPI_HOME or MPI_CXX_COMPILER say where one is)")
  return()
endif()
set_target_properties(MPI::MPI_CXX PROPERTIES IMPORTED_GLOBAL TRUE)
add_library(heed_mpi INTERFACE)
add_library(heed::mpi ALIAS heed_mpi)
target_link_libraries(heed_mpi INTERFACE heed::heed MPI::MPI_CXX)

# A second MPI, whose wrapper compiler says what it adds to a command line.
function(heed_mpi_of name)
  find_program(HEED_MPICXX_${name} mpicxx.${name})
  find_program(HEED_MPIEXEC_${name} mpiexec.${name})
  mark_as_advanced(HEED_MPICXX_${name} HEED_MPIEXEC_${name})
  if(NOT HEED_MPICXX_${name} OR NOT HEED_MPIEXEC_${name})
    return()
  endif()
  execute_process(COMMAND ${HEED_MPICXX_${name}} -show OUTPUT_VARIABLE line RESULT_VARIABLE failed)
  if(failed)
    return()
  endif()
  separate_arguments(words UNIX_COMMAND "${line}")
  add_library(heed_mpi_${name} INTERFACE)
  target_link_libraries(heed_mpi_${name} INTERFACE heed::heed)
  target_compile_definitions(heed_mpi_${name} INTERFACE OMPI_SKIP_MPICXX MPICH_SKIP_MPICXX)
  foreach(word IN LISTS words)
    if(word MATCHES "^-I(.+)$")
      target_include_directories(heed_mpi_${name} SYSTEM INTERFACE ${CMAKE_MATCH_1})
    elseif(word MATCHES "^-L(.+)$")
      target_link_directories(heed_mpi_${name} INTERFACE ${CMAKE_MATCH_1})
    elseif(word MATCHES "^-l" AND NOT word MATCHES "cxx$")
      target_link_libraries(heed_mpi_${name} INTERFACE ${word})
    endif()
  endforeach()
  set(heed_mpi_${name}_EXEC ${HEED_MPIEXEC_${name}} PARENT_SCOPE)
  list(APPEND heed_mpis ${name})
  set(heed_mpis ${heed_mpis} PARENT_SCOPE)
endfunction()

# Debian has both under such names. Elsewhere there is the one that was found.
if(PROJECT_IS_TOP_LEVEL)
  heed_mpi_of(openmpi)
  heed_mpi_of(mpich)
  if(NOT heed_mpis)
    add_library(heed_mpi_found INTERFACE)
    target_link_libraries(heed_mpi_found INTERFACE heed::mpi)
    set(heed_mpi_found_EXEC ${MPIEXEC_EXECUTABLE})
    set(heed_mpis found)
  endif()
  list(JOIN heed_mpis ", " names)
  message(STATUS "heed: heed::mpi: MPI ${MPI_CXX_VERSION}; tests with: ${names}")
endif()

# What lets Open MPI start more ranks than there are cores, and as root in a container; other MPIs do so
# anyway.
set(heed_mpi_environment OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_ALLOW_RUN_AS_ROOT=1
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1)
