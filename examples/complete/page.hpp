// SPDX-License-Identifier: MIT
// Layout of the output in a terminal of 80 columns.
#pragma once

#include "glyphs.hpp"    // quoted, columns
#include "terminal.hpp"  // style

#include <heed/core/types.hpp>  // index

#include <cstdio>   // snprintf
#include <ostream>  // ostream

namespace complete {

using heed::index;

inline std::string number(double value, int columns, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%*.*f", columns, decimals, value);
  return text;
}

// "(130, 64)"; with heads "(130, 8 x 64)".
inline std::string shape(index rows, index columns) {
  return "(" + std::to_string(rows) + ", " + std::to_string(columns) + ")";
}
inline std::string shape(index rows, index heads, index width) {
  return "(" + std::to_string(rows) + ", " + std::to_string(heads) + " x " + std::to_string(width) +
         ")";
}

class page {
 public:
  page(std::ostream& out, style look) : out_(out), look_(look) {}

  void title(const std::string& what, const std::string& more = "") {
    out_ << '\n' << look_.bold(what) << (more.empty() ? "" : " " + more) << '\n';
  }
  void step(int number, const std::string& name, const std::string& what) {
    out_ << '\n'
         << look_.bright(std::to_string(number)) << "  " << look_.bold(name)
         << std::string(name.size() < 8 ? 9 - name.size() : 1, ' ') << what << '\n';
  }
  void line(const std::string& what, const std::string& remark = "") {
    out_ << "   " << what << (remark.empty() ? "" : "  " + look_.faint(remark)) << '\n';
  }
  void matrix(const std::string& name, const std::string& size, const std::string& what) {
    char start[64];
    std::snprintf(start, sizeof start, "%-11s%-15s", name.c_str(), size.c_str());
    line(start + what);
  }

  std::ostream& stream() { return out_; }
  const style& look() const { return look_; }

 private:
  std::ostream& out_;
  style look_;
};

}  // namespace complete
