// SPDX-License-Identifier: MIT
// A Llama of heed's layers: rotary positions, grouped heads, keys and values that grow.
#pragma once

#include "model_parts.hpp"

namespace conformance {

// Numbers of a file, one after the other.
class number_stream {
 public:
  explicit number_stream(const std::filesystem::path& path) : bytes_(support::read_file(path)) {}

  template <class T>
  T next() {
    T number;
    std::memcpy(&number, take(1, sizeof number), sizeof number);
    return number;
  }
  matrix<float> next_matrix(index rows, index cols) {
    matrix<float> m(rows, cols);
    const std::byte* from = take(m.size(), sizeof(float));
    std::memcpy(m.data(), from, static_cast<std::size_t>(m.size()) * sizeof(float));
    return m;
  }
  std::string next_text(index length) {
    return {reinterpret_cast<const char*>(take(length, 1)), static_cast<std::size_t>(length)};
  }
  [[nodiscard]] bool at_end() const { return at_ == bytes_.size(); }

 private:
  const std::byte* take(index count, std::size_t size) {
    if (count < 0 || static_cast<std::size_t>(count) > (bytes_.size() - at_) / size)
      throw std::runtime_error("the file ends too early");
    const std::byte* from = bytes_.data() + at_;
    at_ += static_cast<std::size_t>(count) * size;
    return from;
  }

  std::vector<std::byte> bytes_;
  std::size_t at_ = 0;
};

template <class Scalar>
struct llama_block {
  rms_norm<Scalar> before_attention;
  heed::qkv_projection<Scalar> project;
  heed::linear<Scalar> output;
  rms_norm<Scalar> before_mlp;
  heed::linear<Scalar> gate, down, up;
};

// What llama2.c's first format begins with.
struct llama_sizes {
  std::int32_t model, hidden, layers, heads, kv_heads, vocabulary, context;
};

template <class Scalar>
class llama {
 public:
  // Reads llama2.c's first format, whose weights are (outputs, inputs).
  explicit llama(const std::filesystem::path& path) : llama(number_stream(path)) {}

  // Keys and values of every layer, for the tokens so far.
  struct memory {
    std::vector<matrix<Scalar>> keys, values;
    index tokens = 0;
  };

  // Logits, (tokens, vocabulary), of tokens that follow those in the memory, which grows by them.
  matrix<Scalar> operator()(const std::vector<index>& ids, memory& past) const {
    past.keys.resize(blocks_.size(), matrix<Scalar>(0, 0));
    past.values.resize(blocks_.size(), matrix<Scalar>(0, 0));
    matrix<Scalar> x = words_(ids);
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      const auto& block = blocks_[i];
      auto [q, k, v] = block.project(block.before_attention(x));
      rope_(q, past.tokens);
      rope_(k, past.tokens);
      append(past.keys[i], k);
      append(past.values[i], v);
      const matrix<Scalar> attended =
          heed::attention(q, past.keys[i], past.values[i], heads_, heed::causal);
      x += block.output(attended);
      const matrix<Scalar> normed = block.before_mlp(x);
      const matrix<Scalar> hidden =
          block.gate(normed).unaryExpr(&silu<Scalar>).cwiseProduct(block.up(normed));
      x += block.down(hidden);
    }
    past.tokens += x.rows();
    return last_(x) * words_.weight.transpose();
  }

 private:
  explicit llama(number_stream&& file) : llama(file, file.next<llama_sizes>()) {}

  llama(number_stream& file, const llama_sizes& s)
      : heads_{s.heads, s.kv_heads},
        words_({s.vocabulary, s.model}),
        rope_({.width = s.model / s.heads, .pairing = heed::rotary_pairing::interleaved}) {
    if (s.layers < 1 || s.layers > 1000) throw std::runtime_error("llama: a bad header");
    words_.weight = next(file, s.vocabulary, s.model);
    for (std::int32_t i = 0; i < s.layers; ++i)
      blocks_.push_back(
          {{}, heed::qkv_projection<Scalar>({s.model, s.heads, s.kv_heads}), {}, {}, {}, {}, {}});
    const index kv_width = s.model / s.heads * s.kv_heads;
    const auto each_norm = [&](auto member) {
      for (auto& block : blocks_) (block.*member).weight = next(file, 1, s.model);
    };
    const auto each = [&](auto layer_of, index outputs, index inputs) {
      for (auto& block : blocks_) {
        layer_of(block).weight = next(file, outputs, inputs).transpose();
        layer_of(block).bias.resize(0);
      }
    };
    each_norm(&llama_block<Scalar>::before_attention);
    each(
        [](auto& b) -> auto& { return b.project.query; }, s.model, s.model);
    each(
        [](auto& b) -> auto& { return b.project.key; }, kv_width, s.model);
    each(
        [](auto& b) -> auto& { return b.project.value; }, kv_width, s.model);
    each(
        [](auto& b) -> auto& { return b.output; }, s.model, s.model);
    each_norm(&llama_block<Scalar>::before_mlp);
    each(
        [](auto& b) -> auto& { return b.gate; }, s.hidden, s.model);
    each(
        [](auto& b) -> auto& { return b.down; }, s.model, s.hidden);
    each(
        [](auto& b) -> auto& { return b.up; }, s.hidden, s.model);
    last_.weight = next(file, 1, s.model);
    file.next_matrix(s.context, s.model / s.heads);  // cosines and sines, which heed forms itself
    if (!file.at_end()) throw std::runtime_error("llama: the file is longer than its header says");
  }

  static matrix<Scalar> next(number_stream& file, index rows, index cols) {
    return file.next_matrix(rows, cols).template cast<Scalar>();
  }
  static void append(matrix<Scalar>& all, const matrix<Scalar>& more) {
    all.conservativeResize(all.rows() + more.rows(), more.cols());
    all.bottomRows(more.rows()) = more;
  }

  heed::heads heads_;
  heed::token_embedding<Scalar> words_;
  heed::rotary_embedding<Scalar> rope_;
  std::vector<llama_block<Scalar>> blocks_;
  rms_norm<Scalar> last_;
};

}  // namespace conformance
