// SPDX-License-Identifier: MIT
// The matrices of an attention problem and of its gradients.
#pragma once

#include <heed/attention_backward.hpp>

#include "support/attention_case.hpp"

namespace support {

// Calls use with the mask of a case.
template <class Use>
void with_mask(const attention_case& c, const Use& use) {
  if (c.window >= 0)
    use(heed::causal && heed::window{.left = c.window});
  else if (c.causal)
    use(heed::causal);
  else
    use(heed::window{});
}

struct backward_data : attention_data<float> {
  heed::matrix<float> d_out, lse, d_q, d_k, d_v;

  explicit backward_data(const attention_case& c)
      : attention_data(c),
        d_out(heed::matrix<float>::Random(out.rows(), out.cols())),
        lse(c.rows, c.heads.query),
        d_q(q.rows(), q.cols()),
        d_k(k.rows(), k.cols()),
        d_v(v.rows(), v.cols()) {}

  template <class... Resources>
  void forward(const attention_case& c, const Resources&... with) {
    with_mask(c, [&](const auto& mask) {
      heed::attention(q, k, v, out, c.heads, heed::log_sum_exp(lse), mask, with...);
    });
  }

  // Five products where the forward has two: 2.5 times its operations.
  template <class... Resources>
  void backward(const attention_case& c, const Resources&... with) {
    with_mask(c, [&](const auto& mask) {
      heed::attention_backward(q, k, v, out, lse, d_out, d_q, d_k, d_v, c.heads, mask, with...);
    });
  }
};

}  // namespace support
