// SPDX-License-Identifier: MIT
// The values of variables in chat templates: those of Python that templates use.
//
//   detail::text::template_value v(detail::text::marked_text("user"));
//   detail::text::is_true(v);  // true: the text is not empty
#pragma once

#include <heed/text/chat/marked_text.hpp>  // marked_text
#include <heed/text/tokenizer_error.hpp>   // tokenizer_error

#include <cstdint>  // int64_t
#include <memory>   // shared_ptr
#include <utility>  // move

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

class template_value;
struct template_node;

struct undefined_value {
  std::string name;  // of the missing variable or member
};
struct none_value {};
// A macro, defined by {% macro %}; and a built-in function, such as range and raise_exception.
struct macro_value {
  const template_node* macro;
};
struct function_value {
  std::string name;
};

using template_list = std::vector<template_value>;
using template_dict = std::vector<std::pair<std::string, template_value>>;

struct template_items;
struct template_members;

// The number of a type that a value can have; -1 for other types.
template <class>
inline constexpr int template_kind = -1;
template <>
inline constexpr int template_kind<undefined_value> = 0;
template <>
inline constexpr int template_kind<none_value> = 1;
template <>
inline constexpr int template_kind<bool> = 2;
template <>
inline constexpr int template_kind<std::int64_t> = 3;
template <>
inline constexpr int template_kind<double> = 4;
template <>
inline constexpr int template_kind<macro_value> = 5;
template <>
inline constexpr int template_kind<function_value> = 6;
template <>
inline constexpr int template_kind<marked_text> = 7;
template <>
inline constexpr int template_kind<template_items> = 8;
template <>
inline constexpr int template_kind<template_members> = 9;

// Copies of a list or a dictionary are the same list or dictionary, as in Python.
class template_value {
 public:
  template_value() : template_value(undefined_value{}) {}
  template <class Kind>
  requires(template_kind<Kind> >= 0) template_value(Kind kind) : kind_(template_kind<Kind>) {
    if constexpr (std::is_same_v<Kind, bool>)
      number_.truth = kind;
    else if constexpr (std::is_same_v<Kind, std::int64_t>)
      number_.whole = kind;
    else if constexpr (std::is_same_v<Kind, double>)
      number_.real = kind;
    else
      held_ = std::make_shared<Kind>(std::move(kind));
  }
  static template_value text(std::string words) { return marked_text(std::move(words)); }
  static template_value list(template_list items);
  static template_value dict(template_dict members);

  // Null if the value is of another type.
  template <class Kind>
  [[nodiscard]] const Kind* as() const {
    if (!is<Kind>()) return nullptr;
    if constexpr (std::is_same_v<Kind, bool>)
      return &number_.truth;
    else if constexpr (std::is_same_v<Kind, std::int64_t>)
      return &number_.whole;
    else if constexpr (std::is_same_v<Kind, double>)
      return &number_.real;
    else
      return static_cast<const Kind*>(held_.get());
  }
  template <class Kind>
  [[nodiscard]] bool is() const {
    return kind_ == template_kind<Kind>;
  }
  [[nodiscard]] template_list* items() const;
  [[nodiscard]] template_dict* members() const;
  [[nodiscard]] std::shared_ptr<template_members> shared_members() const;
  // How deep lists and dictionaries are nested in this value.
  [[nodiscard]] int depth() const;

 private:
  union numbers {
    bool truth;
    std::int64_t whole;
    double real;
  };

  int kind_;
  numbers number_{.whole = 0};
  std::shared_ptr<void> held_;
};

template <class... Parts>
[[noreturn]] void refuse_template(const Parts&... parts) {
  refuse_in<tokenizer_error>({part("the chat template cannot be rendered: "), part(parts)...});
}

// Returns the depth of nesting; refuses more than 60, so that recursion over values, and their
// destruction, need little stack.
inline int checked_depth(int depth) {
  if (depth > 60) refuse_template("lists lie inside one another more than 60 deep");
  return depth;
}

struct template_items {
  template_list items;
  int depth;
};
struct template_members {
  template_dict members;
  int depth;
};

