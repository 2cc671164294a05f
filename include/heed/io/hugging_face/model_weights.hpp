// SPDX-License-Identifier: MIT
// Makes layers of the tensors of a published model, by name and with a check of each shape, and records
// which tensors were used, so that a file with an unknown tensor is refused.
//
//   heed::detail::model_weights weights(heed::read_safetensors("llama"));
//   layer.query = weights.linear("model.layers.0.self_attn.q_proj", 48, 48);
//   weights.refuse_unknown();
#pragma once

#include <heed/gemm/all_stored_kernels.hpp>  // know_stored_kernels
#include <heed/gemm/pack_stored.hpp>         // pack_stored
#include <heed/io/load_options.hpp>          // load_options
#include <heed/io/tensor_file.hpp>           // tensor_file
#include <heed/layer/layer_norm.hpp>         // layer_norm
#include <heed/layer/linear.hpp>             // linear
#include <heed/layer/rms_norm.hpp>           // rms_norm

#include <memory>         // shared_ptr
#include <unordered_set>  // unordered_set
#include <vector>         // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail {

class model_weights {
 public:
  // Throws file_error for options with a dtype that weights cannot be rounded to.
  explicit model_weights(tensor_file file, const load_options& options = {})
      : file_(std::make_shared<tensor_file>(std::move(file))),
        type_(options.weights),
        packed_(options.packed),
        progress_(options.progress) {
    know_stored_kernels();
    for (const tensor_view& t : file_->tensors()) all_bytes_ += static_cast<index>(t.bytes.size());
    if (type_ == dtype::i8) type_ = dtype::q8_0;
    float zeros[columns_of_all_blocks] = {};
    std::byte bytes[sizeof zeros * 2];
    require_file(!type_ || from_float(*type_, zeros, columns_of_all_blocks, bytes), file_->name(),
                 ": weights are not rounded to ", name_of(type_.value_or(dtype::f32)),
                 ", but to F32, F16, BF16, Q8_0, Q5_1, Q5_0, Q4_1 or Q4_0");
  }

  [[nodiscard]] const tensor_file& file() const { return *file_; }
  [[nodiscard]] bool contains(std::string_view name) const { return file_->contains(name); }

  // A tensor of that name and shape. Throws file_error if there is none, or it has another shape.
  const tensor_view& tensor(const std::string& name, const std::vector<index>& shape) {
    const tensor_view& t = (*file_)[name];
    require_file(t.shape == shape, file_->name(), ": tensor ", quoted{name}, " is ",
                 shape_text{t.shape}, ", but it must be ", shape_text{shape});
    if (taken_.insert(name).second) done_bytes_ += static_cast<index>(t.bytes.size());
    if (progress_) progress_(done_bytes_, all_bytes_);
    return t;
  }

  // A vector of numbers, as floats.
  Eigen::RowVectorXf vector(const std::string& name, index size) {
    const tensor_view& t = tensor(name, {size});  // checks the size before memory is allocated
    Eigen::RowVectorXf numbers(size);
    to_float(t, numbers.data());
    return numbers;
  }

  // A matrix, as floats: (rows, cols) as the file has it.
  matrix<float> floats(const std::string& name, index rows, index cols) {
    const tensor_view& t = tensor(name, {rows, cols});
    matrix<float> numbers(rows, cols);
    to_float(t, numbers.data());
    return numbers;
  }

  // The weight of a linear layer from a tensor (outputs, inputs), as Hugging Face stores it. The numbers are
  // rounded if the options have another dtype, otherwise the file stays mapped. They are packed unless the
  // options switch packing off. Floats that cannot be packed, and doubles, are transposed instead.
  parameter<float> weight(const std::string& name, index inputs, index outputs) {
    return part_of(name, outputs, inputs, 0, outputs);
  }

