// SPDX-License-Identifier: MIT
// Writes pictures side by side as a PNG file, whose data are not compressed, so that no library is needed.
//
//   const std::string file = png_of({p}, 8);  // each pixel is a square of 8
//
// ISO/IEC 15948, "Portable Network Graphics"; RFC 1950 and RFC 1951.
#pragma once

#include "picture.hpp"

#include <iterator>

namespace png {

// The margin between two pictures, in unscaled pixels, and its colour, which is the last of the palette.
inline constexpr int margin = 1;
inline constexpr rgb margin_colour{190, 186, 176};

class writer {
 public:
  void number(std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes_ += static_cast<char>(value >> shift & 0xFF);
  }
  void short_from_below(std::size_t value) {  // 16 bits, little-endian, as in deflate
    bytes_ += static_cast<char>(value & 0xFF);
    bytes_ += static_cast<char>(value >> 8 & 0xFF);
  }
  void text(std::string_view some) { bytes_ += some; }
  void byte(int value) { bytes_ += static_cast<char>(value); }

  // A chunk: its length, name and data, and a checksum of name and data.
  void chunk(std::string_view name, std::string_view held) {
    number(static_cast<std::uint32_t>(held.size()));
    const std::size_t begin = bytes_.size();
    bytes_ += name;
    bytes_ += held;
    number(crc(std::string_view(bytes_).substr(begin)));
  }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  static std::uint32_t crc(std::string_view of) {
    std::uint32_t sum = 0xFFFFFFFF;
    for (const char c : of) {
      sum ^= static_cast<unsigned char>(c);
      for (int bit = 0; bit < 8; ++bit) sum = sum >> 1 ^ ((sum & 1) != 0 ? 0xEDB88320U : 0);
    }
    return ~sum;
  }

  std::string bytes_;
};

// A zlib stream of uncompressed blocks.
inline std::string stored(std::string_view rows) {
  constexpr std::size_t most = 65535;
  writer out;
  out.text("\x78\x01");
  std::uint32_t a = 1, b = 0;  // Adler's sums
  for (const char c : rows) {
    a = (a + static_cast<unsigned char>(c)) % 65521;
    b = (b + a) % 65521;
  }
  do {
    const std::string_view block = rows.substr(0, most);
    rows.remove_prefix(block.size());
    out.byte(rows.empty() ? 1 : 0);
    out.short_from_below(block.size());
    out.short_from_below(~block.size());
    out.text(block);
  } while (!rows.empty());
  out.number(b << 16 | a);
  return out.bytes();
}

}  // namespace png

// A colour of the palette takes 4 bits.
inline std::string png_of(const std::vector<picture>& pictures, int scale) {
  const int count = static_cast<int>(pictures.size()), step = picture::side + png::margin;
  const int width = (count * step - png::margin) * scale, height = picture::side * scale;
  png::writer head, palette, file;
  head.number(static_cast<std::uint32_t>(width));
  head.number(static_cast<std::uint32_t>(height));
  for (const int fact : {4, 3, 0, 0, 0})
    head.byte(fact);  // 4 bits of a palette; nothing else is special
  std::vector<rgb> colours(pixel_colours.begin(), pixel_colours.end());
  colours.push_back(png::margin_colour);
  for (const rgb& one : colours)
    for (const int part : {one.red, one.green, one.blue}) palette.byte(part);
  std::string rows;
  for (int y = 0; y < height; ++y) {
    std::string line(1 + static_cast<std::size_t>(width + 1) / 2,
                     '\0');  // the first byte: no filter
    for (int x = 0; x < width; ++x) {
      const int across = x / scale % step;
      const pixel ink =
          across < picture::side
              ? pictures[static_cast<std::size_t>(x / scale / step)].at(across, y / scale)
              : static_cast<pixel>(pixel_kinds);
      line[1 + static_cast<std::size_t>(x) / 2] |= static_cast<char>(x % 2 == 0 ? ink << 4 : ink);
    }
    rows += line;
  }
  file.text("\x89PNG\r\n\x1a\n");
  file.chunk("IHDR", head.bytes());
  file.chunk("PLTE", palette.bytes());
  file.chunk("IDAT", png::stored(rows));
  file.chunk("IEND", "");
  return file.bytes();
}
