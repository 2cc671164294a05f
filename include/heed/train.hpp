// SPDX-License-Identifier: MIT
// Learning: gradients of every layer, losses, optimisers. heed/heed.hpp and Eigen are all that it needs.
//
//   heed::decoder<float> gpt({...}), gradient = heed::zeros_like(gpt);
//   heed::saved<heed::decoder<float>> kept;
//   heed::forward(gpt, ids, starts, kept);
//   heed::backward(gpt, ids, starts, kept, d_hidden, gradient);
#pragma once

#include <heed/model/backward/decoder.hpp>     // gradients of a decoder and of its layers
#include <heed/model/backward/parameters.hpp>  // parameters_of, zeros_like, make_learnable
