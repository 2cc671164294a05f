// SPDX-License-Identifier: MIT
// A custom score rule: the weight of older readings halves every hour.
#include <heed/heed.hpp>

#include <cmath>
#include <iostream>
#include <vector>

int main() {
  const std::vector<float> minute{0, 45, 60, 100, 120};  // when a thermometer was read, unevenly
  Eigen::MatrixXf degrees(5, 1);
  degrees << 16, 18, 20, 21, 23;

  // exp(score) is a reading's weight, so subtracting age * ln 2 an hour halves it every hour.
  const auto halve_every_hour = heed::score([&](float score, heed::at i) {
    const float age =
        minute[static_cast<std::size_t>(i.query)] - minute[static_cast<std::size_t>(i.key)];
    return score - age / 60 * std::log(2.0f);
  });

  const Eigen::MatrixXf nothing = Eigen::MatrixXf::Zero(5, 1);  // q kᵀ = 0: only the rule counts
  Eigen::MatrixXf smooth(5, 1), weights(5, 5);
  heed::attention(nothing, nothing, degrees, smooth, heed::causal, halve_every_hour,
                  heed::weights(weights));

  for (heed::index i = 0; i < 5; ++i)
    std::cout << "minute " << minute[static_cast<std::size_t>(i)] << ": " << degrees(i)
              << " degrees, smoothed " << smooth(i) << '\n';
  std::cout << "at minute 120 the reading of minute 60 counts " << weights(4, 2) / weights(4, 4)
            << " of the latest, that of minute 0 counts " << weights(4, 0) / weights(4, 4) << '\n';
}
