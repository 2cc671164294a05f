// SPDX-License-Identifier: MIT
// The tensors of a published model by their names, whatever the format of its file.
//
//   const heed::tensor_file file = heed::read_safetensors("model.safetensors");
//   file["wte.weight"].shape;                      // {50257, 768}
//   file.find("no such tensor");                   // nullptr
//   file.metadata().text("format", "");            // "pt"
#pragma once

#include <heed/io/config.hpp>       // config
#include <heed/io/mapped_file.hpp>  // mapped_file
#include <heed/io/tensor_view.hpp>  // tensor_view

namespace heed {
inline namespace HEED_ABI {

// Owns the mapped files that the views refer to: views are valid as long as this object lives, also
// after it was moved.
class tensor_file {
 public:
  tensor_file() = default;
  // `name`: the file's name in error messages. Refuses two tensors of one name.
  tensor_file(std::string name, std::vector<mapped_file> files, std::vector<tensor_view> tensors,
              config metadata)
      : name_(std::move(name)),
        files_(std::move(files)),
        tensors_(std::move(tensors)),
        metadata_(std::move(metadata)) {
    std::sort(tensors_.begin(), tensors_.end(),
              [](const tensor_view& a, const tensor_view& b) { return a.name < b.name; });
    for (std::size_t i = 1; i < tensors_.size(); ++i)
      detail::require_file(tensors_[i - 1].name != tensors_[i].name, name_,
                           ": there are two tensors ", detail::quoted{tensors_[i].name});
  }

  // Sorted by name.
  [[nodiscard]] std::span<const tensor_view> tensors() const { return tensors_; }

  // The tensor of that name, or null.
  [[nodiscard]] const tensor_view* find(std::string_view name) const {
    const auto found = std::lower_bound(
        tensors_.begin(), tensors_.end(), name,
        [](const tensor_view& tensor, std::string_view wanted) { return tensor.name < wanted; });
    return found != tensors_.end() && found->name == name ? &*found : nullptr;
  }
  [[nodiscard]] bool contains(std::string_view name) const { return find(name) != nullptr; }

  // The tensor of that name; throws file_error if there is none.
  const tensor_view& operator[](std::string_view name) const {
    const tensor_view* tensor = find(name);
    detail::require_file(tensor != nullptr, name_, ": there is no tensor ", detail::quoted{name},
                         " among its ", tensors_.size());
    return *tensor;
  }

  // The file's named values beside its tensors: safetensors' __metadata__, GGUF's key-value pairs,
  // the sizes of llama2.c's header.
  [[nodiscard]] const config& metadata() const { return metadata_; }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_;
  std::vector<mapped_file> files_;
  std::vector<tensor_view> tensors_;
  config metadata_;
};

namespace detail {

// The result of a reader of one format.
struct tensors_and_metadata {
  std::vector<tensor_view> tensors;
  config metadata;
};

// Maps a file and reads it with `parse(bytes, name)`.
template <class Parse>
tensor_file read_tensors(const std::filesystem::path& path, Parse parse) {
  std::vector<mapped_file> files;
  files.emplace_back(path);
  tensors_and_metadata found = parse(files.back().bytes(), path.string());
  return {path.string(), std::move(files), std::move(found.tensors), std::move(found.metadata)};
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
