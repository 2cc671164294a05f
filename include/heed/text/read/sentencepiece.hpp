// SPDX-License-Identifier: MIT
// Reads SentencePiece's tokenizer.model: a message of Protocol Buffers, of which few fields are used.
//
//   detail::text::read_sentencepiece(bytes);  // the parts of a tokenizer
#pragma once

#include <heed/text/read/sentencepiece_pieces.hpp>  // make_sentencepiece

#include <bit>  // bit_cast

namespace heed {
inline namespace HEED_ABI {
namespace detail::text {

// The fields of one message, one after the other.
class message {
 public:
  explicit message(std::string_view bytes) : bytes_(bytes) {}

  // Goes to the next field; false at the end.
  bool next() {
    if (at_ == bytes_.size()) return false;
    const std::uint64_t tag = number();
    field_ = tag >> 3;
    value_ = 0;
    text_ = {};
    switch (tag & 7) {
      case 0:
        value_ = number();
        break;
      case 1:
        text_ = take(8);
        break;
      case 2:
        text_ = take(number());
        break;
      case 5:
        text_ = take(4);
        break;
      default:
        refuse<tokenizer_error>("a message has a field of the unknown kind " +
                                std::to_string(tag & 7));
    }
    return true;
  }

  [[nodiscard]] std::uint64_t field() const { return field_; }
  [[nodiscard]] std::uint64_t value() const { return value_; }
  [[nodiscard]] bool flag() const { return value_ != 0; }
  [[nodiscard]] std::string_view text() const { return text_; }
  [[nodiscard]] float real() const {
    require<tokenizer_error>(text_.size() == 4, "field ", field_, " of a message is no float");
    std::uint32_t bits = 0;
    for (std::size_t i = 4; i-- > 0;) bits = bits << 8 | byte_of(text_[i]);
    return std::bit_cast<float>(bits);
  }

 private:
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      require<tokenizer_error>(at_ < bytes_.size(), "a message ends inside a number");
      const std::uint64_t b = byte_of(bytes_[at_++]);
      value |= (b & 0x7F) << shift;
      if (b < 0x80) return value;
    }
    refuse<tokenizer_error>("a message has a number of more than 64 bits");
  }
  std::string_view take(std::uint64_t size) {
    require<tokenizer_error>(size <= bytes_.size() - at_, "a message has a field of ", size,
                             " bytes where ", bytes_.size() - at_, " are left");
    const std::string_view taken = bytes_.substr(at_, size);
    at_ += taken.size();
    return taken;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::uint64_t field_ = 0, value_ = 0;
  std::string_view text_;
};

// The numbers below are those of the fields in sentencepiece_model.proto.
class sentencepiece_reader {
 public:
  std::shared_ptr<tokenizer_parts> read(std::string_view bytes) {
    for (message m(bytes); m.next();) {
      if (m.field() == 1) piece(m.text());
      if (m.field() == 2) trainer(m.text());
      if (m.field() == 3) normalizer(m.text());
    }
    require<tokenizer_error>(unknown_ != no_token, "no piece is the one for unknown text");
    pieces_.unknown = unknown_;
    auto parts = make_sentencepiece(std::move(pieces_));
    const vocabulary& tokens = parts->model->tokens();
    if (bos_ >= 0) parts->names.bos = tokens.token(static_cast<token_id>(bos_));
    if (eos_ >= 0) parts->names.eos = tokens.token(static_cast<token_id>(eos_));
    if (pad_ >= 0) parts->names.pad = tokens.token(static_cast<token_id>(pad_));
    return parts;
  }

 private:
  void piece(std::string_view bytes) {
    std::string text;
    float score = 0;
    std::uint64_t kind = 1;
    for (message m(bytes); m.next();) {
      if (m.field() == 1) text = m.text();
      if (m.field() == 2) score = m.real();
      if (m.field() == 3) kind = m.value();
    }
    const std::size_t id = pieces_.texts.size();
    require<tokenizer_error>(kind >= 1 && kind <= 6, "piece ", id, " is of the unknown type ",
                             kind);
    pieces_.texts.push_back(std::move(text));
    pieces_.scores.push_back(score);
    pieces_.kinds.push_back(static_cast<piece_kind>(kind));
    if (pieces_.kinds.back() == piece_kind::unknown) {
      require<tokenizer_error>(unknown_ == no_token, "pieces ", unknown_, " and ", id,
                               " are both for unknown text");
      unknown_ = static_cast<token_id>(id);
    }
  }

  void trainer(std::string_view bytes) {
    for (message m(bytes); m.next();) {
      const auto number = static_cast<std::int32_t>(m.value());
      switch (m.field()) {
        case 3:
          require<tokenizer_error>(number == 1 || number == 2, "its model is of the type ", number,
                                   ", which is neither 1 (unigram) nor 2 (byte pairs)");
          pieces_.is_unigram = number == 1;
          break;
        case 24:
          pieces_.spaces.as_suffix = m.flag();
          break;
        case 35:
          pieces_.byte_fallback = m.flag();
          break;
        case 41:
          bos_ = number;
          break;
        case 42:
          eos_ = number;
          break;
        case 43:
          pad_ = number;
          break;
        case 44:
          pieces_.unknown_surface = m.text();
          break;
        default:
          break;
      }
    }
  }

  void normalizer(std::string_view bytes) {
    for (message m(bytes); m.next();) {
      if (m.field() == 2) pieces_.map = charsmap(m.text());
      if (m.field() == 3) pieces_.spaces.add_dummy_prefix = m.flag();
      if (m.field() == 4) pieces_.spaces.remove_extra_whitespaces = m.flag();
      if (m.field() == 5) pieces_.spaces.escape_whitespaces = m.flag();
    }
  }

  sentencepiece_pieces pieces_ = unigram_pieces();
  token_id unknown_ = no_token;
  std::int32_t bos_ = 1, eos_ = 2, pad_ = -1;

  static sentencepiece_pieces unigram_pieces() {
    sentencepiece_pieces p;
    p.is_unigram = true;  // unless the file says otherwise
    return p;
  }
};

inline std::shared_ptr<tokenizer_parts> read_sentencepiece(std::string_view bytes) {
  return sentencepiece_reader().read(bytes);
}

}  // namespace detail::text
}  // namespace HEED_ABI
}  // namespace heed
