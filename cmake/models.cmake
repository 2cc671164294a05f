# SPDX-License-Identifier: MIT
# heed::models is heed::heed and what files and text need: nlohmann_json, Oniguruma, utf8proc. Each is the
# caller's target, else an installed library, else, where HEED_MODELS is ON, a release pinned by SHA256.
#
# heed_models is a static library with the large functions of both, compiled once; a program that links it
# instead of heed::models compiles none of them, and must be built with the same flags, which the library
# can hand on: target_compile_options(heed_models PUBLIC -O3 -march=native).
set(HEED_MODELS AUTO CACHE STRING
  "heed::models: AUTO makes it where its libraries are here, ON fetches those that are not, OFF leaves it out")
if(HEED_MODELS STREQUAL OFF)
  return()
endif()
include(${CMAKE_CURRENT_LIST_DIR}/find_library.cmake)
if(HEED_MODELS STREQUAL AUTO)
  set(heed_may_fetch FALSE)
else()
  set(heed_may_fetch TRUE)
endif()

# The first of some targets that exists, or nothing.
function(heed_first_target result)
  set(${result} "" PARENT_SCOPE)
  foreach(target IN LISTS ARGN)
    if(TARGET ${target})
      set(${result} ${target} PARENT_SCOPE)
      return()
    endif()
  endforeach()
endfunction()

# Sets RESULT to the target of a C library: one that the caller has, one that is found, one that is built
# from CONTENT, which the rest of the arguments declare.
function(heed_c_library result name targets content)
  heed_first_target(target ${targets} heed::${name})
  if(NOT target)
    heed_find_library(${name})
    heed_first_target(target heed::${name})
  endif()
  if(NOT target AND heed_may_fetch)
    message(STATUS "heed: ${name}: not installed; fetching a release pinned by its SHA256")
    FetchContent_Declare(${content} ${ARGN})
    FetchContent_MakeAvailable(${content})
    heed_first_target(target ${targets})
  endif()
  set(${result} "${target}" PARENT_SCOPE)
endfunction()

function(heed_find_models result)
  set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)  # their options are set here, not in our caller's cache
  set(BUILD_SHARED_LIBS OFF)
  set(BUILD_TESTING OFF)
  if(heed_may_fetch)
    set(JSON_BuildTests OFF)
    set(JSON_Install OFF)
    heed_require(nlohmann_json::nlohmann_json nlohmann_json json
      URL https://github.com/nlohmann/json/releases/download/v3.11.3/json.tar.xz
      URL_HASH SHA256=d6c65aca6b1ed68e7a182f4757257b107ae403032760ed6ef121c9d55e81757d)
  elseif(NOT TARGET nlohmann_json::nlohmann_json)
    find_package(nlohmann_json CONFIG QUIET)
    if(TARGET nlohmann_json::nlohmann_json)
      set_target_properties(nlohmann_json::nlohmann_json PROPERTIES IMPORTED_GLOBAL TRUE)
      message(STATUS "heed: nlohmann_json ${nlohmann_json_VERSION}: installed, ${nlohmann_json_DIR}")
    endif()
  endif()
  heed_first_target(json nlohmann_json::nlohmann_json)
  set(ENABLE_POSIX_API OFF)
  heed_c_library(onig oniguruma "oniguruma::onig;onig" oniguruma
    URL https://github.com/kkos/oniguruma/releases/download/v6.9.9/onig-6.9.9.tar.gz
    URL_HASH SHA256=60162bd3b9fc6f4886d4c7a07925ffd374167732f55dce8c491bfd9cd818a6cf)
  heed_c_library(utf8proc utf8proc "utf8proc::utf8proc;utf8proc" utf8proc
    URL https://github.com/JuliaStrings/utf8proc/archive/refs/tags/v2.9.0.tar.gz
    URL_HASH SHA256=18c1626e9fc5a2e192311e36b3010bfc698078f692888940f1fa150547abb0c1)
  set(missing)
  foreach(library json onig utf8proc)
    if(NOT ${library})
      list(APPEND missing ${library})
    endif()
  endforeach()
  if(missing)
    list(JOIN missing ", " missing)
    message(STATUS "heed: heed::models is left out: not here are ${missing} (nlohmann_json, Oniguruma, "
      "utf8proc; HEED_MODELS=ON fetches them)")
    set(${result} "" PARENT_SCOPE)
  else()
    set(${result} ${json} ${onig} ${utf8proc} PARENT_SCOPE)
  endif()
endfunction()

heed_find_models(heed_models_libraries)
if(NOT heed_models_libraries)
  return()
endif()
add_library(heed_models_headers INTERFACE)
add_library(heed::models ALIAS heed_models_headers)
target_link_libraries(heed_models_headers INTERFACE heed::heed ${heed_models_libraries})

# heed_models_file(NAME HEADER...): a file of heed_models, which compiles what heed/HEADER.hpp declares.
set(heed_models_files)
function(heed_models_file name)
  list(TRANSFORM ARGN REPLACE "(.+)" "#include <heed/\\1_implementation.hpp>" OUTPUT_VARIABLE lines)
  list(JOIN lines "\n" CONTENT)
  set(file ${CMAKE_CURRENT_BINARY_DIR}/heed_models/${name}.cpp)
  file(CONFIGURE OUTPUT ${file} CONTENT "@CONTENT@\n" @ONLY)
  set(heed_models_files ${heed_models_files} ${file} PARENT_SCOPE)
endfunction()
heed_models_file(text text/tokenizer)
heed_models_file(decoders io/hugging_face/load_decoder io/load_language_model model/language_model)
heed_models_file(encoders io/hugging_face/load_encoder io/hugging_face/load_encoder_decoder text/text_encoder)
heed_models_file(savers io/hugging_face/save_decoder io/hugging_face/save_encoder text/save_text_encoder
  text/save_byte_tokenizer text/learn_merges)
heed_models_file(files io/json_config io/read_tensor_file io/safetensors io/safetensors_writer)
heed_models_file(audio audio/keyword_listener io/load_keyword_model)
add_library(heed_models STATIC EXCLUDE_FROM_ALL ${heed_models_files})
target_link_libraries(heed_models PUBLIC heed::models)
target_compile_definitions(heed_models PUBLIC HEED_MODELS_COMPILED PRIVATE HEED_MODELS_LIBRARY)
set_target_properties(heed_models PROPERTIES POSITION_INDEPENDENT_CODE ON)
