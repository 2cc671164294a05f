// SPDX-License-Identifier: MIT
// Renders a chat template.
//
//   detail::text::template_run run({{"bos_token", detail::text::template_value::text("<s>")}});
//   run.render(detail::text::parse_template("{{ bos_token }}")).text();  // "<s>"
#pragma once

#include <heed/text/chat/template_functions.hpp>  // apply_filter, call_method, ...
#include <heed/text/chat/template_parser.hpp>     // template_node

#include <algorithm>  // clamp
#include <cmath>      // fabs, floor
#include <utility>    // exchange, move

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

class template_run {
 public:
  explicit template_run(template_dict globals) : scopes_{std::move(globals)} {
    for (const char* name : {"namespace", "dict", "range", "raise_exception", "strftime_now"})
      scopes_[0].emplace_back(name, function_value{name});
  }
  template_run(const template_run&) = delete;
  template_run& operator=(const template_run&) = delete;
  // A dictionary that was changed may contain itself, so its members are removed.
  ~template_run() {
    for (const auto& p : changed_) p->members.clear();
  }

  marked_text render(const template_node& tree) {
    run(tree);
    return std::move(out_);
  }

 private:
  using node = template_node;
  using value = template_value;
  enum class flow { on, broken, continued };
  static constexpr int most_steps = 4000000;

  void count_step() {
    if (++steps_ > most_steps) refuse_template("it takes more than 4 million steps");
  }

  // Statements. ------------------------------------------------------------------------------------

  flow run(const node& n) {
    count_step();
    switch (n.kind) {
      case node::text:
        out_ += text_of(n.value);
        return flow::on;
      case node::output:
        out_ += shown(eval(n.kids[0]));
        return flow::on;
      case node::sequence:
        for (const node& kid : n.kids)
          if (const flow f = run(kid); f != flow::on) return f;
        return flow::on;
      case node::condition:
        return run(n.kids[is_true(eval(n.kids[0])) ? 1 : 2]);
      case node::loop:
        return loop(n);
      case node::assign:
        assign(n.names, eval(n.kids[0]));
        return flow::on;
      case node::assign_member:
        assign_member(n);
        return flow::on;
      case node::capture: {
        marked_text outer = std::exchange(out_, {});
        run(n.kids[0]);
        set(n.names[0], std::exchange(out_, std::move(outer)));
        return flow::on;
      }
      case node::macro:
        set(n.name, macro_value{&n});
        return flow::on;
      case node::break_loop:
        return flow::broken;
      case node::continue_loop:
        return flow::continued;
      default:
        return flow::on;
    }
  }

  void set(const std::string& name, value v) { set_in(scopes_.back(), name, std::move(v)); }
  static void set_in(template_dict& scope, const std::string& name, value v) {
    for (auto& [key, old] : scope)
      if (key == name) {
        old = std::move(v);
        return;
      }
    scope.emplace_back(name, std::move(v));
  }

  void assign(const std::vector<std::string>& names, const value& v) {
    if (names.size() == 1) return set(names[0], v);
    const template_list parts = items_of(v);
    if (parts.size() != names.size())
      refuse_template("it gives ", parts.size(), " values to ", names.size(), " names");
    for (std::size_t i = 0; i < names.size(); ++i) set(names[i], parts[i]);
  }

  void assign_member(const node& n) {
    const value object = lookup(n.names[0]);
    const std::shared_ptr<template_members> dict = object.shared_members();
    if (dict == nullptr)
      refuse_template(n.names[0], ".", n.names[1], " is set, and ", n.names[0], " is ",
                      kind_name(object));
    changed_.push_back(dict);
    set_in(dict->members, n.names[1], eval(n.kids[0]));
  }

