// SPDX-License-Identifier: MIT
// The parts of a JSON text as calls of a reader, one after the other.
//
//   heed::detail::json_events(R"({"shape": [2, 3]})", reader);  // start_object, key, start_array, ...
//
// The only header that includes nlohmann's.
#pragma once

#include <heed/config.hpp>  // HEED_ABI

#include <nlohmann/json.hpp>  // ordered_json, parser

#include <string_view>  // string_view
#include <utility>      // move

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// `reader` has the functions of nlohmann::json_sax. False where one of them returned false.
// (nlohmann::json::sax_parse is this and readers of four binary formats, which take half a second to compile.)
template <class Reader>
bool json_events(std::string_view text, Reader& reader) {
  auto input = nlohmann::detail::input_adapter(text.data(), text.data() + text.size());
  nlohmann::detail::parser<nlohmann::ordered_json, decltype(input)> parser(std::move(input),
                                                                           nullptr, false);
  return parser.sax_parse(&reader);
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
