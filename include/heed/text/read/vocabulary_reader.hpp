// SPDX-License-Identifier: MIT
// Reads the large parts of a tokenizer.json or vocab.json, vocabulary and merges, token by token.
//
//   detail::text::vocabulary_reader reader(detail::text::vocabulary_reader::tokenizer_json);
//   detail::text::read_json(text, reader);
//   reader.tokens().find("the");  // its id
#pragma once

#include <heed/text/byte_pair_merge.hpp>   // merge_table
#include <heed/text/read/json_reader.hpp>  // json_reader
#include <heed/text/vocabulary.hpp>        // vocabulary

#include <utility>  // move
#include <vector>   // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

// Pairs of tokens in the order of the file: earlier pairs are merged first.
class merge_list {
 public:
  void add(std::string_view left, std::string_view right) {
    letters_.append(left).append(right);
    pairs_.push_back({left.size(), right.size()});
  }
  // Adds a line "left right"; false if it is not two tokens.
  bool add_line(std::string_view line) {
    const std::size_t gap = line.find(' ');
    if (gap == line.npos || line.find(' ', gap + 1) != line.npos) return false;
    add(line.substr(0, gap), line.substr(gap + 1));
    return true;
  }
  [[nodiscard]] std::size_t size() const { return pairs_.size(); }

  // The table of merges with the ids of a vocabulary; throws tokenizer_error if a token is not in it. `prefix` is
  // at the beginning of right tokens and is removed in a merge ("##", for example).
  [[nodiscard]] merge_table table(const vocabulary& tokens, std::string_view prefix) const {
    merge_table made;
    std::size_t at = 0;
    for (std::size_t rank = 0; rank < pairs_.size(); ++rank) {
      const std::string_view both(letters_);
      const std::string_view left = both.substr(at, pairs_[rank].left);
      const std::string_view right = both.substr(at + left.size(), pairs_[rank].right);
      at += left.size() + right.size();
      require<tokenizer_error>(right.size() >= prefix.size(), "merge ", rank, ": ",
                               std::string(right), " is shorter than the prefix ",
                               std::string(prefix));
      const std::string whole = std::string(left).append(right.substr(prefix.size()));
      const token_id l = find(tokens, left, rank), r = find(tokens, right, rank);
      made.insert(l, r, {static_cast<std::uint32_t>(rank), find(tokens, whole, rank)});
    }
    return made;
  }

 private:
  struct sizes {
    std::size_t left, right;
  };
  static token_id find(const vocabulary& tokens, std::string_view token, std::size_t rank) {
    const token_id id = tokens.find(token);
    require<tokenizer_error>(id != no_token, "merge ", rank, " needs the token ",
                             std::string(token), ", which is not in the vocabulary");
    return id;
  }

  std::string letters_;
  std::vector<sizes> pairs_;
};

class vocabulary_reader : public json_reader {
 public:
  enum kind {
    vocab_json,      // the whole file is the vocabulary
    tokenizer_json,  // the vocabulary is model.vocab, and the merges are model.merges
  };
  explicit vocabulary_reader(kind k) : kind_(k) {}

  bool number_integer(number_integer_t value) override {
    return inside_ == nothing ? json_reader::number_integer(value)
                              : number(static_cast<double>(value), false);
  }
  bool number_unsigned(number_unsigned_t value) override {
    if (inside_ == nothing) return json_reader::number_unsigned(value);
    whole_ = value;
    return number(static_cast<double>(value), true);
  }
  bool number_float(number_float_t value, const string_t& text) override {
    return inside_ == nothing ? json_reader::number_float(value, text)
                              : number(score_of(text, value), false);
  }
  bool string(string_t& value) override {
    if (inside_ == nothing) return json_reader::string(value);
    if (inside_ == tokens_part && is_list_ && level_ == 2 && place_ == 0) {
      token_ = std::move(value);
      ++place_;
      return true;
    }
    if (inside_ == merges_part && level_ == 1)
      return merges_.add_line(value) || fail("the merge \"" + value + "\" is not two tokens");
    if (inside_ == merges_part && level_ == 2 && place_ < 2) {
      (place_ == 0 ? token_ : right_) = std::move(value);
      ++place_;
      return true;
    }
    return misplaced();
  }
  bool null() override { return inside_ == nothing ? json_reader::null() : misplaced(); }
  bool boolean(bool value) override {
    return inside_ == nothing ? json_reader::boolean(value) : misplaced();
  }
  bool key(string_t& name) override {
    if (inside_ == tokens_part && !is_list_) {
      token_ = std::move(name);
      return true;
    }
    if (depth() == 1) section_ = name;
    return json_reader::key(name);
  }