inline template_value template_value::list(template_list items) {
  int depth = 0;
  for (const template_value& item : items) depth = (std::max)(depth, item.depth());
  return template_items{std::move(items), checked_depth(depth + 1)};
}
inline template_value template_value::dict(template_dict members) {
  int depth = 0;
  for (const auto& m : members) depth = (std::max)(depth, m.second.depth());
  return template_members{std::move(members), checked_depth(depth + 1)};
}
inline template_list* template_value::items() const {
  return is<template_items>() ? &static_cast<template_items*>(held_.get())->items : nullptr;
}
inline template_dict* template_value::members() const {
  return is<template_members>() ? &static_cast<template_members*>(held_.get())->members : nullptr;
}
inline std::shared_ptr<template_members> template_value::shared_members() const {
  return is<template_members>() ? std::static_pointer_cast<template_members>(held_) : nullptr;
}
inline int template_value::depth() const {
  if (const auto* list = as<template_items>()) return list->depth;
  if (const auto* dict = as<template_members>()) return dict->depth;
  return 0;
}

inline const char* kind_name(const template_value& v) {
  if (v.is<undefined_value>()) return "undefined";
  if (v.is<none_value>()) return "none";
  if (v.is<bool>()) return "a truth value";
  if (v.is<std::int64_t>() || v.is<double>()) return "a number";
  if (v.is<marked_text>()) return "text";
  if (v.items() != nullptr) return "a list";
  if (v.members() != nullptr) return "a dictionary";
  return "a function";
}

inline bool is_true(const template_value& v) {
  if (const auto* b = v.as<bool>()) return *b;
  if (const auto* i = v.as<std::int64_t>()) return *i != 0;
  if (const auto* d = v.as<double>()) return *d < 0 || *d > 0;
  if (const auto* s = v.as<marked_text>()) return s->size() > 0;
  if (const auto* l = v.items()) return !l->empty();
  if (const auto* m = v.members()) return !m->empty();
  return v.is<macro_value>() || v.is<function_value>();
}

// A member; null if there is none.
inline const template_value* find_member(const template_dict& dict, std::string_view name) {
  for (const auto& [key, value] : dict)
    if (key == name) return &value;
  return nullptr;
}

inline double number_of(const template_value& v) {
  if (const auto* b = v.as<bool>()) return *b ? 1 : 0;
  if (const auto* i = v.as<std::int64_t>()) return static_cast<double>(*i);
  if (const auto* d = v.as<double>()) return *d;
  refuse_template("a number is needed where ", kind_name(v), " is");
}
inline bool is_number(const template_value& v) {
  return v.is<bool>() || v.is<std::int64_t>() || v.is<double>();
}
inline std::int64_t whole_of(const template_value& v) {
  if (const auto* b = v.as<bool>()) return *b ? 1 : 0;
  if (const auto* i = v.as<std::int64_t>()) return *i;
  refuse_template("a whole number is needed where ", kind_name(v), " is");
}
inline const marked_text& text_of(const template_value& v) {
  if (const auto* s = v.as<marked_text>()) return *s;
  refuse_template("text is needed where ", kind_name(v), " is");
}

inline bool are_equal(const template_value& a, const template_value& b, int level = 0) {
  if (level > 12)
    refuse_template("it compares lists that lie inside one another more than 12 deep");
  if (is_number(a) && is_number(b)) return exactly_equal(number_of(a), number_of(b));
  if (a.is<marked_text>() && b.is<marked_text>()) return text_of(a).text() == text_of(b).text();
  if (a.is<none_value>() && b.is<none_value>()) return true;
  if (a.is<undefined_value>() && b.is<undefined_value>()) return true;
  if (a.items() != nullptr && b.items() != nullptr) {
    if (a.items()->size() != b.items()->size()) return false;
    for (std::size_t i = 0; i < a.items()->size(); ++i)
      if (!are_equal((*a.items())[i], (*b.items())[i], level + 1)) return false;
    return true;
  }
  if (a.members() != nullptr && b.members() != nullptr) {
    if (a.members()->size() != b.members()->size()) return false;
    for (const auto& [key, value] : *a.members()) {
      const template_value* other = find_member(*b.members(), key);
      if (other == nullptr || !are_equal(value, *other, level + 1)) return false;
    }
    return true;
  }
  return false;
}

// a < b, of two numbers or two texts.
inline bool is_less(const template_value& a, const template_value& b) {
  if (a.is<marked_text>() && b.is<marked_text>()) return text_of(a).text() < text_of(b).text();
  return number_of(a) < number_of(b);
}

inline bool contains(const template_value& whole, const template_value& part) {
  if (const auto* s = whole.as<marked_text>())
    return s->text().find(text_of(part).text()) != std::string::npos;
  if (const auto* l = whole.items()) {
    for (const template_value& item : *l)
      if (are_equal(item, part)) return true;
    return false;
  }
  if (const auto* m = whole.members())
    return part.is<marked_text>() && find_member(*m, text_of(part).text()) != nullptr;
  if (whole.is<undefined_value>()) return false;
  refuse_template("nothing can be in ", kind_name(whole));
}

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