  flow loop(const node& n) {
    template_list items = items_of(eval(n.kids[0]));
    scopes_.emplace_back();
    if (n.kids[1].kind != node::nothing) {
      template_list kept;
      for (const value& item : items) {
        assign(n.names, item);
        if (is_true(eval(n.kids[1]))) kept.push_back(item);
      }
      items.swap(kept);
    }
    const auto count = static_cast<std::int64_t>(items.size());
    for (std::int64_t i = 0; i < count; ++i) {
      steps_ += 10;
      scopes_.back().clear();
      const auto at = [&](std::int64_t place) {
        return place >= 0 && place < count ? items[static_cast<std::size_t>(place)]
                                           : value(undefined_value{"loop"});
      };
      assign(n.names, at(i));
      set("loop", value::dict({{"index", i + 1},
                               {"index0", i},
                               {"revindex", count - i},
                               {"revindex0", count - i - 1},
                               {"first", i == 0},
                               {"last", i + 1 == count},
                               {"length", count},
                               {"previtem", at(i - 1)},
                               {"nextitem", at(i + 1)}}));
      if (run(n.kids[2]) == flow::broken) break;
    }
    scopes_.pop_back();
    return count == 0 ? run(n.kids[3]) : flow::on;
  }

  // Expressions. -----------------------------------------------------------------------------------

  [[nodiscard]] value lookup(const std::string& name) const {
    for (std::size_t i = scopes_.size(); i-- > 0;)
      if (const value* found = find_member(scopes_[i], name)) return *found;
    return undefined_value{name};
  }

  value eval(const node& n) {
    count_step();
    switch (n.kind) {
      case node::constant:
        return n.value;
      case node::variable:
        return lookup(n.name);
      case node::attribute:
        return attribute_of(eval(n.kids[0]), n.name);
      case node::item:
        return item_of(eval(n.kids[0]), eval(n.kids[1]));
      case node::slice:
        return slice(n);
      case node::call:
        return call(n);
      case node::filter: {
        const value input = eval(n.kids[0]);
        return apply_filter(n.name, input, arguments(n));
      }
      case node::test: {
        const value input = eval(n.kids[0]);
        return apply_test(n.name, input, arguments(n));
      }
      case node::choice:
        return eval(n.kids[is_true(eval(n.kids[1])) ? 0 : 2]);
      case node::list: {
        template_list items;
        for (const node& kid : n.kids) items.push_back(eval(kid));
        return value::list(std::move(items));
      }
      case node::dict: {
        template_dict members;
        for (std::size_t i = 0; i + 1 < n.kids.size(); i += 2)
          set_in(members, text_of(eval(n.kids[i])).text(), eval(n.kids[i + 1]));
        return value::dict(std::move(members));
      }
      case node::not_true:
        return !is_true(eval(n.kids[0]));
      case node::negative:
        return arithmetic('-', std::int64_t(0), eval(n.kids[0]));
      case node::both: {
        value left = eval(n.kids[0]);
        return is_true(left) ? eval(n.kids[1]) : left;
      }
      case node::either: {
        value left = eval(n.kids[0]);
        return is_true(left) ? left : eval(n.kids[1]);
      }
      case node::binary: {
        const value left = eval(n.kids[0]);
        return binary(n.name, left, eval(n.kids[1]));
      }
      default:
        refuse_template("a statement stands where a value is needed");
    }
  }

  template_arguments arguments(const node& n) {
    template_arguments a;
    a.names = n.names;
    for (std::size_t i = 1; i < n.kids.size(); ++i) a.values.push_back(eval(n.kids[i]));
    return a;
  }

  static value item_of(const value& object, const value& key) {
    if (key.is<marked_text>()) return attribute_of(object, text_of(key).text());
    if (object.is<undefined_value>())
      refuse_template(object.as<undefined_value>()->name, " is undefined, and has no items");
    if (object.items() == nullptr && !object.is<marked_text>()) return undefined_value{"an item"};
    const template_list items = items_of(object);
    const auto count = static_cast<std::int64_t>(items.size());
    std::int64_t place = whole_of(key);
    if (place < 0) place += count;
    if (place < 0 || place >= count) return undefined_value{"an item"};
    return items[static_cast<std::size_t>(place)];
  }

