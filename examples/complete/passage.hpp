// SPDX-License-Identifier: MIT
// The text that is continued if none is given: a nursery rhyme of the 18th century.
#pragma once

namespace complete {

inline constexpr const char* passage = R"(This is the house that Jack built.
This is the malt that lay in the house that Jack built.
This is the rat that ate the malt that lay in the house that Jack built.
This is the cat that killed the rat that ate the malt that lay in the house that Jack built.
This is the dog that worried the cat )";

}  // namespace complete
