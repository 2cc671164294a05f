// SPDX-License-Identifier: MIT
// heed: self-attention over Eigen matrices. Everything, in reading order.
//
//   using Eigen::MatrixXf;                            // a row is a token, a column a feature
//   heed::token_embedding<float> words({.vocabulary = 1000, .model = 64});
//   heed::sinusoidal<float> places({.model = 64});
//   heed::qkv_projection<float> project({.model = 64, .heads = 4});
//
//   MatrixXf x = words(ids) + places(0, ids.size());  // what each token is, and where
//   auto [q, k, v] = project(x);                      // the query, key and value of each token
//   MatrixXf context = heed::attention(q, k, v, heed::heads{4}, heed::causal);
//
// heed::attention is the verb; masks, score rules and settings are modifiers of it, in any order:
//
//   heed::attention(q, k, v, out, heed::causal && heed::window{.left = 255}, heed::soft_cap(30));
//   heed::attention(q, k, v, out, heed::where([](heed::at i) { return i.key % 2 == 0; }));
//
// heed::reference::attention is the same in a few textbook loops of double.
#pragma once

#include <heed/config.hpp>   // the only macros
#include <heed/version.hpp>  // three integers

#include <heed/attention.hpp>           // the verb and its modifiers
#include <heed/attention_backward.hpp>  // its gradients
#include <heed/dispatch.hpp>            // one program for several instruction sets
#include <heed/merge.hpp>               // keys held in several places
#include <heed/reference.hpp>           // the textbook
#include <heed/reference_backward.hpp>  // and its gradients
#include <heed/storage/key_tiles.hpp>   // keys as a cache holds them
#include <heed/storage/quantise.hpp>    // 8-bit keys and values

#include <heed/position/rotary.hpp>      // rotary_embedding
#include <heed/position/sinusoidal.hpp>  // sinusoidal

#include <heed/cache/kv_cache.hpp>       // kv_cache
#include <heed/cache/kv_caches.hpp>      // kv_caches
#include <heed/cache/rolling_cache.hpp>  // rolling_cache

#include <heed/layer/attention_layer.hpp>       // attention_layer
#include <heed/layer/linear.hpp>                // linear
#include <heed/layer/multi_head_attention.hpp>  // multi_head_attention
#include <heed/layer/observe_weights.hpp>       // observe_weights
#include <heed/layer/position_embedding.hpp>    // position_embedding
#include <heed/layer/qkv_projection.hpp>        // qkv_projection, fused_qkv_projection
#include <heed/layer/token_embedding.hpp>       // token_embedding

#include <heed/model/decoder.hpp>          // decoder, and the layers that it is made of
#include <heed/model/dual_encoder.hpp>     // texts and pictures in one space
#include <heed/model/encoder.hpp>          // encoder
#include <heed/model/encoder_decoder.hpp>  // encoder_decoder
#include <heed/model/generation.hpp>       // the tokens that it writes
#include <heed/model/head_pattern.hpp>     // what an attention head looks at