  value slice(const node& n) {
    const value object = eval(n.kids[0]);
    const template_list items = items_of(object);
    const auto count = static_cast<std::int64_t>(items.size());
    const value step_value = eval(n.kids[3]);
    const std::int64_t step = step_value.is<none_value>() ? 1 : whole_of(step_value);
    if (step != 1 && step != -1) refuse_template("a slice with a step that is neither 1 nor -1");
    const auto bound = [&](const value& v, std::int64_t other) {
      if (v.is<none_value>()) return other;
      const std::int64_t place = whole_of(v);
      const std::int64_t lowest = step > 0 ? 0 : -1;
      return std::clamp(place < 0 ? place + count : place, lowest, count + lowest);
    };
    const std::int64_t first = bound(eval(n.kids[1]), step > 0 ? 0 : count - 1);
    const std::int64_t last = bound(eval(n.kids[2]), step > 0 ? count : -1);
    template_list made;
    for (std::int64_t i = first; step > 0 ? i < last : i > last; i += step)
      made.push_back(items[static_cast<std::size_t>(i)]);
    if (!object.is<marked_text>()) return value::list(std::move(made));
    marked_text text;
    for (const value& part : made) text += text_of(part);
    return text;
  }

  value call(const node& n) {
    if (n.kids[0].kind == node::attribute) {
      const value object = eval(n.kids[0].kids[0]);
      const template_dict* members = object.members();
      const value* member = members == nullptr ? nullptr : find_member(*members, n.kids[0].name);
      if (member == nullptr) return call_method(object, n.kids[0].name, arguments(n));
      return call_value(*member, arguments(n));
    }
    const value function = eval(n.kids[0]);
    return call_value(function, arguments(n));
  }

  value call_value(const value& function, const template_arguments& a) {
    if (const auto* f = function.as<function_value>()) return call_function(f->name, a);
    const auto* m = function.as<macro_value>();
    if (m == nullptr) refuse_template("it calls ", kind_name(function));
    if (++calls_ > 50) refuse_template("macros call one another more than 50 deep");
    const node& macro = *m->macro;
    template_dict inside;
    const std::size_t required = macro.names.size() - (macro.kids.size() - 1);
    for (std::size_t i = 0; i < macro.names.size(); ++i) {
      const value* given = a.find(i, macro.names[i]);
      inside.emplace_back(macro.names[i], given != nullptr ? *given
                                          : i < required   ? value(undefined_value{macro.names[i]})
                                                           : eval(macro.kids[i - required + 1]));
    }
    std::vector<template_dict> outer = std::exchange(scopes_, {scopes_[0], std::move(inside)});
    marked_text before = std::exchange(out_, {});
    run(macro.kids[0]);
    scopes_ = std::move(outer);
    --calls_;
    return std::exchange(out_, std::move(before));
  }

  static value arithmetic(char sign, const value& a, const value& b) {
    const double x = number_of(a), y = number_of(b);
    if (y <= 0 && y >= 0 && (sign == '/' || sign == 'd' || sign == '%'))
      refuse_template("it divides by 0");
    const double result = sign == '+'   ? x + y
                          : sign == '-' ? x - y
                          : sign == '*' ? x * y
                          : sign == '/' ? x / y
                          : sign == 'd' ? std::floor(x / y)
                                        : x - y * std::floor(x / y);
    if (!(std::fabs(result) < 9007199254740992.0)) refuse_template("a number is beyond 2^53");
    if (sign == '/' || a.is<double>() || b.is<double>()) return result;
    return static_cast<std::int64_t>(result);
  }

  static value binary(const std::string& sign, const value& a, const value& b) {
    if (sign == "==") return are_equal(a, b);
    if (sign == "!=") return !are_equal(a, b);
    if (sign == "<") return is_less(a, b);
    if (sign == ">") return is_less(b, a);
    if (sign == "<=") return !is_less(b, a);
    if (sign == ">=") return !is_less(a, b);
    if (sign == "in") return contains(b, a);
    if (sign == "~" || (sign == "+" && a.is<marked_text>() && b.is<marked_text>())) {
      marked_text both = shown(a);
      return both += shown(b);
    }
    if (sign == "+" && a.items() != nullptr && b.items() != nullptr) {
      template_list both = *a.items();
      both.insert(both.end(), b.items()->begin(), b.items()->end());
      if (both.size() > 1000000) refuse_template("a list of more than a million values");
      return value::list(std::move(both));
    }
    if (!is_number(a) || !is_number(b))
      refuse_template(kind_name(a), " ", sign, " ", kind_name(b), " is nothing");
    return arithmetic(sign == "//" ? 'd' : sign[0], a, b);
  }

  std::vector<template_dict> scopes_;
  std::vector<std::shared_ptr<template_members>> changed_;
  marked_text out_;
  int steps_ = 0, calls_ = 0;
};

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
