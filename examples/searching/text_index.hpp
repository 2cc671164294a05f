// SPDX-License-Identifier: MIT
// The index of a search: the passages of a folder's files, and a vector for each. It is stored in a safetensors
// file, which appears under its name only when it is complete:
//
//   files     I64 (files, 4): bytes, time of the last change in nanoseconds, hash of the bytes, passages
//   names     U8  (bytes): the path of each file below the folder, in UTF-8, each followed by a 0
//   passages  I64 (passages, 2): first byte in the file and bytes, those of the first file first
//   vectors   F32 (passages, width)
//   probe     F32 (1, width): the vector of a fixed text, which differs for another model
//
// Its metadata have "format": "heed search 1" and the sizes of passages.
#pragma once

#include <heed/models.hpp>
#include <heed/text/passages.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

struct indexed_file {
  std::int64_t size = 0, time = 0, hash = 0;
  std::vector<heed::passage> passages;
  heed::matrix<float> vectors;  // (passages, width)
};

struct text_index {
  std::map<std::string, indexed_file> files;  // by their paths below the folder, with '/'
  heed::matrix<float> probe;                  // (1, width)

  // All vectors, (passages, width), in the order of the files.
  [[nodiscard]] heed::matrix<float> vectors() const {
    heed::index rows = 0;
    for (const auto& [name, file] : files) rows += file.vectors.rows();
    heed::matrix<float> all(rows, probe.cols());
    rows = 0;
    for (const auto& [name, file] : files) {
      all.middleRows(rows, file.vectors.rows()) = file.vectors;
      rows += file.vectors.rows();
    }
    return all;
  }
};

inline const char* const index_format = "heed search 1";

inline std::map<std::string, std::string> index_metadata(const heed::passage_sizes& sizes) {
  return {{"format", index_format},
          {"passage_tokens", std::to_string(sizes.tokens)},
          {"passage_overlap", std::to_string(sizes.overlap)}};
}

// Throws heed::file_error if the file cannot be written.
inline void write_index(const std::filesystem::path& path, const text_index& index,
                        const heed::passage_sizes& sizes) {
  const auto count = static_cast<heed::index>(index.files.size());
  const heed::matrix<float> vectors = index.vectors();
  heed::matrix<std::int64_t> files(count, 4), passages(vectors.rows(), 2);
  std::string names;
  heed::index row = 0, passage = 0;
  for (const auto& [name, file] : index.files) {
    files.row(row++) << file.size, file.time, file.hash,
        static_cast<std::int64_t>(file.passages.size());
    names += name + '\0';
    for (const heed::passage& p : file.passages)
      passages.row(passage++) << static_cast<std::int64_t>(p.offset),
          static_cast<std::int64_t>(p.size);
  }
  const std::vector<heed::tensor_view> tensors{heed::tensor_view_of("files", files),
                                               {"names",
                                                heed::dtype::u8,
                                                {static_cast<heed::index>(names.size())},
                                                std::as_bytes(std::span(names))},
                                               heed::tensor_view_of("passages", passages),
                                               heed::tensor_view_of("vectors", vectors),
                                               heed::tensor_view_of("probe", index.probe)};
  heed::write_safetensors(path, tensors, index_metadata(sizes));
}

// Throws heed::file_error if the file cannot be read or is not such an index.
inline text_index read_index(const std::filesystem::path& path, const heed::passage_sizes& sizes) {
  const heed::tensor_file stored = heed::read_safetensors(path);
  const auto insist = [&](bool good, const char* what) {
    if (!good) throw heed::file_error(path.string() + ": " + what);
  };
  for (const auto& [name, value] : index_metadata(sizes))
    insist(stored.metadata().text(name, "") == value, "it is no index of this program's");

  const auto matrix_of = [&](const char* name, std::size_t axes, heed::dtype type) {
    const heed::tensor_view& t = stored[name];
    insist(t.shape.size() == axes && t.type == type, "a tensor has another shape or type");
    return &t;
  };
  const auto* const files = matrix_of("files", 2, heed::dtype::i64);
  const auto* const names = matrix_of("names", 1, heed::dtype::u8);
  const auto* const passages = matrix_of("passages", 2, heed::dtype::i64);
  const auto* const vectors = matrix_of("vectors", 2, heed::dtype::f32);
  const auto* const probe = matrix_of("probe", 2, heed::dtype::f32);
  insist(files->shape[1] == 4 && passages->shape[1] == 2 &&
             vectors->shape[0] == passages->shape[0] && probe->shape[0] == 1 &&
             probe->shape[1] == vectors->shape[1],
         "the shapes of its tensors do not fit each other");

  text_index index;
  index.probe.resize(1, probe->shape[1]);
  heed::detail::to_float(*probe, index.probe.data());
  const std::vector<heed::index> numbers = heed::detail::to_index(*files),
                                 places = heed::detail::to_index(*passages);
  std::string_view rest(reinterpret_cast<const char*>(names->bytes.data()), names->bytes.size());
  heed::index first = 0;
  for (std::size_t i = 0; i < numbers.size(); i += 4) {
    const std::size_t end = rest.find('\0');
    insist(end != std::string_view::npos, "a name has no end");
    indexed_file& file = index.files[std::string(rest.substr(0, end))];
    rest.remove_prefix(end + 1);
    file.size = numbers[i];
    file.time = numbers[i + 1];
    file.hash = numbers[i + 2];
    const heed::index count = numbers[i + 3];
    insist(count >= 0 && count <= vectors->shape[0] - first && file.passages.empty(),
           "it counts passages that are not there");
    for (heed::index p = first; p < first + count; ++p) {
      const heed::index offset = places[static_cast<std::size_t>(2 * p)],
                        size = places[static_cast<std::size_t>(2 * p + 1)];
      insist(offset >= 0 && offset <= file.size && size >= 0 && size <= file.size - offset,
             "a passage lies outside its file");
      file.passages.push_back({static_cast<std::size_t>(offset), static_cast<std::size_t>(size)});
    }
    file.vectors.resize(count, index.probe.cols());
    heed::detail::rows(*vectors, first, count, file.vectors.data());
    first += count;
  }
  insist(first == vectors->shape[0] && rest.empty(), "some passages belong to no file");
  return index;
}
