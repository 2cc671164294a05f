// SPDX-License-Identifier: MIT
// Where the numbers that were made elsewhere lie: small ones in tests/golden, always; more of them in
// the folder that the environment variable HEED_TEST_DATA names, if it names one.
//
//   for (const auto& folder : support::data_folders("onnx")) ...
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

// tests/golden: what CMake says, or beside this file's folder.
inline std::filesystem::path golden_root() {
#ifdef HEED_GOLDEN
  return HEED_GOLDEN;
#else
  return std::filesystem::path(__FILE__).parent_path().parent_path() / "golden";
#endif
}

// The larger collection; empty where HEED_TEST_DATA is not set.
inline std::filesystem::path data_root() {
  const char* named = std::getenv("HEED_TEST_DATA");
  return named ? named : "";
}

// The fullest folder of this name, if there is one, for a test whose data are too large for
// tests/golden; prints which data the test runs on.
inline std::optional<std::filesystem::path> data_folder(const std::string& name) {
  for (const auto& root : {data_root(), golden_root()}) {
    std::error_code none;
    if (root.empty() || !std::filesystem::is_directory(root / name, none)) continue;
    std::cout << "data: " << (root / name).string() << std::endl;
    return root / name;
  }
  return std::nullopt;
}

// The folder of this name in tests/golden, which must be there, and the one in the larger collection.
inline std::vector<std::filesystem::path> data_folders(const std::string& name) {
  std::vector<std::filesystem::path> folders{golden_root() / name};
  if (!std::filesystem::is_directory(folders[0]))
    throw std::runtime_error("there is no " + folders[0].string());
  if (const auto fullest = data_folder(name); *fullest != folders[0]) folders.push_back(*fullest);
  return folders;
}

// What such a test says when it is skipped.
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
