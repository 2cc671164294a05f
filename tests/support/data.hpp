// SPDX-License-Identifier: MIT
// Where the numbers that were made elsewhere lie, and what a test says when they are not there.
//
//   const auto folder = support::data_folder("onnx");
//   if (!folder) GTEST_SKIP() << support::data_is_missing("onnx");
#pragma once

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace support {

// The environment variable HEED_TEST_DATA, or else what CMake was told.
inline std::filesystem::path data_root() {
  if (const char* told = std::getenv("HEED_TEST_DATA")) return told;
#ifdef HEED_TEST_DATA
  return HEED_TEST_DATA;
#else
  return {};
#endif
}

// A folder of the data, if it is there; says which data the test runs on.
inline std::optional<std::filesystem::path> data_folder(const std::string& name) {
  const std::filesystem::path root = data_root();
  std::error_code none;
  if (root.empty() || !std::filesystem::is_directory(root / name, none)) return std::nullopt;
  std::cout << "data: " << (root / name).string() << std::endl;
  return root / name;
}

inline std::string data_is_missing(const std::string& name) {
  const std::string root = data_root().string();
  return "NOT RUN: this test compares with numbers that are not here: " +
         (root.empty() ? "HEED_TEST_DATA is not set"
                       : "there is no folder " + name + " in " + root);
}

// All bytes of a file.
template <class Byte = std::byte>
std::vector<Byte> read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = file ? std::streamoff(file.tellg()) : -1;
  if (size < 0) throw std::runtime_error("cannot read " + path.string());
  std::vector<Byte> bytes(static_cast<std::size_t>(size));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(bytes.data()), size);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  return bytes;
}

}  // namespace support
