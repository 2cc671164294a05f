// SPDX-License-Identifier: MIT
// The pair of a query and a key that a score belongs to: the argument of masks and score rules.
//
//   heed::where([](heed::at i) { return i.key % 2 == 0; });  // every other key
#pragma once

#include <heed/core/types.hpp>  // position

namespace heed {
inline namespace HEED_ABI {

// Counted from 0 within the sequence.
struct at {
  position query;     // where the query stands among the keys: row + (keys - queries), or as
                      // causal_from says; negative if it stands before the first key
  position key;       // row of the key
  position head;      // query head
  position row;       // row of the query
  position sequence;  // number of the sequence in a packed batch
};

}  // namespace HEED_ABI
}  // namespace heed
