# SPDX-License-Identifier: MIT
# heed_format writes every source as .clang-format says; heed_check_format complains instead.
find_program(HEED_CLANG_FORMAT NAMES clang-format-14 clang-format)
if(HEED_CLANG_FORMAT)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS
    include/*.hpp tests/*.hpp tests/*.cpp examples/*.hpp examples/*.cpp benchmarks/*.hpp
    benchmarks/*.cpp cmake/*.cpp)
  add_custom_target(heed_format COMMAND ${HEED_CLANG_FORMAT} -i ${sources} VERBATIM)
  add_custom_target(heed_check_format
    COMMAND ${HEED_CLANG_FORMAT} --dry-run --Werror ${sources} VERBATIM)
endif()
