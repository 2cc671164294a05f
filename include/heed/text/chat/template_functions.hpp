// SPDX-License-Identifier: MIT
// Functions of chat templates: Jinja's filters and tests, and methods of Python's strings and
// dictionaries.
//
//   detail::text::apply_filter("trim", detail::text::template_value::text(" a "), {});  // "a"
#pragma once

#include <heed/text/chat/template_text.hpp>  // template_arguments, shown, stripped, ...

#include <algorithm>  // reverse
#include <ctime>      // strftime

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

inline template_value call_method(const template_value& object, const std::string& name,
                                  const template_arguments& a) {
  if (const auto* s = object.as<marked_text>()) {
    if (name == "strip" || name == "lstrip" || name == "rstrip") {
      const template_value* chars = a.find(0, "chars");
      return stripped(
          *s, name != "rstrip", name != "lstrip",
          chars == nullptr || chars->is<none_value>() ? nullptr : &text_of(*chars).text());
    }
    if (name == "startswith" || name == "endswith") {
      const std::string& part = text_of(a.need(0, "prefix")).text();
      if (part.size() > s->size()) return false;
      return s->text().compare(name == "startswith" ? 0 : s->size() - part.size(), part.size(),
                               part) == 0;
    }
    if (name == "split") return split_text(*s, a);
    if (name == "replace") {
      const template_value* most = a.find(2, "count");
      return replaced(*s, text_of(a.need(0, "old")), text_of(a.need(1, "new")),
                      most == nullptr ? -1 : whole_of(*most));
    }
    if (name == "upper" || name == "lower" || name == "title" || name == "capitalize")
      return recased(*s, name);
    if (name == "find") {
      const std::size_t at = s->text().find(text_of(a.need(0, "sub")).text());
      return at == std::string::npos ? std::int64_t(-1)
                                     : static_cast<std::int64_t>(
                                           count_chars(std::string_view(s->text()).substr(0, at)));
    }
  }
  if (const auto* dict = object.members()) {
    if (name == "get") {
      const template_value* found = find_member(*dict, text_of(a.need(0, "key")).text());
      const template_value* other = a.find(1, "default");
      return found != nullptr ? *found : other != nullptr ? *other : template_value(none_value{});
    }
    template_list made;
    for (const auto& [key, value] : *dict) {
      if (name == "keys") made.push_back(template_value::text(key));
      if (name == "values") made.push_back(value);
      if (name == "items") made.push_back(template_value::list({template_value::text(key), value}));
    }
    if (name == "keys" || name == "values" || name == "items")
      return template_value::list(std::move(made));
  }
  refuse_template(kind_name(object), " has no method ", name, " here");
}

inline bool apply_test(const std::string& name, const template_value& v,
                       const template_arguments& a) {
  if (name == "defined") return !v.is<undefined_value>();
  if (name == "undefined") return v.is<undefined_value>();
  if (name == "none") return v.is<none_value>();
  if (name == "string") return v.is<marked_text>();
  if (name == "number") return is_number(v);
  if (name == "integer") return v.is<std::int64_t>();
  if (name == "float") return v.is<double>();
  if (name == "boolean") return v.is<bool>();
  if (name == "true" || name == "false") return v.is<bool>() && is_true(v) == (name == "true");
  if (name == "mapping") return v.members() != nullptr;
  if (name == "iterable" || name == "sequence")
    return v.is<marked_text>() || v.items() != nullptr || v.members() != nullptr ||
           (v.is<undefined_value>() && name == "iterable");
  if (name == "equalto" || name == "eq" || name == "sameas")
    return are_equal(v, a.need(0, "other"));
  if (name == "ne") return !are_equal(v, a.need(0, "other"));
  if (name == "in") return contains(a.need(0, "seq"), v);
  if (name == "even" || name == "odd") return (whole_of(v) % 2 != 0) == (name == "odd");
  if (name == "divisibleby") {
    const std::int64_t by = whole_of(a.need(0, "num"));
    if (by == 0) refuse_template("divisibleby 0");
    return whole_of(v) % by == 0;
  }
  refuse_template("the test ", name, " is not one that is known here");
}

inline template_list items_of(const template_value& v) {
  if (const auto* list = v.items()) return *list;
  template_list made;
  if (const auto* dict = v.members()) {
    for (const auto& [key, value] : *dict) made.push_back(template_value::text(key));
  } else if (const auto* s = v.as<marked_text>()) {
    for (std::size_t at = 0; at < s->size(); at += char_at(s->text(), at).length)
      made.emplace_back(s->part(at, char_at(s->text(), at).length));
  } else if (!v.is<undefined_value>()) {
    refuse_template("it goes through ", kind_name(v));
  }
  return made;
}

inline template_value attribute_of(const template_value& object, const std::string& name) {
  if (const auto* dict = object.members())
    if (const template_value* found = find_member(*dict, name)) return *found;
  if (object.is<undefined_value>())
    refuse_template(object.as<undefined_value>()->name, " is undefined, and ", name,
                    " is a part of it");
  return undefined_value{name};
}

