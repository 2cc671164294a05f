// SPDX-License-Identifier: MIT
// GGUF's blocks of 32 values, unpacked from many stored rows at once: rows are lanes, and the
// values of one column, of all rows, come together, in the order of columns.
//
//   heed::detail::q4_0_lanes::read(words, block, row_bytes);
//   heed::detail::q4_0_lanes::each(words, [&](index column, const auto& value_of) {
//     value_of(0);  // that column of the rows of packet 0, as floats
//   });
//
// Every value is the one that `decode` of blocks_of_32.hpp gives. Products with a scale are exact,
// so that a multiply-add rounds as a product and a sum do, and scale * (number - zero) can be scale
// * number - scale * zero; the only difference is that -0 becomes 0. Reads nothing beyond a block.
#pragma once

#include <heed/storage/word_panel.hpp>  // word_panel

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Numbers of four bits in Words words: first the lower halves of all bytes, then the upper halves.
//
//   use(column, value_of) with value_of(p) = of(first bit in the word, word, p)
template <index Words, class Use, class Of>
EIGEN_ALWAYS_INLINE void each_nibble(index first_word, const Use& use, const Of& of) {
  unroll_constants<2>([&](auto upper) HEED_INLINED {
    for (index k = 0; k < Words; ++k)
      unroll_constants<4>([&](auto byte) HEED_INLINED {
        constexpr std::integral_constant<int, 8 * byte + 4 * upper> bit;
        use(4 * (Words * upper + k) + byte,
            [&](index p) HEED_INLINED { return of(bit, first_word + k, p); });
      });
  });
}

// Values scale * (number - Zero) of each packet of rows; the scale is in the lower half of a word.
template <int Zero, class Panel>
struct scale_about {
  using s = typename Panel::s;
  typename Panel::packet_of_each scale, least;

  scale_about(const Panel& panel, index word) {
    unroll<Panel::packets>([&](index p) HEED_INLINED {
      scale[p] = s::half_of(panel.get(word, p));
      least[p] = s::multiply(scale[p], s::broadcast(-float(Zero)));
    });
  }
  // scale * (number - Zero)
  EIGEN_ALWAYS_INLINE auto value(const typename Panel::packet& number, index p) const {
    return s::multiply_add(scale[p], number, least[p]);
  }
};

// Word 0: the scale, and bits that are not used; words 1 ...: numbers.
struct q4_0_lanes {
  static constexpr index values = 32, bytes = 18, words = 5;

  template <class Panel>
  static EIGEN_ALWAYS_INLINE void read(const Panel& panel, const std::byte* block,
                                       index row_bytes) {
    panel.read(0, block, row_bytes);
    panel.read(1, block + 2, row_bytes);
  }
  template <class Panel, class Use>
  static EIGEN_ALWAYS_INLINE void each(const Panel& panel, const Use& use) {
    const scale_about<8, Panel> block(panel, 0);
    each_nibble<4>(1, use, [&](auto bit, index word, index p) HEED_INLINED {
      return block.value(panel.template nibble<bit>(word, p), p);
    });
  }
};

struct q4_1_lanes {
  static constexpr index values = 32, bytes = 20, words = 5;

  template <class Panel>
  static EIGEN_ALWAYS_INLINE void read(const Panel& panel, const std::byte* block,
                                       index row_bytes) {
    panel.read(0, block, row_bytes);
    panel.read(1, block + 4, row_bytes);
  }
  template <class Panel, class Use>
  static EIGEN_ALWAYS_INLINE void each(const Panel& panel, const Use& use) {
    using s = typename Panel::s;
    typename Panel::packet_of_each scale, least;
    unroll<Panel::packets>([&](index p) HEED_INLINED {
      scale[p] = s::half_of(panel.get(0, p));
      least[p] = s::half_of(s::template shift_right<16>(panel.get(0, p)));
    });
    each_nibble<4>(1, use, [&](auto bit, index word, index p) HEED_INLINED {
      return s::multiply_add(scale[p], panel.template nibble<bit>(word, p), least[p]);
    });
  }
};

