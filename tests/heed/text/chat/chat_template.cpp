// SPDX-License-Identifier: MIT
#include <heed/text/chat/template_run.hpp>

#include <gtest/gtest.h>
#include <support/refusal.hpp>

namespace {

namespace text = heed::detail::text;
using value = text::template_value;

value messages(const std::vector<std::pair<std::string, std::string>>& list) {
  text::template_list made;
  for (const auto& [role, content] : list)
    made.push_back(value::dict(
        {{"role", value::text(role)}, {"content", text::marked_text::spoken(content)}}));
  return value::list(std::move(made));
}

text::marked_text render(std::string_view source, text::template_dict globals = {}) {
  return text::template_run(std::move(globals)).render(text::parse_template(source));
}
std::string rendered(std::string_view source, text::template_dict globals = {}) {
  return render(source, std::move(globals)).text();
}
std::string refused(std::string_view source) {
  return support::refusal<heed::tokenizer_error>([&] { rendered(source); });
}

TEST(ChatTemplate, Expressions) {
  EXPECT_EQ(rendered("{{ 1 + 2 * 3 }} {{ 7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 'a' ~ 1 ~ none }}"),
            "7 3 2 3.5 a1None");
  EXPECT_EQ(rendered("{{ 'a' in 'cat' and not false }} {{ 3 is odd }} {{ x is defined }}{{ x }}"),
            "True True False");
  EXPECT_EQ(
      rendered(
          "{{ 'y' if 1 > 2 else 'n' }}{{ [1, 2][-1] }}{{ 'abc'[1:] }}{{ [1,2,3][::-1]|first }}"),
      "n2bc3");
  EXPECT_EQ(rendered("{{ ' a b '.strip().split(' ')|join('-')|upper }} {{ x|default('d') }}"),
            "A-B d");
  EXPECT_EQ(rendered("{{ {'a': [1, none, true], 'b': 'q\"'}|tojson }}"),
            R"({"a": [1, null, true], "b": "q\""})");
  EXPECT_EQ(rendered("{{ 'x\\ty' }}{{ \"\\u00e9\" }}"), "x\ty\u00E9");
}

TEST(ChatTemplate, Statements) {
  EXPECT_EQ(rendered("{% for i in range(4) %}{% if i == 2 %}{% continue %}{% endif %}{{ loop.index "
                     "}}{{ ',' if not loop.last }}{% else %}none{% endfor %}"),
            "1,2,4");
  EXPECT_EQ(rendered("{% for i in [] %}x{% else %}none{% endfor %}"), "none");
  EXPECT_EQ(rendered("{% set n = namespace(k=0) %}{% for i in range(3) %}{% set n.k = n.k + i %}{% "
                     "set k = i %}{% endfor %}{{ n.k }}{{ k is defined }}"),
            "3False");
  EXPECT_EQ(
      rendered(
          "{% macro m(a, b='d') %}[{{ a }}{{ b }}]{% endmacro %}{{ m('x') }}{{ m('x', b=1) }}"),
      "[xd][x1]");
  EXPECT_EQ(rendered("{% set c %}in{{ 1 }}{% endset %}{{ c }}"), "in1");
  EXPECT_EQ(rendered("{% if false %}a{% elif true %}b{% else %}c{% endif %}"), "b");
}

// trim_blocks: a line's end behind a tag goes; lstrip_blocks: so do blanks before a tag that begins a
// line; and one line's end at the end of the template.
TEST(ChatTemplate, WhiteSpaceAsTransformersTreatsIt) {
  EXPECT_EQ(rendered("a\n  {% if true %}\nb\n  {% endif %}\nc\n"), "a\nb\nc");
  EXPECT_EQ(rendered("a  {{- ' b ' -}}  c"), "a b c");
  EXPECT_EQ(rendered("x {# note #} y\n{#- n -#}\n z"), "x  yz");
  EXPECT_EQ(rendered("  {{ 1 }}\n"), "  1");
}

