// SPDX-License-Identifier: MIT
// The tensors of a model under the names of a family, as write_safetensors takes them.
//
//   heed::detail::written_tensors tensors("heed::save_encoder");
//   tensors.linear("pooler.dense", layer);  // pooler.dense.weight, (outputs, inputs), and pooler.dense.bias
#pragma once

#include <heed/io/safetensors_writer.hpp>  // tensor_view, tensor_view_of
#include <heed/layer/linear.hpp>           // linear
#include <heed/layer/normalisation.hpp>    // normalisation

#include <deque>  // deque

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Refers to the model's numbers, and owns the copies of weights that are transposed.
class written_tensors {
 public:
  // `caller`: the name of the function in the texts of errors.
  explicit written_tensors(const char* caller) : caller_(caller) {}

  [[nodiscard]] const std::vector<tensor_view>& views() const { return views_; }

  template <class Numbers>
  void add(std::string name, const Numbers& numbers) {
    views_.push_back(tensor_view_of(std::move(name), numbers));
  }
  void add(std::string name, const parameter<float>& weight) {
    require(!weight.stored.given(), caller_, ": ", name.c_str(),
            " is stored as a file has it; heed::make_learnable(model) takes it over");
    add(std::move(name), static_cast<const matrix<float>&>(weight));
  }

  // (outputs, inputs), as torch's Linear has it.
  void linear(const std::string& name, const heed::linear<float>& layer) {
    heed::linear<float> turned;
    if (layer.weight.stored.given()) add(name + ".weight", layer.weight);  // refused
    turned.weight = matrix<float>(layer.weight.transpose());
    add(name + ".weight", owned(std::move(turned)).weight);
    if (layer.bias.size() > 0) add(name + ".bias", layer.bias);
  }

  // (inputs, outputs), as GPT-2's Conv1D has it.
  void conv1d(const std::string& name, const heed::linear<float>& layer) {
    add(name + ".weight", layer.weight);
    add(name + ".bias", layer.bias);
  }

  void norm(const std::string& name, const normalisation<float>& n) {
    if (const auto* const by_mean = std::get_if<layer_norm<float>>(&n)) {
      add(name + ".weight", by_mean->weight);
      add(name + ".bias", by_mean->bias);
    } else {
      add(name + ".weight", std::get<rms_norm<float>>(n).weight);
    }
  }

  const heed::linear<float>& owned(heed::linear<float> layer) {
    return owned_.emplace_back(std::move(layer));
  }

 private:
  const char* caller_;
  std::deque<heed::linear<float>> owned_;
  std::vector<tensor_view> views_;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
