// SPDX-License-Identifier: MIT
// GGUF files, version 3, of floats, for tests that read them.
//
//   support::gguf_writer file;
//   file.add("general.architecture", "llama").add("llama.block_count", 2u);
//   file.add("token_embd.weight", {width, words}, numbers);  // the fastest axis first
//   folder.write("a.gguf", file.whole().view());
#pragma once

#include "support/bytes.hpp"

namespace support {

class gguf_writer {
 public:
  gguf_writer& add(std::string_view name, std::string_view text) {
    return pair(name, 8, [&](bytes& to) { to.text(text); });
  }
  gguf_writer& add(std::string_view name, std::uint32_t number) {
    return pair(name, 4, [&](bytes& to) { to.add(number); });
  }
  gguf_writer& add(std::string_view name, float number) {
    return pair(name, 6, [&](bytes& to) { to.add(number); });
  }
  gguf_writer& add(std::string_view name, const std::vector<std::uint64_t>& sizes,
                   const std::vector<float>& numbers) {
    entries_.text(name).add(static_cast<std::uint32_t>(sizes.size()));
    for (const std::uint64_t size : sizes) entries_.add(size);
    entries_.add(std::uint32_t(0)).add<std::uint64_t>(data_.size());
    for (const float number : numbers) data_.add(number);
    data_.pad_to(32);
    ++tensors_;
    return *this;
  }

  [[nodiscard]] bytes whole() const {
    bytes file("GGUF");
    file.add(std::uint32_t(3)).add(tensors_).add(pairs_);
    file.raw(text_of(metadata_)).raw(text_of(entries_)).pad_to(32).raw(text_of(data_));
    return file;
  }

 private:
  template <class Value>
  gguf_writer& pair(std::string_view name, std::uint32_t kind, const Value& value) {
    value(metadata_.text(name).add(kind));
    ++pairs_;
    return *this;
  }
  static std::string_view text_of(const bytes& b) {
    return {reinterpret_cast<const char*>(b.view().data()), b.size()};
  }

  bytes metadata_, entries_, data_;
  std::uint64_t tensors_ = 0, pairs_ = 0;
};

}  // namespace support
