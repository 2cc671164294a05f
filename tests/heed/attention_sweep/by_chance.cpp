// SPDX-License-Identifier: MIT
// heed::attention against the textbook: everything mixed by chance.
#include "support/sweep.hpp"

// Sizes, widths, heads, layouts and settings by chance; the seed is printed.
TEST(attention_sweep, by_chance) {
  const std::uint64_t seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937_64 random(seed);
  const auto up_to = [&](heed::index most) {
    return std::uniform_int_distribution<heed::index>(0, most)(random);
  };
  for (int trial = 0; trial < 150 && !HasFailure(); ++trial) {
    const heed::index kv = 1 + up_to(3);
    const support::point p{up_to(300),
                           up_to(300),
                           1 + up_to(90),
                           1 + up_to(90),
                           {kv * (1 + up_to(3)), kv},
                           support::layouts[std::size_t(up_to(2))],
                           int(up_to(5)),
                           random()};
    support::compare<float, support::composite_case, support::alibi_case, support::score_case>(p);
    support::compare<double, support::composite_case, support::alibi_case, support::score_case>(p);
    support::compare<float>(p);
  }
}
