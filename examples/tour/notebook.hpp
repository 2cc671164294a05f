// SPDX-License-Identifier: MIT
// A page of Markdown with its pictures, which is written to a folder or compared with the files there.
#pragma once

#include "../complete/new_file.hpp"
#include "picture.hpp"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

namespace tour {

// The first place at which two texts differ by more than 1 in the last digit of a decimal number; npos: none.
inline std::size_t difference(const std::string& a, const std::string& b) {
  // For a decimal number at `at`: its end and its number of decimals; (at, 0) if there is none.
  const auto number_at = [](const std::string& text, std::size_t at) {
    std::size_t end = at + (text[at] == '-' ? 1 : 0);
    const auto digits = [&] {
      const std::size_t from = end;
      while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
      return end - from;
    };
    if (digits() == 0 || end == text.size() || text[end++] != '.') return std::pair(at, 0.0);
    const auto decimals = static_cast<double>(digits());
    return decimals > 0 ? std::pair(end, decimals) : std::pair(at, 0.0);
  };
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    const auto [a_end, a_decimals] = number_at(a, i);
    const auto [b_end, b_decimals] = number_at(b, j);
    if (a_end > i && b_end > j) {
      const double apart = std::abs(std::atof(a.c_str() + i) - std::atof(b.c_str() + j));
      if (a_decimals < b_decimals || b_decimals < a_decimals ||
          apart > 1.01 * std::pow(10, -a_decimals))
        return i;
      i = a_end;
      j = b_end;
    } else if (a[i++] != b[j++]) {
      return i - 1;
    }
  }
  return i == a.size() && j == b.size() ? std::string::npos : i;
}

class notebook {
 public:
  void line(const std::string& text = "") { text_ += text + '\n'; }
  // A paragraph, broken at 118 columns.
  void paragraph(const std::string& text) {
    std::istringstream words(text);
    std::string word, row;
    while (words >> word) {
      if (!row.empty() && row.size() + 1 + word.size() > 118) {
        line(row);
        row.clear();
      }
      row += (row.empty() ? "" : " ") + word;
    }
    line(row);
    line();
  }
  void title(const std::string& text) { paragraph("## " + text); }
  // Consecutive lines of code are joined in one block.
  void code(const std::string& text) {
    constexpr std::string_view end = "```\n\n";
    if (text_.ends_with(end))
      text_.resize(text_.size() - end.size());
    else
      text_ += "```cpp\n";
    text_ += text + '\n';
    text_ += end;
  }
  void formula(const std::string& text) { line("    " + text + '\n'); }

  void header(const std::vector<std::string>& names) {
    row(names);
    std::string rule = "|";
    for (std::size_t i = 0; i < names.size(); ++i) rule += i == 0 ? "---|" : "--:|";
    line(rule);
  }
  void row(const std::vector<std::string>& cells) {
    std::string text = "|";
    for (const std::string& cell : cells) text += ' ' + cell + " |";
    line(text);
  }

  void show(const std::string& name, const std::string& what, const picture& drawn) {
    line("![" + what + "](tour/" + name + ".svg)\n");
    pictures_["tour/" + name + ".svg"] = drawn.svg();
  }

  void write(const std::filesystem::path& folder) const {
    std::filesystem::create_directories(folder / "tour");
    for (const auto& [name, text] : files())
      complete::new_file((folder / name).string()).write(text);
  }

  // Throws std::runtime_error for the first file that differs.
  void compare(const std::filesystem::path& folder) const {
    for (const auto& [name, text] : files()) {
      std::ostringstream there;
      there << std::ifstream(folder / name, std::ios::binary).rdbuf();
      const std::size_t at = difference(text, there.str());
      if (at == std::string::npos) continue;
      throw std::runtime_error((folder / name).string() +
                               " is not what this program writes; at byte " + std::to_string(at) +
                               " it should go on: " + text.substr(at, 80));
    }
  }

 private:
  [[nodiscard]] std::map<std::string, std::string> files() const {
    auto all = pictures_;
    all["tour.md"] = text_;
    return all;
  }

  std::string text_;
  std::map<std::string, std::string> pictures_;
};

}  // namespace tour