  bool start_object(std::size_t size) override {
    if (inside_ != nothing) return misplaced();
    if (kind_ == vocab_json ? depth() == 0 : at_model_member("vocab")) {
      inside_ = tokens_part;
      is_list_ = false;
      level_ = 1;
      return true;
    }
    return json_reader::start_object(size);
  }
  bool end_object() override {
    if (inside_ == nothing) return json_reader::end_object();
    inside_ = nothing;
    return true;
  }
  bool start_array(std::size_t size) override {
    if (inside_ == nothing) {
      const bool vocab = at_model_member("vocab");
      if (!vocab && !at_model_member("merges")) return json_reader::start_array(size);
      inside_ = vocab ? tokens_part : merges_part;
      is_list_ = true;
      level_ = 1;
      return true;
    }
    if (level_ == 2 || !is_list_) return misplaced();
    level_ = 2;
    place_ = 0;
    return true;
  }
  bool end_array() override {
    if (inside_ == nothing) return json_reader::end_array();
    if (level_ == 1) {
      inside_ = nothing;
      return true;
    }
    level_ = 1;
    if (place_ != 2) return misplaced();
    if (inside_ == merges_part) {
      merges_.add(token_, right_);
    } else {
      tokens_.assign(token_, static_cast<token_id>(scores_.size()));
      scores_.push_back(score_);
    }
    return true;
  }

  [[nodiscard]] vocabulary take_tokens() { return std::move(tokens_); }
  [[nodiscard]] const vocabulary& tokens() const { return tokens_; }
  [[nodiscard]] const std::vector<double>& scores() const { return scores_; }
  [[nodiscard]] merge_list& merges() { return merges_; }

 private:
  enum part { nothing, tokens_part, merges_part };

  // A decimal number as serde_json reads it for Hugging Face's library, which may be the double next to the
  // nearest one, so that sums of scores are equal if they are equal in that library.
  static double score_of(std::string_view text, double nearest) {
    constexpr std::uint64_t most = (~std::uint64_t(0) - 9) / 10;
    std::uint64_t digits = 0;
    int places = 0;
    bool behind_point = false, full = false;
    for (const char c : text) {
      if (c == '-') continue;
      if (c == '.') {
        behind_point = true;
      } else if (c < '0' || c > '9' || (full && !behind_point)) {
        return nearest;  // an exponent, or more digits than scores have
      } else if (!full) {
        full = digits > most;
        if (full) continue;
        digits = digits * 10 + static_cast<std::uint64_t>(c - '0');
        places += behind_point ? 1 : 0;
      }
    }
    double power = 1;  // exact up to 10^22
    for (int i = 0; i < places; ++i) power *= 10;
    const double value = static_cast<double>(digits) / power;
    return places > 22 ? nearest : text[0] == '-' ? -value : value;
  }
  [[nodiscard]] bool at_model_member(std::string_view name) const {
    return kind_ == tokenizer_json && depth() == 2 && section_ == "model" && last_key() == name;
  }
  bool misplaced() {
    return fail(inside_ == merges_part
                    ? "merges are no list of \"left right\" or [\"left\", \"right\"]"
                    : "the vocabulary is neither an object of tokens and their ids nor a list of "
                      "[token, score]");
  }
  bool number(double value, bool whole) {
    if (inside_ != tokens_part) return misplaced();
    if (is_list_) {
      score_ = value;
      return level_ == 2 && place_++ == 1 ? true : misplaced();
    }
    if (!whole || whole_ >= no_token)
      return fail("the token " + token_ + " has an id that is no whole number below 2^32 - 1");
    tokens_.assign(token_, static_cast<token_id>(whole_));
    return true;
  }

  kind kind_;
  part inside_ = nothing;
  bool is_list_ = false;
  std::size_t level_ = 0, place_ = 0;
  std::uint64_t whole_ = 0;
  double score_ = 0;
  std::string section_, token_, right_;
  vocabulary tokens_;
  std::vector<double> scores_;
  merge_list merges_;
};

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
