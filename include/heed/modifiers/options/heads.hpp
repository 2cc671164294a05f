// SPDX-License-Identifier: MIT
// How many heads a row holds: heads are column blocks of equal width.
//
//   heed::attention(q, k, v, out, heed::heads{.query = 8, .kv = 2});
//   // q is (n, 8 width), k is (m, 2 width)
//
// Ainslie et al., "GQA: Training Generalized Multi-Query Transformer Models", 2023.
#pragma once

#include <heed/core/concepts.hpp>               // setting_kind
#include <heed/modifiers/options/settings.hpp>  // settings

#include <string_view>  // string_view

namespace heed {
inline namespace HEED_ABI {

// Query head h reads key/value head h / (query / kv).
struct heads {
  using heed_kind = setting_kind;
  static constexpr std::string_view setting_name = "heads";

  index query = 1;
  index kv = 0;  // 0: as many as query heads

  template <class Scalar>
  void apply(detail::settings<Scalar>& s) const {
    s.query_heads = query;
    s.kv_heads = kv == 0 ? query : kv;
  }
};

}  // namespace HEED_ABI
}  // namespace heed
