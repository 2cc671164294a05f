// SPDX-License-Identifier: MIT
// The losses of a training run: as a line of text for its checkpoint, and as an SVG picture.
#pragma once

#include <heed/core/types.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

class history {
 public:
  struct point {
    heed::index step;
    double loss;
  };

  void learned(heed::index step, double loss) { learned_.push_back({step, loss}); }
  void validated(heed::index step, double loss) { validated_.push_back({step, loss}); }

  // "0 5.54 1 5.32 ...;100 2.51 ..."
  [[nodiscard]] std::string text() const { return line(learned_) + ";" + line(validated_); }
  static history of(const std::string& text) {
    history h;
    const auto both = text.find(';');
    h.learned_ = points(text.substr(0, both));
    if (both != text.npos) h.validated_ = points(text.substr(both + 1));
    return h;
  }

  // Both losses as curves over the steps; that of training is averaged over groups of steps.
  [[nodiscard]] std::string svg(heed::index steps) const {
    const std::size_t at_once = std::max<std::size_t>(1, learned_.size() / 200);
    std::vector<point> mean;
    for (std::size_t i = 0; i + at_once <= learned_.size(); i += at_once) {
      double sum = 0;
      for (std::size_t j = i; j < i + at_once; ++j) sum += learned_[j].loss;
      mean.push_back({learned_[i + at_once / 2].step, sum / static_cast<double>(at_once)});
    }
    double most = 0, least = 0;
    for (const point& p : mean) most = std::max(most, p.loss);
    for (const point& p : validated_) most = std::max(most, p.loss);
    most = std::max(1.0, std::ceil(most));
    const double width = 720, height = 320, left = 48, top = 40;
    const auto x = [&](double step) { return left + width * step / static_cast<double>(steps); };
    const auto y = [&](double loss) { return top + height * (most - loss) / (most - least); };
    std::ostringstream out;
    out << "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"800\" height=\"410\" "
           "font-family=\"sans-serif\" font-size=\"12\">\n"
        << "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
        << "<text x=\"48\" y=\"24\" font-size=\"15\">loss (nats a token)</text>\n"
        << "<text x=\"470\" y=\"24\" fill=\"#36c\">learned from</text>"
        << "<text x=\"600\" y=\"24\" fill=\"#c33\">kept for validation</text>\n";
    for (int i = 0; i <= 5; ++i) {
      const double loss = most * i / 5, step = static_cast<double>(steps) * i / 5;
      out << "<path d=\"M" << left << ' ' << y(loss) << "h" << width
          << "\" stroke=\"#ddd\"/><text x=\"" << left - 6 << "\" y=\"" << y(loss) + 4
          << "\" text-anchor=\"end\">" << loss << "</text><text x=\"" << x(step) << "\" y=\""
          << top + height + 18 << "\" text-anchor=\"middle\">" << static_cast<long>(step)
          << "</text>\n";
    }
    const auto curve = [&](const std::vector<point>& points, const char* colour) {
      out << "<path fill=\"none\" stroke-width=\"1.5\" stroke=\"" << colour << "\" d=\"";
      for (std::size_t i = 0; i < points.size(); ++i)
        out << (i == 0 ? 'M' : 'L') << x(static_cast<double>(points[i].step)) << ' '
            << y(points[i].loss);
      out << "\"/>\n";
    };
    curve(mean, "#36c");
    curve(validated_, "#c33");
    out << "<text x=\"" << left + width / 2 << "\" y=\"" << top + height + 38
        << "\" text-anchor=\"middle\">step</text>\n</svg>\n";
    return out.str();
  }

 private:
  static std::string line(const std::vector<point>& points) {
    std::string text;
    char one[64];
    for (const point& p : points) {
      std::snprintf(one, sizeof one, "%s%lld %.5g", text.empty() ? "" : " ",
                    static_cast<long long>(p.step), p.loss);
      text += one;
    }
    return text;
  }
  static std::vector<point> points(const std::string& text) {
    std::istringstream in(text);
    std::vector<point> all;
    for (point p{}; in >> p.step >> p.loss;) all.push_back(p);
    return all;
  }

  std::vector<point> learned_, validated_;
};