// A number of five bits: the lower four are those from bit Bit of a word on, the fifth is the next
// bit of `fifths`, which is shifted by four at the last byte of every word.
template <int Bit, class Panel>
EIGEN_ALWAYS_INLINE auto with_fifth(const Panel& panel, index word, index p,
                                    typename Panel::words& fifths) {
  using s = typename Panel::s;
  constexpr int byte = Bit / 8;
  const auto fifth = s::both(s::template shift_left<4 - byte>(fifths), 16);
  if constexpr (byte == 3) fifths = s::template shift_right<4>(fifths);
  return s::either(panel.template field<4, Bit>(word, p), fifth);
}

// Word 0: the scale, and fifth bits 0 to 15; word 1: fifth bits 16 to 31 in its lower half; words 2
// ...: the lower four bits.
struct q5_0_lanes {
  static constexpr index values = 32, bytes = 22, words = 6;

  template <class Panel>
  static EIGEN_ALWAYS_INLINE void read(const Panel& panel, const std::byte* block,
                                       index row_bytes) {
    panel.read(0, block, row_bytes);
    panel.read(2, block + 6, row_bytes);
  }
  template <class Panel, class Use>
  static EIGEN_ALWAYS_INLINE void each(const Panel& panel, const Use& use) {
    using s = typename Panel::s;
    const scale_about<16, Panel> block(panel, 0);
    typename Panel::words_of_each fifths;
    unroll<Panel::packets>([&](index p) HEED_INLINED {
      fifths[p] = s::either(s::template shift_right<16>(panel.get(0, p)),
                            s::template shift_left<16>(panel.get(1, p)));
    });
    each_nibble<4>(2, use, [&](auto bit, index word, index p) HEED_INLINED {
      const auto whole = detail::with_fifth<bit>(panel, word, p, fifths[p]);
      return block.value(s::number_of(whole), p);
    });
  }
};

// Word 0: scale and least; word 1: fifth bits; words 2 ...: the lower four bits.
struct q5_1_lanes {
  static constexpr index values = 32, bytes = 24, words = 6;

  template <class Panel>
  static EIGEN_ALWAYS_INLINE void read(const Panel& panel, const std::byte* block,
                                       index row_bytes) {
    panel.read(0, block, row_bytes);
    panel.read(2, block + 8, row_bytes);
  }
  template <class Panel, class Use>
  static EIGEN_ALWAYS_INLINE void each(const Panel& panel, const Use& use) {
    using s = typename Panel::s;
    typename Panel::packet_of_each scale, least;
    typename Panel::words_of_each fifths;
    unroll<Panel::packets>([&](index p) HEED_INLINED {
      scale[p] = s::half_of(panel.get(0, p));
      least[p] = s::half_of(s::template shift_right<16>(panel.get(0, p)));
      fifths[p] = panel.get(1, p);
    });
    each_nibble<4>(2, use, [&](auto bit, index word, index p) HEED_INLINED {
      const auto whole = detail::with_fifth<bit>(panel, word, p, fifths[p]);
      return s::multiply_add(scale[p], s::number_of(whole), least[p]);
    });
  }
};

// Word 0: the scale, and bits that are not used; words 1 ...: numbers, whose sign bits are flipped
// so that each is its value plus 128.
struct q8_0_lanes {
  static constexpr index values = 32, bytes = 34, words = 9;

  template <class Panel>
  static EIGEN_ALWAYS_INLINE void read(const Panel& panel, const std::byte* block,
                                       index row_bytes) {
    panel.read(0, block, row_bytes);
    const auto turned = [](const typename Panel::words& a)
                            HEED_INLINED { return Panel::s::turned(a, 0x80808080U); };
    panel.read(1, block + 2, row_bytes, turned);
    panel.read(5, block + 18, row_bytes, turned);
  }
  template <class Panel, class Use>
  static EIGEN_ALWAYS_INLINE void each(const Panel& panel, const Use& use) {
    using s = typename Panel::s;
    const scale_about<128, Panel> block(panel, 0);
    for (index k = 0; k < 8; ++k)
      unroll_constants<4>([&](auto byte) HEED_INLINED {
        use(4 * k + byte, [&](index p) HEED_INLINED {
          return block.value(s::number_of(panel.template field<8, 8 * byte>(1 + k, p)), p);
        });
      });
  }
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
