// SPDX-License-Identifier: MIT
// Golden tensors of a published model, by name.
//
//   const support::golden want("bert");
//   want.rows("last_hidden_state");  // (batch * tokens, features)
#pragma once

#include "support/data.hpp"

#include <heed/io/safetensors.hpp>

#include <cctype>
#include <initializer_list>
#include <limits>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace support {

class golden {
 public:
  explicit golden(const std::filesystem::path& folder)
      : file_(heed::read_safetensors(folder / "golden.safetensors")) {}

  [[nodiscard]] bool contains(const char* name) const { return file_.contains(name); }

  // All axes but the last are rows.
  [[nodiscard]] heed::matrix<float> rows(const char* name) const {
    const heed::tensor_view& t = file_[name];
    heed::matrix<float> numbers(t.rows(), t.cols());
    heed::detail::to_float(t, numbers.data());
    return numbers;
  }

  // Whole numbers: all, and as (rows, columns).
  [[nodiscard]] std::vector<heed::index> ids(const char* name) const {
    return heed::detail::to_index(file_[name]);
  }
  [[nodiscard]] heed::matrix<heed::index> table(const char* name) const {
    const std::vector<heed::index> numbers = ids(name);
    const heed::tensor_view& t = file_[name];
    return Eigen::Map<const heed::matrix<heed::index>>(numbers.data(), t.rows(), t.cols());
  }

 private:
  heed::tensor_file file_;
};

// A family of models and the form of its config: a parameter of tests.
struct family_test {
  const char* folder;
  const char* config;

  // The family's folder, if it is here; prints which it is.
  [[nodiscard]] std::optional<std::filesystem::path> find() const { return data_folder(path()); }
  [[nodiscard]] std::string missing() const { return data_is_missing(path()); }

  // The test's name: letters, digits and underscores.
  [[nodiscard]] std::string name() const {
    std::string made = std::string(folder) + "_" + config;
    for (char& c : made)
      if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
    return made;
  }
  friend void PrintTo(const family_test& t, std::ostream* out) { *out << t.name(); }

 private:
  [[nodiscard]] std::string path() const { return std::string("families/") + folder; }
};

// Each family with its config as transformers 5 and as transformers 4 write it.
inline std::vector<family_test> both_configs(std::initializer_list<const char*> folders) {
  std::vector<family_test> tests;
  for (const char* const folder : folders)
    for (const char* const config : {"config.json", "config.v4.json"})
      tests.push_back({folder, config});
  return tests;
}

// The largest difference.
inline float largest_error(const heed::matrix<float>& a, const heed::matrix<float>& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() ? (a - b).cwiseAbs().maxCoeff()
                                                      : std::numeric_limits<float>::infinity();
}

}  // namespace support
