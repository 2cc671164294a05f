// SPDX-License-Identifier: MIT
// A value as JSON and GGUF's metadata have it: nothing, a number, a text, a list, an object.
//
//   heed::config_value v{std::int64_t(12)};
//   std::get<std::int64_t>(v.is);         // 12
//   heed::detail::described(v);           // "12", as sentences say it
#pragma once

#include <heed/io/file_error.hpp>  // quoted

#include <algorithm>    // lower_bound, sort, adjacent_find
#include <cmath>        // trunc
#include <cstdint>      // int64_t, uint64_t
#include <optional>     // optional
#include <type_traits>  // is_same_v
#include <variant>      // variant
#include <vector>       // vector

namespace heed {
inline namespace HEED_ABI {

struct config_field;

struct config_value {
  using list = std::vector<config_value>;
  using object = std::vector<config_field>;  // sorted by name, each name once

  // std::uint64_t only for what std::int64_t cannot hold.
  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, list, object>
      is;
};

// A field of an object, and whether any call has read it.
struct config_field {
  std::string name;
  config_value value;
  mutable bool was_read = false;
};

namespace detail {

// The field of that name, or null.
inline const config_field* find_field(const config_value::object& fields, std::string_view name) {
  const auto found = std::lower_bound(
      fields.begin(), fields.end(), name,
      [](const config_field& field, std::string_view wanted) { return field.name < wanted; });
  return found != fields.end() && found->name == name ? &*found : nullptr;
}

// Sorts the fields by name, and returns one whose name another has too, or null.
inline const config_field* sort_fields(config_value::object& fields) {
  std::sort(fields.begin(), fields.end(),
            [](const config_field& a, const config_field& b) { return a.name < b.name; });
  const auto twice = std::adjacent_find(
      fields.begin(), fields.end(),
      [](const config_field& a, const config_field& b) { return a.name == b.name; });
  return twice == fields.end() ? nullptr : &*twice;
}

// The value as text for an error message.
inline std::string described(const config_value& value) {
  struct words {
    std::string text;
    void operator()(std::monostate) { text = "null"; }
    void operator()(bool b) { text = b ? "true" : "false"; }
    void operator()(std::int64_t n) { append(text, n); }
    void operator()(std::uint64_t n) { append(text, n); }
    void operator()(double x) { append(text, x); }
    void operator()(const std::string& s) { append(text, quoted{s}); }
    void operator()(const config_value::list& values) {
      text = "a list of " + std::to_string(values.size());
    }
    void operator()(const config_value::object&) { text = "an object"; }
  } said;
  std::visit(said, value.is);
  return said.text;
}

// The value as a bool, std::int64_t, double or std::string, or nothing if it is none. Every number is a
// double; a double that is whole, up to 2^53, is an integer.
template <class T>
std::optional<T> value_as(const config_value& value) {
  if (const T* exact = std::get_if<T>(&value.is)) return *exact;
  if constexpr (std::is_same_v<T, double>) {
    if (const auto* n = std::get_if<std::int64_t>(&value.is)) return static_cast<double>(*n);
    if (const auto* n = std::get_if<std::uint64_t>(&value.is)) return static_cast<double>(*n);
  }
  if constexpr (std::is_same_v<T, std::int64_t>) {
    constexpr double largest = 9007199254740992.0;  // 2^53
    if (const double* x = std::get_if<double>(&value.is))
      if (*x >= -largest && *x <= largest && exactly_equal(std::trunc(*x), *x))
        return static_cast<std::int64_t>(*x);
  }
  return std::nullopt;
}
// The name of the type T in error messages.
template <class T>
constexpr const char* kind_name() {
  if constexpr (std::is_same_v<T, bool>)
    return "true or false";
  else if constexpr (std::is_same_v<T, std::int64_t>)
    return "a whole number";
  else if constexpr (std::is_same_v<T, double>)
    return "a number";
  else
    return "a text";
}

// The most values of a file: readers stop after as many, so that a file with few bytes a value
// cannot take much more memory than its size. The vocabularies and merges of the largest tokenizers
// have a million.
inline constexpr index most_values = index(1) << 22;

// The deepest nesting of lists and objects.
inline constexpr index deepest = 32;

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
