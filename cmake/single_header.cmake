# SPDX-License-Identifier: MIT
# The target heed_single_header makes <build>/single/heed.hpp: the whole library in one file.
set(HEED_SINGLE_HEADER ${PROJECT_BINARY_DIR}/single/heed.hpp)
file(GLOB_RECURSE heed_headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/heed/*.hpp)

add_custom_command(OUTPUT ${HEED_SINGLE_HEADER}
  COMMAND ${CMAKE_COMMAND} -DINCLUDE=${PROJECT_SOURCE_DIR}/include -DOUTPUT=${HEED_SINGLE_HEADER}
    -DVERSION=${PROJECT_VERSION} -P ${PROJECT_SOURCE_DIR}/cmake/amalgamate.cmake
  DEPENDS ${heed_headers} ${PROJECT_SOURCE_DIR}/cmake/amalgamate.cmake
  COMMENT "Joining include/heed into single/heed.hpp"
  VERBATIM)
add_custom_target(heed_single_header DEPENDS ${HEED_SINGLE_HEADER})
