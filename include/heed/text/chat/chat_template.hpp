// SPDX-License-Identifier: MIT
// A conversation as a model's chat template writes it.
//
//   detail::text::render_chat(parts.names, {{"user", "Hi"}}, {}).text();  // "<|im_start|>user\nHi<|im_end|>\n..."
#pragma once

#include <heed/text/chat/template_run.hpp>  // template_run
#include <heed/text/tokenizer_class.hpp>    // chat_message, chat_options
#include <heed/text/tokenizer_parts.hpp>    // special_tokens

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

inline marked_text render_chat(const special_tokens& names,
                               const std::vector<chat_message>& messages,
                               const chat_options& options) {
  require<tokenizer_error>(
      !names.chat_template.empty(),
      "this tokenizer has no chat template, so it cannot write a conversation");
  template_list list;
  for (const chat_message& m : messages)
    list.push_back(template_value::dict({{"role", template_value::text(repaired(m.role))},
                                         {"content", marked_text::spoken(repaired(m.content))}}));
  template_dict globals{{"messages", template_value::list(std::move(list))},
                        {"add_generation_prompt", options.add_generation_prompt},
                        {"tools", none_value{}},
                        {"documents", none_value{}}};
  const auto define = [&](const char* name, const std::string& token) {
    if (!token.empty()) globals.emplace_back(name, template_value::text(token));
  };
  define("bos_token", names.bos);
  define("eos_token", names.eos);
  define("unk_token", names.unknown);
  define("pad_token", names.pad);
  return template_run(std::move(globals)).render(parse_template(names.chat_template));
}

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
