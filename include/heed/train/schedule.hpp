// SPDX-License-Identifier: MIT
// Learning-rate schedules.
//
//   const heed::cosine_rate rate{.peak = 3e-4, .steps = 1000, .warm_up = 100};
//   rate(0);    // 3e-6: one hundredth of the peak
//   rate(99);   // 3e-4
//   rate(999);  // near 0
#pragma once

#include <heed/core/types.hpp>  // index

#include <algorithm>  // clamp
#include <cmath>      // cos

namespace heed {
inline namespace HEED_ABI {

// Rises linearly over the first `warm_up` steps, then stays constant.
struct constant_rate {
  double peak;
  index warm_up = 0;

  // The rate of a step, counted from 0.
  [[nodiscard]] double operator()(index step) const {
    return step < warm_up ? peak * static_cast<double>(step + 1) / static_cast<double>(warm_up)
                          : peak;
  }
};

// Rises linearly over the first `warm_up` steps, then falls from `peak` to `lowest` as half a
// period of a cosine, and stays there. Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent
// with Warm Restarts", 2017.
struct cosine_rate {
  double peak;
  double lowest = 0;
  index steps;  // all steps, the first `warm_up` included
  index warm_up = 0;

  [[nodiscard]] double operator()(index step) const {
    if (step < warm_up) return constant_rate{peak, warm_up}(step);
    constexpr double pi = 3.14159265358979323846;
    const double of_all = static_cast<double>(steps - warm_up);
    const double done =
        of_all > 0 ? std::clamp(static_cast<double>(step - warm_up) / of_all, 0.0, 1.0) : 1;
    return lowest + (peak - lowest) * (1 + std::cos(pi * done)) / 2;
  }
};

}  // namespace HEED_ABI
}  // namespace heed
