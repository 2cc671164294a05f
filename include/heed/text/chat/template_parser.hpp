// SPDX-License-Identifier: MIT
// The parser of chat templates: makes a syntax tree of Jinja's statements and expressions, as far as
// chat templates use them.
//
//   detail::text::template_node tree = detail::text::parse_template("{% for m in messages %}{{ m.role }}{% endfor %}");
#pragma once

#include <heed/text/chat/template_lexer.hpp>  // lex_template
#include <heed/text/chat/template_node.hpp>   // template_node

#include <initializer_list>  // initializer_list

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

class template_parser {
 public:
  explicit template_parser(std::string_view source) : tokens_(lex_template(source)) {}

  template_node run() {
    template_node tree = statements({});
    if (now().type != template_token::end) unexpected();
    return tree;
  }

 private:
  using node = template_node;
  using words = std::initializer_list<std::string_view>;

  // Refuses nesting so deep that the program's stack would overflow.
  class level {
   public:
    explicit level(int& depth) : depth_(depth) {
      if (++depth_ > 100) refuse_template("it is nested deeper than 100 levels");
    }
    ~level() { --depth_; }
    level(const level&) = delete;
    level& operator=(const level&) = delete;

   private:
    int& depth_;
  };

  [[nodiscard]] const template_token& now() const { return tokens_[at_]; }
  [[nodiscard]] const template_token& next() const {
    return tokens_[(std::min)(at_ + 1, tokens_.size() - 1)];
  }
  [[noreturn]] void unexpected() const {
    constexpr const char* what[] = {"text",   "{%",     "%}",       "{{",       "}}",
                                    "a name", "a text", "a number", "a symbol", "the end"};
    refuse_template("it is not understood at ", what[now().type],
                    (now().words.empty() ? "" : ", " + now().words.substr(0, 40)));
  }
  [[nodiscard]] bool is(template_token::kind type, std::string_view text) const {
    return now().type == type && now().words == text;
  }
  bool take(template_token::kind type, std::string_view text) {
    if (!is(type, text)) return false;
    ++at_;
    return true;
  }
  bool take(std::string_view symbol) { return take(template_token::symbol, symbol); }
  bool take_word(std::string_view word) { return take(template_token::name, word); }
  std::string expect(template_token::kind type) {
    if (now().type != type) unexpected();
    return tokens_[at_++].words;
  }
  void expect(std::string_view symbol) {
    if (!take(symbol)) unexpected();
  }
  void end_block() { expect(template_token::block_end); }
  static node make(node::kinds kind, std::vector<node> kids = {}, std::string name = {}) {
    node n;
    n.kind = kind;
    n.kids = std::move(kids);
    n.name = std::move(name);
    return n;
  }

  // Statements until a tag that begins with one of the words `ends`; the tag is not consumed.
  node statements(words ends) {
    const level deeper(depth_);
    node all = make(node::sequence);
    while (true) {
      if (now().type == template_token::text) {
        node n = make(node::text);
        n.value = template_value::text(expect(template_token::text));
        all.kids.push_back(std::move(n));
      } else if (now().type == template_token::output_begin) {
        ++at_;
        all.kids.push_back(make(node::output, some(expression())));
        expect(template_token::output_end);
      } else if (now().type == template_token::block_begin) {
        for (const std::string_view e : ends)
          if (next().type == template_token::name && next().words == e) return all;
        ++at_;
        all.kids.push_back(statement());
      } else {
        return all;
      }
    }
  }
  template <class... Nodes>
  static std::vector<node> some(Nodes... nodes) {
    std::vector<node> list;
    (list.push_back(std::move(nodes)), ...);
    return list;
  }

  node statement() {
    const std::string word = expect(template_token::name);
    if (word == "if") return condition();
    if (word == "for") return loop();
    if (word == "set") return assignment();
    if (word == "macro") return macro();
    if (word == "generation") {  // marks what the assistant says, for training
      end_block();
      node body = statements({"endgeneration"});
      end_statement("endgeneration");
      return body;
    }
    if (word == "break" || word == "continue") {
      end_block();
      return make(word == "break" ? node::break_loop : node::continue_loop);
    }
    refuse_template("the statement {% ", word, " %} is not one that is known here");
  }
  void end_statement(std::string_view word) {
    expect(template_token::block_begin);
    if (!take_word(word)) unexpected();
    end_block();
  }

