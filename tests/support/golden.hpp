// SPDX-License-Identifier: MIT
// Golden tensors of a published model, by name.
//
//   const support::golden want("bert");
//   want.rows("last_hidden_state");  // (batch * tokens, features)
#pragma once

#include "support/data.hpp"

#include <heed/io/safetensors.hpp>

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

// The largest difference.
inline float largest_error(const heed::matrix<float>& a, const heed::matrix<float>& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() ? (a - b).cwiseAbs().maxCoeff()
                                                      : std::numeric_limits<float>::infinity();
}

}  // namespace support
