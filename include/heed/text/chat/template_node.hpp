// SPDX-License-Identifier: MIT
// A node of a chat template's syntax tree: one statement or expression, and those inside it.
//
//   detail::text::template_node n;  // {% if a %}b{% endif %}: kind condition, kids a, b and nothing
#pragma once

#include <heed/text/chat/template_value.hpp>  // template_value

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

struct template_node {
  enum kinds {
    // statements; kids in this order
    text,       // value
    sequence,   // statements
    output,     // expression
    condition,  // expression, then, else
    loop,       // list, condition or nothing, body, else; names: the variables
    assign,     // expression; names: the variables, or an object and its member
    assign_member,
    capture,  // body; names: the variable
    macro,    // body, values of the last parameters; name; names: the parameters
    break_loop,
    continue_loop,
    nothing,
    // expressions
    constant,   // value
    variable,   // name
    attribute,  // object; name
    item,       // object, key
    slice,      // object, first, last, step
    call,       // function, arguments; names: "" or the argument's name
    filter,     // input, arguments; name, names
    test,       // input, arguments; name, names
    choice,     // value if true, condition, value if false
    list,       // items
    dict,       // key, value, key, value, ...
    not_true,
    negative,
    both,
    either,
    binary,  // left, right; name: the operator
  };
  kinds kind = nothing;
  std::string name;
  std::vector<std::string> names;
  std::vector<template_node> kids;
  template_value value;
};

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