  node condition() {
    node test = expression();
    end_block();
    node then = statements({"elif", "else", "endif"});
    expect(template_token::block_begin);
    node otherwise = make(node::sequence);
    if (take_word("elif")) {
      const level deeper(depth_);
      return make(node::condition, some(std::move(test), std::move(then), condition()));
    }
    if (take_word("else")) {
      end_block();
      otherwise = statements({"endif"});
      expect(template_token::block_begin);
    }
    if (!take_word("endif")) unexpected();
    end_block();
    return make(node::condition, some(std::move(test), std::move(then), std::move(otherwise)));
  }

  node loop() {
    node n = make(node::loop);
    do n.names.push_back(expect(template_token::name));
    while (take(","));
    if (!take_word("in")) unexpected();
    n.kids.push_back(either());
    n.kids.push_back(take_word("if") ? expression() : make(node::nothing));
    end_block();
    n.kids.push_back(statements({"else", "endfor"}));
    expect(template_token::block_begin);
    n.kids.push_back(make(node::sequence));
    if (take_word("else")) {
      end_block();
      n.kids.back() = statements({"endfor"});
      expect(template_token::block_begin);
    }
    if (!take_word("endfor")) unexpected();
    end_block();
    return n;
  }

  node assignment() {
    node n = make(node::assign);
    do n.names.push_back(expect(template_token::name));
    while (take(","));
    if (n.names.size() == 1 && take(".")) {
      n.kind = node::assign_member;
      n.names.push_back(expect(template_token::name));
    }
    if (take("=")) {
      n.kids.push_back(tuple());
      end_block();
      return n;
    }
    if (n.names.size() != 1) unexpected();
    end_block();
    n.kind = node::capture;
    n.kids.push_back(statements({"endset"}));
    end_statement("endset");
    return n;
  }

  node macro() {
    node n = make(node::macro, {}, expect(template_token::name));
    n.kids.resize(1);
    expect("(");
    while (!take(")")) {
      n.names.push_back(expect(template_token::name));
      if (take("="))
        n.kids.push_back(expression());
      else if (n.kids.size() > 1)
        unexpected();
      if (!is(template_token::symbol, ")")) expect(",");
    }
    end_block();
    n.kids[0] = statements({"endmacro"});
    end_statement("endmacro");
    return n;
  }

  node tuple() {
    node first = expression();
    if (!is(template_token::symbol, ",")) return first;
    node n = make(node::list, some(std::move(first)));
    while (take(",")) n.kids.push_back(expression());
    return n;
  }

  node expression() {
    const level deeper(depth_);
    node value = either();
    if (!take_word("if")) return value;
    node test = either();
    node otherwise = take_word("else") ? expression() : constant(undefined_value{});
    return make(node::choice, some(std::move(value), std::move(test), std::move(otherwise)));
  }
  node either() {
    node left = both();
    while (take_word("or")) left = make(node::either, some(std::move(left), both()));
    return left;
  }
  node both() {
    node left = negation();
    while (take_word("and")) left = make(node::both, some(std::move(left), negation()));
    return left;
  }
  node negation() {
    const level deeper(depth_);
    if (take_word("not")) return make(node::not_true, some(negation()));
    return comparison();
  }
  node comparison() {
    node left = sum();
    while (true) {
      std::string sign;
      for (const std::string_view s : {"==", "!=", "<=", ">=", "<", ">"})
        if (sign.empty() && take(s)) sign = s;
      if (sign.empty() && take_word("in")) sign = "in";
      if (sign.empty() && is(template_token::name, "not") && next().words == "in") {
        at_ += 2;
        left = make(node::not_true, some(binary("in", std::move(left), sum())));
        continue;
      }
      if (sign.empty()) return left;
      left = binary(sign, std::move(left), sum());
    }
  }
  static node binary(std::string sign, node left, node right) {
    return make(node::binary, some(std::move(left), std::move(right)), std::move(sign));
  }
  // Operators of one precedence; inner() parses those of higher precedence.
  template <class Inner>
  node operators(words signs, Inner inner) {
    node left = inner();
    while (true) {
      std::string sign;
      for (const std::string_view s : signs)
        if (sign.empty() && take(s)) sign = s;
      if (sign.empty()) return left;
      left = binary(sign, std::move(left), inner());
    }
  }
  node sum() {
    return operators({"+", "-"}, [&] {
      return operators({"~"}, [&] {
        return operators({"*", "/", "//", "%"}, [&] { return signed_value(); });
      });
    });
  }
  node signed_value() {
    const level deeper(depth_);
    if (take("-")) return make(node::negative, some(signed_value()));
    if (take("+")) return signed_value();
    return filtered(behind(primary()));
  }