  // The weight of one of several layers in a tensor (rows, inputs): `count` rows from row `first`.
  parameter<float> part_of(const std::string& name, index rows, index inputs, index first,
                           index count) {
    return kept(name, stored(tensor(name, {rows, inputs})).rows_of(first, count));
  }

  // The weight of a layer whose output i is row order[i] of a tensor (rows, inputs).
  parameter<float> rows_of(const std::string& name, index rows, index inputs,
                           const std::vector<index>& order) {
    const stored_matrix all = stored(tensor(name, {rows, inputs}));
    const auto bytes = static_cast<std::size_t>(all.row_bytes());
    auto gathered = std::make_shared<std::vector<std::byte>>(order.size() * bytes);
    for (std::size_t i = 0; i < order.size(); ++i)
      std::memcpy(gathered->data() + i * bytes, all.bytes + order[i] * all.row_bytes(), bytes);
    return kept(name,
                {all.type, static_cast<index>(order.size()), inputs, gathered->data(), gathered});
  }

  // The weight of layer `at` in a tensor (layers, inputs, outputs): output i is column order[i]. Throws
  // file_error for a type whose numbers are stored in blocks.
  parameter<float> columns_of(const std::string& name, const std::vector<index>& shape, index at,
                              const std::vector<index>& order) {
    const tensor_view& t = tensor(name, shape);
    require_file(facts_of(t.type).block_values == 1, file_->name(), ": tensor ", quoted{name},
                 " holds ", name_of(t.type), ", whose rows cannot be taken apart by columns");
    const auto bytes = static_cast<std::size_t>(facts_of(t.type).block_bytes);
    const index inputs = shape[1], outputs = shape[2];
    const std::byte* const from = t.bytes.data() + bytes_of(t.type, at * inputs * outputs);
    auto gathered = std::make_shared<std::vector<std::byte>>(
        order.size() * static_cast<std::size_t>(inputs) * bytes);
    std::byte* to = gathered->data();
    for (const index output : order)
      for (index i = 0; i < inputs; ++i, to += bytes)
        std::memcpy(to, from + bytes_of(t.type, i * outputs + output), bytes);
    return kept(name,
                {t.type, static_cast<index>(order.size()), inputs, gathered->data(), gathered});
  }

  // A whole tensor (rows, cols), without a copy unless the options have another dtype.
  parameter<float> table(const std::string& name, index rows, index cols) {
    parameter<float> made;
    made.stored = rounded(name, stored(tensor(name, {rows, cols})));
    return made;
  }

  // A layer with "name.weight", (outputs, inputs), and "name.bias" where the layer has one.
  heed::linear<float> linear(const std::string& name, index inputs, index outputs, bool bias) {
    heed::linear<float> layer;
    layer.weight = weight(name + ".weight", inputs, outputs);
    if (bias) layer.bias = vector(name + ".bias", outputs);
    return layer;
  }

  // A layer whose output i is output order[i] of the layer in the file, which has `outputs` outputs.
  heed::linear<float> linear_of(const std::string& name, index inputs, index outputs,
                                const std::vector<index>& order, bool bias) {
    heed::linear<float> layer;
    layer.weight = rows_of(name + ".weight", outputs, inputs, order);
    if (bias) layer.bias = vector(name + ".bias", outputs)(order);
    return layer;
  }

  // A layer with bias whose weight in the file is (inputs, outputs): GPT-2's Conv1D.
  heed::linear<float> conv1d(const std::string& name, index inputs, index outputs) {
    heed::linear<float> layer;
    layer.weight = floats(name + ".weight", inputs, outputs);
    if (type_ && *type_ != dtype::f32) {
      const matrix<float> turned = layer.weight.transpose();
      const auto* const bytes = reinterpret_cast<const std::byte*>(turned.data());
      layer.weight = kept(name, {dtype::f32, outputs, inputs, bytes, nullptr});
    }
    layer.bias = vector(name + ".bias", outputs);
    return layer;
  }

