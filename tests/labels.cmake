# SPDX-License-Identifier: MIT
# Labels of the programs below tests/heed: `unit`, the name of the folder, and those that are given
# here. HEED_TESTS and HEED_TESTS_WITHOUT choose by labels what is built, `ctest -L` what is run.

# heed_label(LABEL NAME... [EXCEPT NAME...]): `*` stands for any name, in folders below too. A name that
# no test has any more is an error, so that a test which moves cannot lose its label unseen.
function(heed_label label)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "EXCEPT")
  foreach(pattern IN LISTS arg_UNPARSED_ARGUMENTS arg_EXCEPT)
    file(GLOB_RECURSE found CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} heed/${pattern}.cpp)
    if(NOT found)
      message(FATAL_ERROR "tests/labels.cmake: no test heed/${pattern} for the label ${label}")
    endif()
    if(pattern IN_LIST arg_EXCEPT)
      list(REMOVE_ITEM labelled ${found})
    else()
      list(APPEND labelled ${found})
    endif()
  endforeach()
  foreach(source IN LISTS labelled)
    set_property(GLOBAL APPEND PROPERTY heed_labels_${source} ${label})
  endforeach()
endfunction()

# The labels of tests/NAME.cpp.
function(heed_labels_of name result)
  cmake_path(GET name PARENT_PATH folder)
  cmake_path(GET folder FILENAME folder)
  get_property(labels GLOBAL PROPERTY heed_labels_${name}.cpp)
  list(REMOVE_DUPLICATES labels)
  set(${result} unit ${folder} ${labels} PARENT_SCOPE)
endfunction()

# What looks at the instruction set, or must give the same bits on all of them.
heed_label(lanes
  simd/* gemm/* kernel/* storage/copy storage/quantised
  attention_backward attention_backward_layouts attention_digest attention_exceptions
  attention_overflow attention_same_bits)

# Storage types and rules, mixed by chance.
heed_label(mixed attention_storage attention_sweep/by_chance modifiers/options/key_weights)

# What several threads do.
heed_label(threads
  attention_backward_layouts attention_same_bits core/eigen_thread_pool core/execute core/scratch
  kernel/backward/turns modifiers/options/distance_bias_gradient)

# Long, and of little use under a second compiler or a sanitizer, since the programs labelled `mixed`
# run the same code: the sweep over all rules, and the models; gradients of encoders and adapters, made of the same
# layers as the decoder's.
heed_label(long
  attention_backward attention_sweep/* conformance/* model/backward/encoder model/backward/encoder_decoder
  model/backward/low_rank model/backward/shared_distance_bias
  EXCEPT attention_sweep/by_chance conformance/readers)

# Readers of files and text: the first leg and the fuzz targets see to them.
heed_label(files io/* text/*)

# Gradients and what learns by them: the first leg and the address sanitizer's see to them.
heed_label(learning attention_backward* reference_backward kernel/backward/* layer/backward/*
  model/backward/* modifiers/options/distance_bias_gradient train/*)
