# SPDX-License-Identifier: MIT
# Fails where this CMake is older than the one that heed's own build asks for.
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/../../CMakeLists.txt line REGEX "^cmake_minimum_required")
string(REGEX MATCH "[0-9.]+" needed "${line}")
if(CMAKE_VERSION VERSION_LESS needed)
  message(FATAL_ERROR "CMake ${needed} is needed; this is ${CMAKE_VERSION}")
endif()
