// SPDX-License-Identifier: MIT
// The whole library after a file that defines the macros of windows.h that collide most often.
#define near
#define far
#define small char
#define interface struct
#define IN
#define OUT
#define OPTIONAL
#define ERROR 0
#define DELETE 0x00010000L
#define STRICT 1
#define RELATIVE 1
#define ABSOLUTE 2
#define TRANSPARENT 1
#define OPAQUE 2
#define min(a, b) (((a) < (b)) ? (a) : (b))
#define max(a, b) (((a) > (b)) ? (a) : (b))

#include <heed/heed.hpp>

void attend(const Eigen::MatrixXf& q, Eigen::MatrixXf& y);
void attend(const Eigen::MatrixXf& q, Eigen::MatrixXf& y) {
  heed::attention(q, q, q, y, heed::causal && heed::window{.left = 3}, heed::soft_cap(30));
}
