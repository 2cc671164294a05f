# SPDX-License-Identifier: MIT
# Installed C libraries, which have no CMake package on every system.

# heed_find_library(oniguruma | utf8proc | libedit | sndfile): makes the target heed::NAME where the library is here.
function(heed_find_library name)
  set(oniguruma oniguruma oniguruma.h onig)  # for pkg-config; a header; a library
  set(utf8proc libutf8proc utf8proc.h utf8proc)
  set(libedit libedit editline/readline.h edit)
  set(sndfile sndfile sndfile.h sndfile)
  list(GET ${name} 0 package)
  list(GET ${name} 1 header)
  list(GET ${name} 2 library)
  find_package(PkgConfig QUIET)
  if(PkgConfig_FOUND)
    pkg_check_modules(heed_pc_${name} QUIET ${package})
  endif()
  find_path(HEED_${name}_INCLUDE_DIR ${header} HINTS ${heed_pc_${name}_INCLUDE_DIRS})
  find_library(HEED_${name}_LIBRARY NAMES ${library} HINTS ${heed_pc_${name}_LIBRARY_DIRS})
  mark_as_advanced(HEED_${name}_INCLUDE_DIR HEED_${name}_LIBRARY)
  if(HEED_${name}_INCLUDE_DIR AND HEED_${name}_LIBRARY)
    add_library(heed::${name} UNKNOWN IMPORTED GLOBAL)
    set_target_properties(heed::${name} PROPERTIES
      IMPORTED_LOCATION ${HEED_${name}_LIBRARY}
      INTERFACE_INCLUDE_DIRECTORIES ${HEED_${name}_INCLUDE_DIR})
    message(STATUS "heed: ${name}: installed, ${HEED_${name}_LIBRARY}")
  endif()
endfunction()