  static node constant(template_value value) {
    node n = make(node::constant);
    n.value = std::move(value);
    return n;
  }

  node primary() {
    const level deeper(depth_);
    const template_token token = now();
    ++at_;
    switch (token.type) {
      case template_token::name:
        if (token.words == "true" || token.words == "True") return constant(true);
        if (token.words == "false" || token.words == "False") return constant(false);
        if (token.words == "none" || token.words == "None") return constant(none_value{});
        return make(node::variable, {}, token.words);
      case template_token::string: {
        std::string text = token.words;
        while (now().type == template_token::string) text += expect(template_token::string);
        return constant(template_value::text(std::move(text)));
      }
      case template_token::number:
        if (token.words.find('.') != token.words.npos)
          return constant(std::strtod(token.words.c_str(), nullptr));
        return constant(static_cast<std::int64_t>(std::strtoll(token.words.c_str(), nullptr, 10)));
      case template_token::symbol:
        if (token.words == "(") {
          if (take(")")) return make(node::list);
          node inner = tuple();
          expect(")");
          return inner;
        }
        if (token.words == "[") return list();
        if (token.words == "{") return dict();
        [[fallthrough]];
      default:
        --at_;
        unexpected();
    }
  }
  node list() {
    node n = make(node::list);
    while (!take("]")) {
      n.kids.push_back(expression());
      if (!is(template_token::symbol, "]")) expect(",");
    }
    return n;
  }
  node dict() {
    node n = make(node::dict);
    while (!take("}")) {
      n.kids.push_back(expression());
      expect(":");
      n.kids.push_back(expression());
      if (!is(template_token::symbol, "}")) expect(",");
    }
    return n;
  }

  // .member [item] (arguments)
  node behind(node value) {
    while (true) {
      if (take(".")) {
        value = make(node::attribute, some(std::move(value)), expect(template_token::name));
      } else if (take("[")) {
        value = subscript(std::move(value));
      } else if (is(template_token::symbol, "(")) {
        node call = make(node::call, some(std::move(value)));
        arguments(call);
        value = std::move(call);
      } else {
        return value;
      }
    }
  }
  node subscript(node value) {
    const auto bound = [&] {
      return is(template_token::symbol, ":") || is(template_token::symbol, "]")
                 ? constant(none_value{})
                 : expression();
    };
    node first = bound();
    if (take("]")) return make(node::item, some(std::move(value), std::move(first)));
    expect(":");
    node last = bound();
    node step = take(":") ? bound() : constant(none_value{});
    expect("]");
    return make(node::slice,
                some(std::move(value), std::move(first), std::move(last), std::move(step)));
  }
  void arguments(node& to) {
    expect("(");
    while (!take(")")) {
      std::string name;
      if (now().type == template_token::name && next().type == template_token::symbol &&
          next().words == "=") {
        name = expect(template_token::name);
        ++at_;
      }
      to.names.push_back(std::move(name));
      to.kids.push_back(expression());
      if (!is(template_token::symbol, ")")) expect(",");
    }
  }

  // | filter(arguments)   is test(arguments)
  node filtered(node value) {
    while (true) {
      if (take("|")) {
        value = make(node::filter, some(std::move(value)), expect(template_token::name));
        if (is(template_token::symbol, "(")) arguments(value);
        value = behind(std::move(value));
      } else if (take_word("is")) {
        const bool negated = take_word("not");
        value = make(node::test, some(std::move(value)), expect(template_token::name));
        if (is(template_token::symbol, "(")) {
          arguments(value);
        } else if (now().type == template_token::string || now().type == template_token::number ||
                   (now().type == template_token::name && !is_operator(now().words))) {
          value.names.emplace_back();  // "is divisibleby 3"
          value.kids.push_back(behind(primary()));
        }
        if (negated) value = make(node::not_true, some(std::move(value)));
      } else {
        return value;
      }
    }
  }
  static bool is_operator(std::string_view word) {
    for (const std::string_view w : {"and", "or", "if", "else", "in", "is", "not"})
      if (word == w) return true;
    return false;
  }

  std::vector<template_token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

inline template_node parse_template(std::string_view source) {
  return template_parser(source).run();
}

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
