// SPDX-License-Identifier: MIT
// Learning: gradients of every layer, losses, optimisers. heed/heed.hpp and Eigen are all that it needs.
//
//   heed::decoder<float> gpt({.vocabulary = 256, .positions = 64, .model = 64, .layers = 2, .heads = 4});
//   heed::decoder<float> gradient = heed::zeros_like(gpt);
//   const auto weights = heed::parameters_of(gpt), derivatives = heed::parameters_of(gradient);
//   heed::saved<heed::decoder<float>> kept;
//   heed::adamw<float> optimiser;
//   for (heed::index step = 0; step < 100; ++step) {
//     heed::set_zero(derivatives);
//     heed::loss_and_gradient(gpt, batch, 1.0 / tokens, kept, gradient);
//     heed::clip_by_norm(derivatives, 1);
//     optimiser.step(weights, derivatives, 1e-3);
//   }
#pragma once

#include <heed/model/backward/decoder.hpp>          // gradients of a decoder and of its layers
#include <heed/model/backward/encoder.hpp>          // gradients of an encoder
#include <heed/model/backward/encoder_decoder.hpp>  // gradients of an encoder-decoder
#include <heed/model/backward/encoder_decoder_parameters.hpp>  // the same
#include <heed/model/backward/encoder_parameters.hpp>  // parameters_of, zeros_like, make_learnable
#include <heed/model/backward/low_rank.hpp>            // add_low_rank, merge_low_rank
#include <heed/model/backward/sentence_head.hpp>       // gradients of a text's vector
#include <heed/model/backward/shared_distance_bias.hpp>  // T5's and MPNet's bias of distances
#include <heed/train/clip.hpp>                           // clip_by_norm
#include <heed/train/contrastive_loss.hpp>               // contrastive_loss
#include <heed/train/loss.hpp>                           // loss_and_gradient, loss_of
#include <heed/train/muon.hpp>                           // muon
#include <heed/train/optimiser.hpp>                      // adamw, sgd
#include <heed/train/pair_loss.hpp>                      // the losses of an encoder-decoder
#include <heed/train/rounded_decoder.hpp>                // rounded_decoder
#include <heed/train/schedule.hpp>                       // constant_rate, cosine_rate
