// SPDX-License-Identifier: MIT
// The transformer that draws: it reads a caption and predicts the patches of a picture one by one.
//
//   heed::decoder<float> gpt = drawing_model();
//   load_weights("models/draw/model.safetensors", gpt);
//   picture p = drawn(gpt, "a red circle above a blue square", {});
#pragma once

#include "patterns.hpp"

#include <heed/io/safetensors.hpp>
#include <heed/io/safetensors_writer.hpp>
#include <heed/model/sampling.hpp>
#include <heed/train.hpp>

#include <cmath>
#include <filesystem>

// The model with random weights.
inline heed::decoder<float> drawing_model(std::uint64_t seed = 1) {
  heed::decoder<float> gpt({.vocabulary = tokens::vocabulary,
                            .positions = tokens::sequence - 1,  // nothing follows the last patch
                            .model = 64,
                            .layers = static_cast<heed::index>(layer_patterns.size()),
                            .heads = 2,
                            .seed = seed});
  const auto share =
      static_cast<float>(1 / std::sqrt(2.0 * static_cast<double>(gpt.blocks.size())));
  for (std::size_t i = 0; i < gpt.blocks.size(); ++i) {
    auto& block = gpt.blocks[i];
    block.attention.rules.sees = layer_patterns[i].sees;
    // As in GPT-2, outputs are multiplied by 1 / √(2 layers), so that the sum over all layers is not larger with more
    // layers.
    block.attention.output.weight *= share;
    std::get<heed::feed_forward<float>>(block.feed).down.weight *= share;
  }
  return gpt;
}

// Writes each weight as a tensor in bfloat16.
inline void save_weights(const std::filesystem::path& path, heed::decoder<float>& gpt) {
  const heed::parameter_list<float> weights = heed::parameters_of(gpt);
  std::vector<std::vector<std::byte>> numbers;
  std::vector<heed::tensor_view> tensors;
  for (const auto& p : weights) {
    numbers.emplace_back(static_cast<std::size_t>(2 * p.size()));
    heed::detail::from_float(heed::dtype::bf16, p.data, p.size(), numbers.back().data());
    tensors.push_back({p.name, heed::dtype::bf16, {p.rows, p.cols}, numbers.back()});
  }
  heed::write_safetensors(path, tensors, {{"format", "heed examples/draw"}});
}

// Throws heed::file_error for a file that cannot be read or holds another model.
inline void load_weights(const std::filesystem::path& path, heed::decoder<float>& gpt) {
  const heed::tensor_file file = heed::read_safetensors(path);
  for (const auto& p : heed::parameters_of(gpt)) {
    const heed::tensor_view& tensor = file[p.name];
    heed::detail::require_file(
        tensor.type == heed::dtype::bf16 && tensor.shape == std::vector{p.rows, p.cols},
        file.name(), ": tensor ", heed::detail::quoted{p.name}, " is ",
        heed::detail::shape_text{tensor.shape}, " of ", heed::name_of(tensor.type),
        ", but this model has ", p.rows, "x", p.cols, " of ", heed::name_of(heed::dtype::bf16));
    heed::detail::to_float(tensor.type, tensor.bytes.data(), tensor.size(), p.data);
  }
}

struct drawing {
  picture shown;
  std::vector<heed::index> ids;  // the caption and the patches
};

// Draws a picture: each patch is the most probable one or, with a temperature, a sampled one. Calls see(i, id)
// after each patch.
template <class See>
drawing drawn(const heed::decoder<float>& gpt, std::string_view caption, const heed::sampling& how,
              const heed::executor& on, const See& see) {
  drawing made;
  made.ids = tokens::of_caption(caption);
  heed::decoder_cache<float> cache = gpt.cache(tokens::sequence - 1);
  heed::matrix<float> scores(1, tokens::vocabulary);
  gpt.next(made.ids, cache, scores, heed::on(on));
  for (heed::index i = 0; i < tokens::patches; ++i) {
    const heed::index id =
        how.choose(std::span<float>(scores.data(), static_cast<std::size_t>(tokens::patch_kinds)),
                   made.ids, static_cast<std::uint64_t>(i));
    made.ids.push_back(id);
    tokens::draw(made.shown, i, id);
    see(i, id);
    if (i + 1 < tokens::patches) gpt.next(std::array{id}, cache, scores, heed::on(on));
  }
  return made;
}
inline drawing drawn(const heed::decoder<float>& gpt, std::string_view caption,
                     const heed::sampling& how = {}, const heed::executor& on = {}) {
  return drawn(gpt, caption, how, on, [](heed::index, heed::index) {});
}