  // layer_norm of "name.weight" and, if `bias`, "name.bias"; in older files "name.gamma" and "name.beta".
  heed::layer_norm<float> layer_norm(const std::string& name, index model, double epsilon,
                                     bool bias = true) {
    const bool older = !contains(name + ".weight") && contains(name + ".gamma");
    heed::layer_norm<float> norm;
    norm.weight = vector(name + (older ? ".gamma" : ".weight"), model);
    if (bias) norm.bias = vector(name + (older ? ".beta" : ".bias"), model);
    norm.epsilon = epsilon;
    return norm;
  }

  // rms_norm of "name.weight"; `added` is 1 for models that store 1 less than the weight.
  heed::rms_norm<float> rms_norm(const std::string& name, index model, double epsilon,
                                 float added = 0) {
    heed::rms_norm<float> norm;
    norm.weight = vector(name + ".weight", model).array() + added;
    norm.epsilon = epsilon;
    return norm;
  }

  // Marks a tensor as used that no layer needs: masks and frequencies in older files.
  void leave_out(const std::string& name) { taken_.insert(name); }

  // Throws file_error if the file has a tensor that was not used.
  void refuse_unknown() const {
    for (const tensor_view& t : file_->tensors())
      require_file(taken_.contains(t.name), file_->name(), ": tensor ", quoted{t.name}, ", ",
                   shape_text{t.shape}, ", is none that this family of models has");
  }

 private:
  [[nodiscard]] parameter<float> kept(const std::string& name, const stored_matrix& numbers) const {
    parameter<float> made;
    made.stored = rounded(name, numbers);
    if (packed_) pack(made.stored);
    const stored_matrix& part = made.stored;
    const bool idle_floats = packed_ && part.type == dtype::f32 && part.panels == nullptr;
    if (!idle_floats && part.type != dtype::f64) return made;
    matrix<float> values(part.rows, part.cols);
    part.read(0, part.rows, values.data());
    return parameter<float>(matrix<float>(values.transpose()));
  }

  // Rows are seldom read after packing, so the pages of the mapped file that hold them are released.
  void pack(stored_matrix& numbers) const {
    pack_stored(numbers);
    if (numbers.panels != nullptr && numbers.owner == file_)
      release_pages({numbers.bytes, static_cast<std::size_t>(numbers.rows * numbers.row_bytes())});
  }

  // The numbers of `part`, rounded to the dtype of the options if they have one.
  [[nodiscard]] stored_matrix rounded(const std::string& name, const stored_matrix& part) const {
    if (!type_ || *type_ == part.type) return part;
    const index block = facts_of(*type_).block_values;
    require_file(part.cols % block == 0, file_->name(), ": tensor ", quoted{name}, " has rows of ",
                 part.cols, " numbers, which are no whole blocks of ", block, " that ",
                 name_of(*type_), " has");
    const auto row_bytes = static_cast<std::size_t>(bytes_of(*type_, part.cols));
    auto bytes =
        std::make_shared<std::vector<std::byte>>(static_cast<std::size_t>(part.rows) * row_bytes);
    std::vector<float> row(static_cast<std::size_t>(part.cols));
    for (index i = 0; i < part.rows; ++i) {
      part.read(i, 1, row.data());
      from_float(*type_, row.data(), part.cols,
                 bytes->data() + static_cast<std::size_t>(i) * row_bytes);
    }
    return {*type_, part.rows, part.cols, bytes->data(), bytes};
  }

  // A tensor of two axes as a matrix that shares ownership of the file.
  [[nodiscard]] stored_matrix stored(const tensor_view& t) const {
    return {t.type, t.rows(), t.cols(), t.bytes.data(), file_};
  }

  std::shared_ptr<tensor_file> file_;
  std::optional<dtype> type_;  // that matrices are rounded to
  bool packed_;
  std::function<void(index, index)> progress_;
  index done_bytes_ = 0, all_bytes_ = 0;
  std::unordered_set<std::string> taken_;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
