// SPDX-License-Identifier: MIT
// The published Keyword Transformer KWT-1 with golden values, where the data has it.
#pragma once

#include "support/data.hpp"

#include <heed/io/load_keyword_model.hpp>
#include <heed/io/safetensors.hpp>
#include <heed/io/safetensors_writer.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace support {

struct kwt1 {
  heed::keyword_model model;
  heed::matrix<float> sounds;    // (6, 16000), within ± 1
  heed::matrix<float> features;  // (6 * 98, 40)
  heed::matrix<float> scores;    // (6, 12)

  static heed::matrix<float> rows(const heed::tensor_view& t) {
    heed::matrix<float> m(t.rows(), t.cols());
    heed::detail::to_float(t, m.data());
    return m;
  }
};

// The names of the data's tensors have a number and a colon before those of the graph.
inline heed::keyword_model load_kwt1_model(const std::filesystem::path& folder) {
  const heed::tensor_file numbered = heed::read_safetensors(folder / "kwt1_constants.safetensors");
  std::vector<heed::tensor_view> tensors(numbered.tensors().begin(), numbered.tensors().end());
  for (heed::tensor_view& t : tensors) t.name.erase(0, t.name.find(':') + 1);
  const auto* const test = ::testing::UnitTest::GetInstance()->current_test_info();
  const auto path = std::filesystem::temp_directory_path() /
                    (std::string("heed_kwt1_") + test->test_suite_name() + test->name());
  heed::write_safetensors(path, tensors);
  heed::keyword_model model = heed::load_keyword_model(path);
  std::filesystem::remove(path);
  return model;
}

inline std::optional<kwt1> load_kwt1() {
  const auto folder = data_folder("models/kwt1");
  if (!folder) return std::nullopt;
  const heed::tensor_file golden =
      heed::read_safetensors(*folder / "kwt1_golden_visible.safetensors");
  return kwt1{load_kwt1_model(*folder), kwt1::rows(golden["sound_int16"]) / 32768,
              kwt1::rows(golden["features"]), kwt1::rows(golden["logits"])};
}

}  // namespace support
