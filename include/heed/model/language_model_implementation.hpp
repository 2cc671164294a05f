// SPDX-License-Identifier: MIT
// The definitions of language_model.hpp. A program that links CMake's heed_models, which contains
// these compiled, does not include this file.
//
//   #include <heed/model/language_model.hpp>  // includes this file
#pragma once

#include <heed/model/language_model.hpp>  // what is defined here

namespace heed {
inline namespace HEED_ABI {

HEED_MODELS_INLINE matrix<float> language_model::logits(const std::vector<index>& ids,
                                                        const executor& run) const {
  return decoder(ids, on(run));
}

#ifdef HEED_MODELS_LIBRARY
template class generation<float>;
#endif

}  // namespace HEED_ABI
}  // namespace heed
