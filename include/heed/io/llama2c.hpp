// SPDX-License-Identifier: MIT
// Reads the .bin files of llama2.c: a header of seven sizes, then floats in a fixed order.
//
//   const heed::tensor_file file = heed::read_llama2c("stories260K.bin");
//   file.metadata().count("n_layers");                   // 5
//   file["layers.0.attention.wq.weight"].shape;          // {64, 64}: (outputs, inputs)
//
// Tensors have the names of Meta's Llama, and rows of wq and wk the order of its interleaved rotary
// positions. Without "output.weight" the head is "tok_embeddings.weight".
#pragma once

#include <heed/io/byte_reader.hpp>  // byte_reader
#include <heed/io/tensor_file.hpp>  // tensor_file

namespace heed {
inline namespace HEED_ABI {
namespace detail {

inline constexpr std::uint32_t llama2c_magic = 0x616b3432;  // "ak42"

class llama2c_reader {
 public:
  llama2c_reader(std::span<const std::byte> bytes, const std::string& file)
      : reader_(bytes, file) {}

  tensors_and_metadata read(std::span<const std::byte> bytes) {
    std::uint32_t first = 0;
    if (bytes.size() >= sizeof first) std::memcpy(&first, bytes.data(), sizeof first);
    const bool versioned = first == llama2c_magic;
    if (versioned) read_version();
    read_sizes(versioned);
    versioned ? read_version_1() : read_version_0();
    require_file(reader_.left() == 0, reader_.file(), ": ", reader_.left(),
                 " bytes follow the last tensor");
    return {std::move(tensors_), metadata()};
  }

 private:
  void read_version() {
    (void)reader_.number<std::uint32_t>("the magic number");
    const auto version = reader_.number<std::int32_t>("the version");
    require_file(version == 1, reader_.file(), ": this llama2.c file has version ", version,
                 "; 0 and 1, which hold floats, are read");
  }

  // What version 0 says by the sign of the vocabulary, version 1 says in a byte.
  void read_sizes(bool versioned) {
    for (std::size_t i = 0; i < sizes; ++i) {
      index size = reader_.number<std::int32_t>("the header");
      if (i == vocabulary && !versioned) {
        shared_ = size > 0;
        size = shared_ ? size : -size;
      }
      // 2^24, so that the product of two sizes and a few more is no overflow; no more layers than ever
      // were, so that a small file cannot have many tensors.
      const index most = i == layers ? 4096 : index(1) << 24;
      require_file(size >= 1 && size <= most, reader_.file(), ": ", names[i], " is ", size,
                   "; from 1 to ", most, " were expected");
      size_[i] = size;
    }
    require_file(size_[heads] % size_[kv_heads] == 0 && size_[model] % (2 * size_[heads]) == 0,
                 reader_.file(), ": dim ", size_[model], ", n_heads ", size_[heads],
                 ", n_kv_heads ", size_[kv_heads],
                 " do not fit: heads must have an even width, and key/value heads divide them");
    if (versioned) {
      shared_ = reader_.number<std::uint8_t>("the header") != 0;
      constexpr std::size_t header = 256;
      reader_.take(header - reader_.place(), "the header");
    }
  }

  void read_version_0() {
    take("tok_embeddings.weight", {size_[vocabulary], size_[model]});
    take_norms("attention_norm");
    take_attention();
    take_norms("ffn_norm");
    take_feed_forward();
    take("norm.weight", {size_[model]});
    // Tables of cosines and sines, which follow from the sizes.
    const index table = size_[context] * (size_[model] / size_[heads] / 2);
    take_floats(2 * table, "the tables of rotary positions");
    if (!shared_) take("output.weight", {size_[vocabulary], size_[model]});
  }

  void read_version_1() {
    take_norms("attention_norm");
    take_norms("ffn_norm");
    take("norm.weight", {size_[model]});
    take("tok_embeddings.weight", {size_[vocabulary], size_[model]});
    take_attention();
    take_feed_forward();
    if (!shared_) take("output.weight", {size_[vocabulary], size_[model]});
  }

  void take_norms(const std::string& name) { take_layers(name, {size_[model]}); }
  void take_attention() {
    const index kv = size_[model] / size_[heads] * size_[kv_heads];
    take_layers("attention.wq", {size_[model], size_[model]});
    take_layers("attention.wk", {kv, size_[model]});
    take_layers("attention.wv", {kv, size_[model]});
    take_layers("attention.wo", {size_[model], size_[model]});
  }
  void take_feed_forward() {
    take_layers("feed_forward.w1", {size_[hidden], size_[model]});
    take_layers("feed_forward.w2", {size_[model], size_[hidden]});
    take_layers("feed_forward.w3", {size_[hidden], size_[model]});
  }

  // A tensor of every layer, one after the other.
  void take_layers(const std::string& name, const std::vector<index>& shape) {
    for (index layer = 0; layer < size_[layers]; ++layer)
      take("layers." + std::to_string(layer) + '.' + name + ".weight", shape);
  }
  void take(std::string name, const std::vector<index>& shape) {
    tensor_view tensor{std::move(name), dtype::f32, shape, {}};
    tensor.bytes = take_floats(tensor.size(), tensor.name.c_str());
    tensors_.push_back(std::move(tensor));
  }
  std::span<const std::byte> take_floats(index count, const char* what) {
    return reader_.take(static_cast<std::size_t>(count) * sizeof(float), what);
  }

  [[nodiscard]] config metadata() const {
    config_value::object fields;
    for (std::size_t i = 0; i < sizes; ++i) fields.push_back({names[i], {std::int64_t{size_[i]}}});
    fields.push_back({"shared_classifier", {shared_}});
    sort_fields(fields);
    return {reader_.file(), std::move(fields)};
  }

  // In the order of the header, with the names of llama2.c's ModelArgs.
  enum : std::size_t { model, hidden, layers, heads, kv_heads, vocabulary, context, sizes };
  static constexpr const char* names[sizes] = {"dim",        "hidden_dim", "n_layers",   "n_heads",
                                               "n_kv_heads", "vocab_size", "max_seq_len"};

  byte_reader reader_;
  index size_[sizes] = {};
  bool shared_ = true;
  std::vector<tensor_view> tensors_;
};

inline tensors_and_metadata parse_llama2c(std::span<const std::byte> bytes,
                                          const std::string& file) {
  return llama2c_reader(bytes, file).read(bytes);
}

}  // namespace detail

// Versions 0 and 1 (floats; not version 2, whose order of numbers and scales changed without a new
// number). Throws file_error if the file cannot be read, its sizes do not fit together, or it does not
// end with the last tensor.
inline tensor_file read_llama2c(const std::filesystem::path& path) {
  return detail::read_tensors(path, detail::parse_llama2c);
}

}  // namespace HEED_ABI
}  // namespace heed
