// SPDX-License-Identifier: MIT
// What the README's blocks of code take for granted.
#pragma once

#include <heed/heed.hpp>

#include <unsupported/Eigen/CXX11/ThreadPool>

#include <vector>

namespace readme {

using Eigen::MatrixXf;

static const heed::index tokens = 42, width = 512;

static const MatrixXf q = MatrixXf::Random(tokens, width), k = MatrixXf::Random(tokens, width),
                      v = MatrixXf::Random(tokens, width), qkv = MatrixXf::Random(tokens, 768);
static MatrixXf out(tokens, width);

static const Eigen::Array<bool, Eigen::Dynamic, 1> padded =
    Eigen::Array<bool, Eigen::Dynamic, 1>::Constant(tokens, false);
static const std::vector<heed::index> starts{0, 7, 19, 42};

static const MatrixXf new_q = MatrixXf::Random(1, width), new_k = MatrixXf::Random(1, 128),
                      new_v = MatrixXf::Random(1, 128);
static MatrixXf new_out(1, width);

static const MatrixXf prompt_k = MatrixXf::Random(10, width),
                      prompt_v = MatrixXf::Random(10, width), own_k = k, own_v = v;
static MatrixXf own(tokens, width), lse(tokens, 1), own_lse(tokens, 1);

static const MatrixXf d_out = MatrixXf::Random(tokens, width);
static MatrixXf d_q(tokens, width), d_k(tokens, width), d_v(tokens, width);

static MatrixXf probabilities(tokens, tokens), received(tokens, 1);
static heed::scratch scratch;
static Eigen::ThreadPool pool(1);

static const std::vector<heed::index> ids{464, 3797, 3332};
static MatrixXf y(3, 768);

}  // namespace readme
