// SPDX-License-Identifier: MIT
// heed across processes, by MPI: CMake's heed::mpi. heed.hpp does without.
//
//   heed::attention(q, k, v, out, heed::heads{8, 2}, heed::causal, heed::across(MPI_COMM_WORLD));
#pragma once

#include <heed/heed.hpp>                                // heed::attention and its modifiers
#include <heed/parallel/attention_across.hpp>           // across, zigzag
#include <heed/parallel/attention_backward_across.hpp>  // attention_backward
#include <heed/parallel/decoder_across.hpp>    // decoder_across, cache_by_keys, cache_by_heads
#include <heed/parallel/gradients_across.hpp>  // gradients_across
#include <heed/parallel/run_ranks.hpp>         // run_ranks
