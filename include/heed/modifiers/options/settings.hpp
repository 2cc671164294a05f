// SPDX-License-Identifier: MIT
// The options of a call, all that is neither a mask nor a score rule, collected into plain values.
#pragma once

#include <heed/core/execute.hpp>      // executor
#include <heed/core/number_span.hpp>  // number_span
#include <heed/core/scratch.hpp>      // scratch
#include <heed/storage/view.hpp>      // view

#include <cstdint>   // uint64_t
#include <optional>  // optional

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// A setting is any value with `using heed_kind = heed::setting_kind`, a `setting_name`, and
//   template <class Scalar> void apply(settings<Scalar>&) const;
// Scalar is the type that sums are formed in.
template <class Scalar>
struct settings {
  const char* verb = "heed::attention";  // what the user called
  index query_heads = 1;
  index kv_heads = 1;
  bool packed = false;
  number_span<index> query_starts;
  number_span<index> key_starts;
  number_span<index> key_lengths;
  std::optional<double> scale;  // 1 / sqrt(width) unless given
  number_span<double> sink;
  double drop_probability = 0;
  std::uint64_t drop_seed = 0;
  std::optional<view<Scalar>> log_sum_exp;
  std::optional<view<Scalar>> weights;
  std::optional<view<Scalar>> key_weights;
  scratch* memory = nullptr;
  executor on;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
