// SPDX-License-Identifier: MIT
// Semantic search in the text files of a folder: only files that have changed are read again, the others are in an
// index.
#pragma once

#include "../speaking/interrupt.hpp"
#include "../speaking/team.hpp"
#include "text_files.hpp"
#include "text_index.hpp"

#include <heed/model/nearest.hpp>

#include <algorithm>
#include <chrono>
#include <iostream>

struct search_result {
  float score;
  std::string file;
  std::size_t line;  // from 1
  std::string text;
};

class folder_search {
 public:
  // Refers to the model and the threads. Throws heed::file_error if the folder does not exist.
  folder_search(const heed::text_encoder& model, const team& threads, std::filesystem::path folder,
                std::filesystem::path index)
      : model_(model), threads_(threads), folder_(std::move(folder)), path_(std::move(index)) {
    if (!std::filesystem::is_directory(folder_))
      throw heed::file_error(folder_.string() + ": there is no such folder");
    if (path_.empty()) path_ = folder_ / ".heed-search.safetensors";
  }

  // Updates the index, and prints on standard error what was read. Returns false after Ctrl-C; the index then has
  // the files that were read before.
  bool update() {
    const interrupt ctrl_c;
    const auto start = clock::now();
    const std::int64_t written = open();
    std::map<std::string, found_file> found;
    list_files(folder_, "", found, complain);

    std::erase_if(index_.files, [&](const auto& known) { return !found.contains(known.first); });
    for (const auto& [name, file] : found)
      if (!interrupt::came() && !unchanged(name, file, written)) read(name, file);
    encode();
    if (changed_) write_index(path_, index_, sizes);
    vectors_ = index_.vectors();
    const double seconds = std::chrono::duration<double>(clock::now() - start).count();
    std::cerr << folder_.string() << ": " << index_.files.size() << " files, " << vectors_.rows()
              << " passages; read again: " << files_read_ << " files, " << encoded_
              << " passages, in " << seconds << " s with " << threads_.text() << '\n';
    return !interrupt::came();
  }

  // The passages nearest to the question, `count` at most, the best first; of overlapping ones only the best.
  [[nodiscard]] std::vector<search_result> ask(const std::string& question,
                                               heed::index count) const {
    std::vector<std::pair<const std::string*, heed::passage>> all;
    for (const auto& [name, file] : index_.files)
      for (const heed::passage& p : file.passages) all.emplace_back(&name, p);
    const auto vector = model_({question}, heed::on(threads_.executor()));

    std::vector<search_result> results;
    std::vector<std::pair<const std::string*, heed::passage>> taken;
    for (const heed::neighbour& n :
         heed::nearest(vectors_, vector, std::max(3 * count, count + 50))) {
      const auto& [name, p] = all[static_cast<std::size_t>(n.row)];
      const bool overlaps =
          std::any_of(taken.begin(), taken.end(), [&, &name = name, &p = p](auto& other) {
            return other.first == name && p.offset < other.second.offset + other.second.size &&
                   other.second.offset < p.offset + p.size;
          });
      if (overlaps) continue;
      if (static_cast<heed::index>(results.size()) == count) break;
      taken.emplace_back(name, p);
      results.push_back(result(n.score, *name, p));
    }
    return results;
  }

 private:
  using clock = std::chrono::steady_clock;

  static constexpr heed::passage_sizes sizes{.tokens = 100, .overlap = 25};
  static constexpr std::size_t passages_at_once = 256;

  static void complain(const std::filesystem::path& path, const std::string& why) {
    std::cerr << "embed: " << path.string() << " is left out: " << why << '\n';
  }

  // Reads the existing index if it is of this model; returns the time when it was written, 0 if there is none.
  std::int64_t open() {
    index_.probe = model_({"heed: which model made this index?"});
    std::error_code error;
    if (!std::filesystem::exists(path_, error)) return 0;
    try {
      const std::int64_t written = nanoseconds(std::filesystem::last_write_time(path_));
      text_index known = read_index(path_, sizes);
      if (known.probe.cols() == index_.probe.cols() &&
          (known.probe - index_.probe).cwiseAbs().maxCoeff() < 1e-3f) {
        index_ = std::move(known);
        return written;
      }
      std::cerr << "embed: " << path_.string() << " was made with another model; it is made anew\n";
    } catch (const heed::file_error& broken) {
      std::cerr << "embed: " << broken.what() << "; the index is made anew\n";
    }
    return 0;
  }

  // A file of the same size and time is unchanged, unless it was written less than 2 seconds before the index.
  bool unchanged(const std::string& name, const found_file& file, std::int64_t written) const {
    constexpr std::int64_t moment = 2'000'000'000;
    const auto known = index_.files.find(name);
    return known != index_.files.end() && known->second.size == file.size &&
           known->second.time == file.time && file.time + moment < written;
  }

  void read(const std::string& name, const found_file& file) {
    try {
      const std::string bytes = read_bytes(file.path);
      indexed_file next;
      next.size = static_cast<std::int64_t>(bytes.size());
      next.time = file.time;
      next.hash = hash_of(bytes);
      const auto known = index_.files.find(name);
      if (known != index_.files.end()) {
        changed_ = true;
        if (known->second.size == next.size && known->second.hash == next.hash) {
          known->second.time = next.time;
          return;
        }
        index_.files.erase(known);
      }
      if (is_text(bytes))
        next.passages = heed::passages(
            bytes,
            [&](std::string_view text) {
              return static_cast<heed::index>(
                  model_.tokens->encode(text, {.add_special_tokens = false}).size());
            },
            sizes);
      for (const heed::passage& p : next.passages) texts_.emplace_back(p.of(bytes));
      waiting_.emplace_back(name, std::move(next));
      if (texts_.size() >= passages_at_once) encode();
    } catch (const std::runtime_error& error) {
      complain(file.path, error.what());
      changed_ = index_.files.erase(name) > 0 || changed_;
    }
  }

  // Computes the vectors of the passages that have none yet, and adds their files to the index.
  void encode() {
    const heed::matrix<float> vectors = model_(texts_, heed::on(threads_.executor()));
    heed::index first = 0;
    for (auto& [name, file] : waiting_) {
      const auto count = static_cast<heed::index>(file.passages.size());
      file.vectors = vectors.middleRows(first, count);
      first += count;
      index_.files[name] = std::move(file);
      ++files_read_;
    }
    changed_ = changed_ || !waiting_.empty();
    encoded_ += texts_.size();
    waiting_.clear();
    texts_.clear();
  }

  [[nodiscard]] search_result result(float score, const std::string& name,
                                     const heed::passage& p) const {
    const std::string bytes = read_bytes(folder_ / name);
    const std::size_t offset = std::min(p.offset, bytes.size());
    const auto lines =
        std::count(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(offset), '\n');
    return {score, name, static_cast<std::size_t>(lines) + 1, bytes.substr(offset, p.size)};
  }

  const heed::text_encoder& model_;
  const team& threads_;
  std::filesystem::path folder_, path_;
  text_index index_;
  heed::matrix<float> vectors_;  // (passages, width)
  std::vector<std::string> texts_;
  std::vector<std::pair<std::string, indexed_file>> waiting_;
  std::size_t files_read_ = 0, encoded_ = 0;
  bool changed_ = false;
};
