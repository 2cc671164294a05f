// SPDX-License-Identifier: MIT
// The KV caches of a decoder: keys and values of the tokens so far, for each of its blocks.
//
//   auto cache = gpt.cache(1024);  // room for 1024 tokens
//   gpt.next(ids, cache);
//   cache.truncate(3);             // removes all but the first three tokens
#pragma once

#include <heed/cache/kv_cache.hpp>  // kv_cache

#include <vector>  // vector

namespace heed {
inline namespace HEED_ABI {

template <class Scalar>
struct decoder_cache {
  std::vector<kv_cache<Scalar>> layers;

  // The number of tokens, which is the position of the next one.
  [[nodiscard]] index position() const { return layers.empty() ? 0 : layers.front().size(); }
  [[nodiscard]] index capacity() const { return layers.empty() ? 0 : layers.front().capacity(); }

  // Removes all but the first `size` tokens. Throws shape_error if there are fewer.
  void truncate(index size) {
    for (auto& layer : layers) layer.truncate(size);
  }
  void clear() { truncate(0); }
};

}  // namespace HEED_ABI
}  // namespace heed