inline template_value list_filter(const std::string& name, const template_value& v,
                                  const template_arguments& a) {
  template_list items = items_of(v), made;
  if (name == "first" || name == "last") {
    if (items.empty()) return undefined_value{name};
    return name == "first" ? items.front() : items.back();
  }
  if (name == "join") {
    const template_value* between = a.find(0, "d");
    marked_text all;
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (i > 0 && between != nullptr) all += text_of(*between);
      all += shown(items[i]);
    }
    return all;
  }
  if (name == "map") {
    const std::string attribute = text_of(a.need(1, "attribute")).text();
    for (const template_value& item : items) made.push_back(attribute_of(item, attribute));
    return template_value::list(std::move(made));
  }
  if (name == "selectattr" || name == "rejectattr") {
    const std::string attribute = text_of(a.need(0, "attribute")).text();
    for (const template_value& item : items) {
      const template_value value = attribute_of(item, attribute);
      template_arguments rest;
      for (std::size_t i = 2; i < a.values.size(); ++i) {
        rest.values.push_back(a.values[i]);
        rest.names.push_back(a.names[i]);
      }
      const bool holds = a.values.size() > 1 ? apply_test(text_of(a.values[1]).text(), value, rest)
                                             : is_true(value);
      if (holds == (name == "selectattr")) made.push_back(item);
    }
    return template_value::list(std::move(made));
  }
  if (name == "reverse") std::reverse(items.begin(), items.end());
  return template_value::list(std::move(items));
}

inline template_value apply_filter(const std::string& name, const template_value& v,
                                   const template_arguments& a) {
  if (name == "trim") return stripped(shown(v), true, true, nullptr);
  if (name == "length" || name == "count") {
    if (const auto* s = v.as<marked_text>())
      return static_cast<std::int64_t>(count_chars(s->text()));
    return static_cast<std::int64_t>(items_of(v).size());
  }
  if (name == "upper" || name == "lower" || name == "title" || name == "capitalize")
    return recased(shown(v), name);
  if (name == "default" || name == "d") {
    const template_value* also_false = a.find(1, "boolean");
    const bool missing =
        v.is<undefined_value>() || (also_false != nullptr && is_true(*also_false) && !is_true(v));
    const template_value* other = a.find(0, "default_value");
    return !missing ? v : other != nullptr ? *other : template_value::text("");
  }
  if (name == "tojson") {
    const template_value* indent = a.find(0, "indent");
    std::string text =
        json_text(v, indent == nullptr || indent->is<none_value>() ? -1 : whole_of(*indent));
    // Text of messages may be anywhere inside a list or a dictionary, so all of it is marked as spoken.
    return v.is<marked_text>() ? text_of(v).in_place(std::move(text))
                               : marked_text::spoken(std::move(text));
  }
  if (name == "string") return shown(v);
  if (name == "safe") return v;
  if (name == "int") return whole_of(v);
  if (name == "replace")
    return replaced(shown(v), text_of(a.need(0, "old")), text_of(a.need(1, "new")), -1);
  if (name == "items") return call_method(v, "items", a);
  for (const char* known :
       {"first", "last", "join", "map", "selectattr", "rejectattr", "reverse", "list"})
    if (name == known) return list_filter(name, v, a);
  refuse_template("the filter ", name, " is not one that is known here");
}

inline template_value call_function(const std::string& name, const template_arguments& a) {
  if (name == "raise_exception") refuse_template(text_of(a.need(0, "message")).text());
  if (name == "namespace" || name == "dict") {
    template_dict members;
    for (std::size_t i = 0; i < a.values.size(); ++i) members.emplace_back(a.names[i], a.values[i]);
    return template_value::dict(std::move(members));
  }
  if (name == "range") {
    const bool two = a.values.size() > 1;
    const std::int64_t first = two ? whole_of(a.values[0]) : 0;
    const std::int64_t last = whole_of(a.need(two ? 1 : 0, "stop"));
    const std::int64_t step = a.values.size() > 2 ? whole_of(a.values[2]) : 1;
    for (const std::int64_t bound : {first, last, step})
      if (step == 0 || bound > 100000 || bound < -100000)
        refuse_template("a range with a step of 0 or beyond 100000");
    template_list made;
    for (std::int64_t i = first; step > 0 ? i < last : i > last; i += step) made.emplace_back(i);
    return template_value::list(std::move(made));
  }
  if (name == "strftime_now") {
    const std::time_t now = std::time(nullptr);
    char text[128];
    const std::size_t size = std::strftime(
        text, sizeof text, text_of(a.need(0, "format")).text().c_str(), std::localtime(&now));
    return template_value::text(std::string(text, size));
  }
  refuse_template("the function ", name, " is not one that is known here");
}

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