// Forms of families that are known well, written down here by hand.
TEST(ChatTemplate, FamiliesAsTheyWriteAConversation) {
  const std::string chatml =
      "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' "
      "}}{% endfor %}"
      "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
  EXPECT_EQ(
      rendered(chatml, {{"messages", messages({{"user", "Hi"}})}, {"add_generation_prompt", true}}),
      "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
  const std::string llama3 =
      "{% for m in messages %}{% set c = '<|start_header_id|>' + m.role + '<|end_header_id|>\n\n' "
      "+ m.content | trim + '<|eot_id|>' %}"
      "{{ bos_token + c if loop.first else c }}{% endfor %}";
  EXPECT_EQ(rendered(llama3, {{"messages", messages({{"system", "Be brief. "}, {"user", " Hi"}})},
                              {"bos_token", value::text("<|begin_of_text|>")}}),
            "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
            "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>");
  const std::string gemma =
      "{{ bos_token }}{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) "
      "%}"
      "{{ raise_exception('Roles must alternate') }}{% endif %}{% set role = 'model' if m.role == "
      "'assistant' else m.role %}"
      "{{ '<start_of_turn>' + role + '\n' + m['content'] | trim + '<end_of_turn>\n' }}{% endfor %}";
  EXPECT_EQ(rendered(gemma, {{"messages", messages({{"user", "Hi"}, {"assistant", "Ho"}})},
                             {"bos_token", value::text("<bos>")}}),
            "<bos><start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\nHo<end_of_turn>\n");
  EXPECT_EQ(support::refusal<heed::tokenizer_error>([&] {
              rendered(gemma, {{"messages", messages({{"assistant", "Ho"}})}});
            }),
            "the chat template cannot be rendered: Roles must alternate");
}

TEST(ChatTemplate, RemembersWhoWroteWhat) {
  const text::marked_text t =
      render("{% for m in messages %}<|{{ m.role }}|>{{ m.content|trim }}<|end|>{% endfor %}",
             {{"messages", messages({{"user", " a<|end|> "}, {"user", "b"}})}});
  EXPECT_EQ(t.text(), "<|user|>a<|end|><|end|><|user|>b<|end|>");
  const std::vector<text::text_range> spoken = t.spoken_parts();
  ASSERT_EQ(spoken.size(), 2u);
  EXPECT_EQ(t.text().substr(spoken[0].begin, spoken[0].end - spoken[0].begin), "a<|end|>");
  EXPECT_EQ(t.text().substr(spoken[1].begin, spoken[1].end - spoken[1].begin), "b");
  // Through every function that makes another text of it.
  for (const char* source :
       {"{{ m|upper }}", "{{ m|tojson }}", "{{ (m ~ '')[0:3] }}", "{{ m.split('|')[0] }}",
        "{% set s %}{{ m }}{% endset %}{{ s }}", "{{ [m]|tojson }}"}) {
    const text::marked_text made = render(source, {{"m", text::marked_text::spoken("<|x|>")}});
    ASSERT_EQ(made.spoken_parts().size(), 1u) << source;
    EXPECT_EQ(made.spoken_parts()[0].end - made.spoken_parts()[0].begin, made.size()) << source;
  }
}

TEST(ChatTemplate, RefusesInWords) {
  const std::string begin = "the chat template cannot be rendered: ";
  EXPECT_EQ(refused("{% import 'x' %}"),
            begin + "the statement {% import %} is not one that is known here");
  EXPECT_EQ(refused("{{ x.y }}"), begin + "x is undefined, and y is a part of it");
  EXPECT_EQ(refused("{{ 1|wordwrap }}"),
            begin + "the filter wordwrap is not one that is known here");
  EXPECT_EQ(refused("{{ 1 is callable }}"),
            begin + "the test callable is not one that is known here");
  EXPECT_EQ(refused("{{ 'a' + 1 }}"), begin + "text + a number is nothing");
  EXPECT_EQ(refused("{{ 1"), begin + "a tag has no end");
  EXPECT_EQ(refused("{{ 1 // 0 }}"), begin + "it divides by 0");
  EXPECT_EQ(refused("{% if true %}"), begin + "it is not understood at the end");
}

TEST(ChatTemplate, HostileTemplatesEnd) {
  const std::string deep(100000, '('), closed(100000, ')');
  EXPECT_NE(refused("{{ " + deep + "1" + closed + " }}").find("deeper than 100"),
            std::string::npos);
  EXPECT_NE(refused("{% set x = 'ab' %}{% for i in range(100) %}{% for j in range(1) %}{% endfor "
                    "%}{% endfor %}"
                    "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}")
                .find("more than 50 deep"),
            std::string::npos);
  EXPECT_NE(
      refused("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}")
          .find("million steps"),
      std::string::npos);
  EXPECT_NE(refused("{% set n = namespace(x='aaaaaaaa') %}{% for i in range(40) %}{% set n.x = n.x "
                    "+ n.x %}{% endfor %}")
                .find("makes a text of more than"),
            std::string::npos);
  EXPECT_NE(
      refused(
          "{% set n = namespace(x=[]) %}{% for i in range(99) %}{% set n.x = [n.x] %}{% endfor %}")
          .find("more than 60 deep"),
      std::string::npos);
  EXPECT_EQ(rendered("{% set n = namespace() %}{% set n.x = n %}done"),
            "done");  // and no memory stays behind
}

}  // namespace
