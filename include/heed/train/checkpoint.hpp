// SPDX-License-Identifier: MIT
// The state of training in one safetensors file: weights, optimiser, and named values of the
// program.
//
//   heed::save_checkpoint("run/checkpoint.safetensors", weights, optimiser, {{"step", "1200"}, {"seed", "7"}});
//   const auto state = heed::load_checkpoint("run/checkpoint.safetensors", weights, optimiser);
//   state.at("step");  // "1200"
//
// If a program's rates, batches and random numbers are functions of step and seed, as those of heed
// are, a program that was killed and continues from a checkpoint computes the same bits as one that
// was not.
#pragma once

#include <heed/io/safetensors.hpp>         // read_safetensors
#include <heed/io/safetensors_writer.hpp>  // write_safetensors
#include <heed/train/optimiser.hpp>        // adamw, parameter_list

#include <charconv>  // from_chars
#include <cstring>   // memcpy
#include <map>       // map
#include <string>    // string

namespace heed {
inline namespace HEED_ABI {

using checkpoint_state = std::map<std::string, std::string>;

namespace detail {

template <class Scalar>
tensor_view tensor_of(const char* kind, const named_parameter<Scalar>& p, const Scalar* numbers) {
  tensor_view tensor{kind + p.name, dtype_of<Scalar>, {p.rows, p.cols}, {}};
  if (p.is_vector) tensor.shape = {p.size()};
  tensor.bytes = std::as_bytes(std::span(numbers, static_cast<std::size_t>(p.size())));
  return tensor;
}

// Reads a tensor that must have the place's name, dtype and shape.
template <class Scalar>
void read_tensor(const tensor_file& file, const tensor_view& place, Scalar* to) {
  const tensor_view& found = file[place.name];
  require_file(found.type == place.type && found.shape == place.shape, file.name(), ": tensor ",
               quoted{place.name}, " is ", shape_text{found.shape}, " of ", name_of(found.type),
               ", but the model has ", shape_text{place.shape}, " of ", name_of(place.type));
  std::memcpy(to, found.bytes.data(), found.bytes.size());
}

inline constexpr const char* steps_of_optimiser = "heed.steps";

}  // namespace detail

// Writes the tensors weights.NAME, first.NAME and second.NAME for each parameter, and `state` as
// metadata. The new file replaces an old one only when all of it is on the disk. Throws file_error if
// the file cannot be written.
template <class Scalar>
void save_checkpoint(const std::filesystem::path& path, const parameter_list<Scalar>& weights,
                     const adamw<Scalar>& optimiser, checkpoint_state state = {}) {
  std::vector<tensor_view> tensors;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    tensors.push_back(detail::tensor_of("weights.", weights[i], weights[i].data));
    if (optimiser.steps == 0) continue;
    tensors.push_back(detail::tensor_of("first.", weights[i], optimiser.first[i].data()));
    tensors.push_back(detail::tensor_of("second.", weights[i], optimiser.second[i].data()));
  }
  state[detail::steps_of_optimiser] = std::to_string(optimiser.steps);
  write_safetensors(path, tensors, state);
}

// Reads a file of save_checkpoint into weights and optimiser, and returns the state. Throws
// file_error if the file cannot be read, or belongs to another model; weights and optimiser are
// then unchanged.
template <class Scalar>
checkpoint_state load_checkpoint(const std::filesystem::path& path,
                                 const parameter_list<Scalar>& weights, adamw<Scalar>& optimiser) {
  const tensor_file file = read_safetensors(path);
  checkpoint_state state;
  for (const std::string& name : file.metadata().names()) state[name] = file.metadata().text(name);
  const auto steps = state.extract(detail::steps_of_optimiser);
  adamw<Scalar> read(optimiser.how);
  if (!steps.empty()) {
    const std::string& text = steps.mapped();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), read.steps);
    detail::require_file(
        error == std::errc() && end == text.data() + text.size() && read.steps >= 0, file.name(),
        ": ", detail::steps_of_optimiser, " is ", detail::quoted{text},
        ", which is no number of steps");
  }
  detail::require_file(!steps.empty(), file.name(), ": this is no checkpoint: it does not say ",
                       detail::steps_of_optimiser);
  const std::size_t tensors = weights.size() * (read.steps > 0 ? 3 : 1);
  detail::require_file(file.tensors().size() == tensors, file.name(), ": there are ",
                       file.tensors().size(), " tensors, but the model and its optimiser have ",
                       tensors);
  detail::make_state("heed::load_checkpoint", read.first, weights);
  detail::make_state("heed::load_checkpoint", read.second, weights);
  std::vector<std::vector<Scalar>> numbers;
  detail::make_state("heed::load_checkpoint", numbers, weights);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const auto take = [&](const char* kind, std::vector<Scalar>& to) {
      detail::read_tensor(file, detail::tensor_of(kind, weights[i], to.data()), to.data());
    };
    take("weights.", numbers[i]);
    if (read.steps == 0) continue;
    take("first.", read.first[i]);
    take("second.", read.second[i]);
  }
  for (std::size_t i = 0; i < weights.size(); ++i)
    std::copy(numbers[i].begin(), numbers[i].end(), weights[i].data);
  optimiser = std::move(read);
  return state;
}

}  // namespace HEED_ABI
}  // namespace heed
