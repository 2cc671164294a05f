// SPDX-License-Identifier: MIT
// Lists the files in a folder and its subfolders, and reads them.
#pragma once

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>

struct found_file {
  std::filesystem::path path;
  std::int64_t size, time;  // bytes; of the last change, in nanoseconds
};

inline std::int64_t nanoseconds(std::filesystem::file_time_type time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

// Adds the regular files in the folder and its subfolders to `found`, by their relative paths with '/'. Files and
// folders whose names begin with a dot are left out, and links to folders are not followed. Calls
// complain(path, why) for entries that cannot be read.
template <class Complain>
void list_files(const std::filesystem::path& folder, const std::string& before,
                std::map<std::string, found_file>& found, const Complain& complain) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with('.')) continue;
    std::error_code of_entry;
    const fs::file_status status = entry->status(of_entry);
    if (fs::is_directory(status)) {
      if (!entry->is_symlink(of_entry))
        list_files(entry->path(), before + name + '/', found, complain);
    } else if (fs::is_regular_file(status)) {
      const auto size = static_cast<std::int64_t>(entry->file_size(of_entry));
      const auto time = of_entry ? fs::file_time_type() : entry->last_write_time(of_entry);
      if (of_entry)
        complain(entry->path(), of_entry.message());
      else
        found[before + name] = {entry->path(), size, nanoseconds(time)};
    } else if (!fs::exists(status)) {
      complain(entry->path(), of_entry ? of_entry.message() : "the link leads nowhere");
    }
  }
  if (error) complain(folder, error.message());
}

// The bytes of a file; throws std::runtime_error with the reason, without the file's name.
inline std::string read_bytes(const std::filesystem::path& path) {
  constexpr std::size_t most = std::size_t(64) << 20;
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string bytes, part(1 << 16, '\0');
  while (in.good() && bytes.size() <= most) {
    in.read(part.data(), static_cast<std::streamsize>(part.size()));
    bytes.append(part, 0, static_cast<std::size_t>(in.gcount()));
  }
  if (bytes.size() > most) throw std::runtime_error("it has more than 64 MiB");
  if (!in.eof())
    throw std::runtime_error(errno != 0 ? std::generic_category().message(errno)
                                        : "it cannot be read");
  return bytes;
}

// FNV-1a.
inline std::int64_t hash_of(const std::string& bytes) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return static_cast<std::int64_t>(hash);
}

// A file with a zero byte does not count as text.
inline bool is_text(const std::string& bytes) { return bytes.find('\0') == std::string::npos; }
