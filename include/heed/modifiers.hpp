// SPDX-License-Identifier: MIT
// All modifiers: the arguments that a call of heed::attention can have after its matrices.
//
//   heed::attention(q, k, v, out, heed::causal && heed::window{.left = 255}, heed::soft_cap(30.f));
#pragma once

#include <heed/modifiers/masks/causal.hpp>       // causal, causal_from
#include <heed/modifiers/masks/documents.hpp>    // documents
#include <heed/modifiers/masks/keep.hpp>         // keep
#include <heed/modifiers/masks/prefix.hpp>       // prefix, key_length
#include <heed/modifiers/masks/where.hpp>        // where
#include <heed/modifiers/masks/window.hpp>       // window
#include <heed/modifiers/options/dropout.hpp>    // dropout
#include <heed/modifiers/options/heads.hpp>      // heads
#include <heed/modifiers/options/outputs.hpp>    // key_weights, log_sum_exp, weights
#include <heed/modifiers/options/packed.hpp>     // packed
#include <heed/modifiers/options/resources.hpp>  // in, on
#include <heed/modifiers/options/scale.hpp>      // scale
#include <heed/modifiers/options/sink.hpp>       // sink
#include <heed/modifiers/scores/alibi.hpp>       // alibi
#include <heed/modifiers/scores/bias.hpp>        // bias
#include <heed/modifiers/scores/score.hpp>       // score
#include <heed/modifiers/scores/soft_cap.hpp>    // soft_cap
