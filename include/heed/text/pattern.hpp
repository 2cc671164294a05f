// SPDX-License-Identifier: MIT
// Regular expressions, compiled and searched by Oniguruma, the library of Hugging Face's
// tokenizers.
//
//   detail::text::pattern words("\\p{L}+");
//   words.find("to be", 2, found);  // found is {3, 5}
#pragma once

#include <heed/text/oniguruma.hpp>        // onig_search_with_param
#include <heed/text/tokenizer_error.hpp>  // tokenizer_error, require
#include <heed/text/utf8.hpp>             // byte_of

#include <memory>       // unique_ptr
#include <string_view>  // string_view

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

struct text_range {
  std::size_t begin, end;
};

class pattern {
 public:
  explicit pattern(std::string_view expression) : expression_(expression) {
    static const int ready = [] {
      OnigEncoding encodings[] = {ONIG_ENCODING_UTF8};
      return onig_initialize(encodings, 1);
    }();
    OnigErrorInfo why{};
    OnigRegex made = nullptr;
    const OnigUChar* first = bytes(expression_);
    const int code = ready != ONIG_NORMAL
                         ? ready
                         : onig_new(&made, first, first + expression_.size(), ONIG_OPTION_NONE,
                                    ONIG_ENCODING_UTF8, ONIG_SYNTAX_DEFAULT, &why);
    compiled_.reset(made);
    require<tokenizer_error>(code == ONIG_NORMAL, "the pattern ", expression_,
                             " is not one that Oniguruma takes: ", sentence_of(code, &why));
  }

  // The first match that begins at byte `from` or later. Throws tokenizer_error if the search takes
  // more steps than the limit for a text of this size.
  bool find(std::string_view text, std::size_t from, text_range& found) const {
    return find(text, from, found, search(text.size()));
  }

  // Calls visit(begin, end) for each match, one after the other.
  template <class Visit>
  void for_each(std::string_view text, const Visit& visit) const {
    const search state(text.size());
    std::size_t last = text.size() + 1;  // where the match before ended
    text_range m{};
    for (std::size_t at = 0; at <= text.size() && find(text, at, m, state);) {
      // An empty match directly after a match is skipped: the search continues one character later.
      if (m.begin == m.end && m.end == last) {
        at = m.end < text.size() ? m.end + char_length(text[m.end]) : text.size() + 1;
        continue;
      }
      visit(m.begin, m.end);
      at = last = m.end;
    }
  }

 private:
  struct free_regex {
    void operator()(OnigRegex regex) const { onig_free(regex); }
  };
  struct free_region {
    void operator()(OnigRegion* region) const { onig_region_free(region, 1); }
  };
  struct free_param {
    void operator()(OnigMatchParam* param) const { onig_free_match_param(param); }
  };

  // Oniguruma's working memory for searches in one text.
  struct search {
    explicit search(std::size_t size) : region(onig_region_new()), limits(onig_new_match_param()) {
      const unsigned long steps = 10000000 + 16 * size;
      onig_initialize_match_param(limits.get());
      onig_set_retry_limit_in_match_of_match_param(limits.get(), steps);
      onig_set_retry_limit_in_search_of_match_param(limits.get(), 4 * steps);
    }
    std::unique_ptr<OnigRegion, free_region> region;
    std::unique_ptr<OnigMatchParam, free_param> limits;
  };

  static const OnigUChar* bytes(std::string_view text) {
    return reinterpret_cast<const OnigUChar*>(text.data());
  }
  static std::string sentence_of(int code, OnigErrorInfo* why) {
    OnigUChar sentence[ONIG_MAX_ERROR_MESSAGE_LEN];
    const int length = why == nullptr ? onig_error_code_to_str(sentence, code)
                                      : onig_error_code_to_str(sentence, code, why);
    return {reinterpret_cast<const char*>(sentence), static_cast<std::size_t>(length)};
  }

  bool find(std::string_view text, std::size_t from, text_range& found, const search& state) const {
    const OnigUChar *first = bytes(text), *last = first + text.size();
    const int code =
        onig_search_with_param(compiled_.get(), first, last, first + from, last, state.region.get(),
                               ONIG_OPTION_NONE, state.limits.get());
    if (code == ONIG_MISMATCH) return false;
    require<tokenizer_error>(code >= 0, "the pattern ", expression_, " gave up on a text of ",
                             text.size(), " bytes: ", sentence_of(code, nullptr));
    found = {static_cast<std::size_t>(state.region->beg[0]),
             static_cast<std::size_t>(state.region->end[0])};
    return true;
  }

  std::string expression_;
  std::unique_ptr<OnigRegexType, free_regex> compiled_;
};

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
