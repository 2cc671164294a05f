// SPDX-License-Identifier: MIT
// GGUF's super-blocks of 256 values (K-quants), unpacked from many stored rows at once: rows are
// lanes, and the values of one column, of all rows, come together, in the order of columns.
//
//   heed::detail::q4_k_lanes::read(words, block, row_bytes);
//   heed::detail::q4_k_lanes::each(words, [&](index column, const auto& value_of) {
//     value_of(0);  // that column of the rows of packet 0, as floats
//   });
//
// k_quants.hpp states the layouts; lanes_of_blocks.hpp says why the bits are those of a single row.
// The parts of half a block that share a scale are unrolled, and a loop runs over the two halves.
#pragma once

#include <heed/storage/word_panel.hpp>  // word_panel

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Four bytes in a word, of each packet of rows: word `to` = of(packet).
template <class Panel, class Of>
EIGEN_ALWAYS_INLINE void put_words(const Panel& panel, index to, const Of& of) {
  for (index p = 0; p < Panel::packets; ++p) panel.put(to, p, of(p));
}

// The values of half a block, in parts of Part values: prepare(part) computes the part's scales,
// of(part, byte, word, packet) gives the value of byte `byte` of the part's word `word`; part and
// byte are constants.
template <int Part, class Use, class Prepare, class Of>
EIGEN_ALWAYS_INLINE void each_part(index half, const Use& use, const Prepare& prepare,
                                   const Of& of) {
  unroll_constants<128 / Part>([&](auto part) HEED_INLINED {
    prepare(part);
    for (index k = 0; k < Part / 4; ++k)
      unroll_constants<4>([&](auto byte) HEED_INLINED {
        use(128 * half + Part * part + 4 * k + byte,
            [&](index p) HEED_INLINED { return of(part, byte, k, p); });
      });
  });
}

// The two halves (16-bit floats) in a word of each packet; the second is negated.
template <class Panel>
struct scale_and_least {
  typename Panel::packet_of_each scale, minus_least;

  scale_and_least(const Panel& panel, index word) {
    using s = typename Panel::s;
    unroll<Panel::packets>([&](index p) HEED_INLINED {
      scale[p] = s::half_of(panel.get(word, p));
      minus_least[p] = s::multiply(s::half_of(s::template shift_right<16>(panel.get(word, p))),
                                   s::broadcast(-1.0f));
    });
  }
};

// Q4_K and Q5_K. Word 0: scale and least; words 1 to 3: the parts' scales and leasts, 6 bits each.
template <int Words>
struct k_lanes_of_32 {
  static constexpr index values = 256, bytes = 4 * Words, words = Words + 4;

  template <class Panel>
  static EIGEN_ALWAYS_INLINE void read(const Panel& panel, const std::byte* block,
                                       index row_bytes) {
    panel.read(0, Words, block, row_bytes);
    spread_scales(panel);
  }

 protected:
  // number_of(part, byte, half, word, packet)
  template <class Panel, class Use, class NumberOf, class EndHalf>
  static EIGEN_ALWAYS_INLINE void each_of(const Panel& panel, const Use& use,
                                          const NumberOf& number_of, const EndHalf& end_half) {
    using s = typename Panel::s;
    const scale_and_least<Panel> whole(panel, 0);
    typename Panel::packet_of_each scale, minus_least;
    for (index half = 0; half < 2; ++half) {
      each_part<32>(
          half, use,
          [&](auto part) HEED_INLINED {
            unroll<Panel::packets>([&](index p) HEED_INLINED {
              const auto its = [&](index word) HEED_INLINED {
                return s::number_of(panel.template field<8, 8 * part>(word + half, p));
              };
              scale[p] = s::multiply(whole.scale[p], its(Words));
              minus_least[p] = s::multiply(whole.minus_least[p], its(Words + 2));
            });
          },
          [&](auto part, auto byte, index k, index p) HEED_INLINED {
            return s::multiply_add(scale[p], number_of(part, byte, half, k, p), minus_least[p]);
          });
      end_half();
    }
  }

 private:
  // Unpacks four scales or leasts into a word: scales from word Words on, leasts two words later.
  template <class Panel>
  static EIGEN_ALWAYS_INLINE void spread_scales(const Panel& panel) {
    using s = typename Panel::s;
    constexpr std::uint32_t six = 0x3f3f3f3f, four = 0x0f0f0f0f, upper_two = 0x30303030;
    const auto upper = [&](index word, index p) HEED_INLINED {
      return s::both(s::template shift_right<2>(panel.get(word, p)), upper_two);
    };
    put_words(panel, Words, [&](index p) { return s::both(panel.get(1, p), six); });
    put_words(panel, Words + 1,
              [&](index p) { return s::either(s::both(panel.get(3, p), four), upper(1, p)); });
    put_words(panel, Words + 2, [&](index p) { return s::both(panel.get(2, p), six); });
    put_words(panel, Words + 3, [&](index p) {
      return s::either(s::both(s::template shift_right<4>(panel.get(3, p)), four), upper(2, p));
    });
  }
};

// Words 4 ...: numbers; 8 words hold two parts.
struct q4_k_lanes : k_lanes_of_32<36> {
  template <class Panel, class Use>
  static EIGEN_ALWAYS_INLINE void each(const Panel& panel, const Use& use) {
    each_of(
        panel, use,
        [&](auto part, auto byte, index half, index k, index p) HEED_INLINED {
          return panel.template nibble<8 * byte + part % 2 * 4>(4 + 16 * half + part / 2 * 8 + k,
                                                                p);
        },
        [] {});
  }
};

// Words 4 to 11: fifth bits, one bit of each byte for each part; words 12 ...: the lower four bits.
struct q5_k_lanes : k_lanes_of_32<44> {
  static constexpr bool keeps_words = false;  // fifth bits are shifted away

  template <class Panel, class Use>
  static EIGEN_ALWAYS_INLINE void each(const Panel& panel, const Use& use) {
    using s = typename Panel::s;
    each_of(
        panel, use,
        [&](auto part, auto byte, index half, index k, index p) HEED_INLINED {
          const auto four = panel.template field<4, 8 * byte + part % 2 * 4>(
              12 + 16 * half + part / 2 * 8 + k, p);
          const auto fifth = panel.template field<1, 8 * byte + part>(4 + k, p);
          return s::number_of(s::either(four, s::template shift_left<4>(fifth)));
        },
        [&]() HEED_INLINED {
          for (index k = 4; k < 12; ++k)
            put_words(panel, k,
                      [&](index p) { return s::template shift_right<4>(panel.get(k, p)); });
        });
  }
};

// Words 0 to 3: the parts' scales and leasts; words 4 to 19: numbers, 8 words hold eight parts;
// word 20: scale and least.
struct q2_k_lanes {
  static constexpr index values = 256, bytes = 84, words = 21;

  template <class Panel>
  static EIGEN_ALWAYS_INLINE void read(const Panel& panel, const std::byte* block,
                                       index row_bytes) {
    panel.read(0, 20, block, row_bytes);
    panel.read(17, block + 68, row_bytes);
  }
  template <class Panel, class Use>
  static EIGEN_ALWAYS_INLINE void each(const Panel& panel, const Use& use) {
    using s = typename Panel::s;
    const scale_and_least<Panel> whole(panel, 20);
    typename Panel::packet_of_each scale, minus_least;
    for (index half = 0; half < 2; ++half)
      each_part<16>(
          half, use,
          [&](auto part) HEED_INLINED {
            constexpr int bit = part % 4 * 8;
            const index word = 2 * half + part / 4;
            unroll<Panel::packets>([&](index p) HEED_INLINED {
              scale[p] = s::multiply(whole.scale[p], panel.template nibble<bit>(word, p));
              minus_least[p] =
                  s::multiply(whole.minus_least[p], panel.template nibble<bit + 4>(word, p));
            });
          },
          [&](auto part, auto byte, index k, index p) HEED_INLINED {
            const auto number = panel.template field<2, 8 * byte + part / 2 * 2>(
                4 + 8 * half + part % 2 * 4 + k, p);
            return s::multiply_add(scale[p], s::number_of(number), minus_least[p]);
          });
  }
};

// The half (16-bit float) at the end of a block, which is in the upper half of a word of each
// packet.
template <class Panel>
struct scale_behind {
  typename Panel::packet_of_each scale;

  scale_behind(const Panel& panel, index word) {
    using s = typename Panel::s;
    unroll<Panel::packets>([&](index p) HEED_INLINED {
      scale[p] = s::half_of(s::template shift_right<16>(panel.get(word, p)));
    });
  }
};

// Words 0 to 7: third bits, one bit of each byte for two parts; words 8 to 23: the lower two bits;
// words 24 to 26: the parts' scales, 6 bits each, which are unpacked to words 31 to 34; word 30:
// the scale.
struct q3_k_lanes {
  static constexpr index values = 256, bytes = 110, words = 35;
  static constexpr bool keeps_words = false;  // third bits are shifted away

  template <class Panel>
  static EIGEN_ALWAYS_INLINE void read(const Panel& panel, const std::byte* block,
                                       index row_bytes) {
    panel.read(0, 24, block, row_bytes);
    panel.read(23, block + 92, row_bytes);
    panel.read(27, block + 94, row_bytes);
    spread_scales(panel);
  }
  template <class Panel, class Use>
  static EIGEN_ALWAYS_INLINE void each(const Panel& panel, const Use& use) {
    using s = typename Panel::s;
    const scale_behind<Panel> whole(panel, 30);
    typename Panel::packet_of_each scale, least;
    for (index half = 0; half < 2; ++half) {
      each_part<16>(
          half, use,
          [&](auto part) HEED_INLINED {
            unroll<Panel::packets>([&](index p) HEED_INLINED {
              const auto its = panel.template field<8, part % 4 * 8>(31 + 2 * half + part / 4, p);
              scale[p] =
                  s::multiply(whole.scale[p], s::subtract(s::number_of(its), s::broadcast(32)));
              least[p] = s::multiply(scale[p], s::broadcast(-4));
            });
          },
          [&](auto part, auto byte, index k, index p) HEED_INLINED {
            const index word = part % 2 * 4 + k;
            const auto two =
                panel.template field<2, 8 * byte + part / 2 * 2>(8 + 8 * half + word, p);
            const auto third = panel.template field<1, 8 * byte + part / 2>(word, p);
            const auto number = s::either(two, s::template shift_left<2>(third));
            return s::multiply_add(scale[p], s::number_of(number), least[p]);
          });
      for (index k = 0; k < 8; ++k)
        put_words(panel, k, [&](index p) { return s::template shift_right<4>(panel.get(k, p)); });
    }
  }

 private:
  template <class Panel>
  static EIGEN_ALWAYS_INLINE void spread_scales(const Panel& panel) {
    using s = typename Panel::s;
    constexpr std::uint32_t four = 0x0f0f0f0f, upper_two = 0x30303030;
    const auto put = [&](index to, auto lower, auto upper) HEED_INLINED {
      put_words(panel, to, [&](index p) {
        return s::either(s::both(lower(p), four), s::both(upper(panel.get(26, p)), upper_two));
      });
    };
    put(
        31, [&](index p) { return panel.get(24, p); },
        [](auto w) { return s::template shift_left<4>(w); });
    put(
        32, [&](index p) { return panel.get(25, p); },
        [](auto w) { return s::template shift_left<2>(w); });
    put(
        33, [&](index p) { return s::template shift_right<4>(panel.get(24, p)); },
        [](auto w) { return w; });
    put(
        34, [&](index p) { return s::template shift_right<4>(panel.get(25, p)); },
        [](auto w) { return s::template shift_right<2>(w); });
  }
};

// Words 0 to 31: the lower four bits; words 32 to 47: the upper two; words 48 to 51: the parts'
// scales; word 55: the scale.
struct q6_k_lanes {
  static constexpr index values = 256, bytes = 210, words = 56;

  template <class Panel>
  static EIGEN_ALWAYS_INLINE void read(const Panel& panel, const std::byte* block,
                                       index row_bytes) {
    panel.read(0, 52, block, row_bytes);
    panel.read(52, block + 194, row_bytes);
  }
  template <class Panel, class Use>
  static EIGEN_ALWAYS_INLINE void each(const Panel& panel, const Use& use) {
    using s = typename Panel::s;
    const scale_behind<Panel> whole(panel, 55);
    typename Panel::packet_of_each scale, least;
    for (index half = 0; half < 2; ++half)
      each_part<16>(
          half, use,
          [&](auto part) HEED_INLINED {
            unroll<Panel::packets>([&](index p) HEED_INLINED {
              const auto its = panel.template signed_byte<part % 4>(48 + 2 * half + part / 4, p);
              scale[p] = s::multiply(whole.scale[p], s::number_of(its));
              least[p] = s::multiply(scale[p], s::broadcast(-32));
            });
          },
          [&](auto part, auto byte, index k, index p) HEED_INLINED {
            const index word = part % 2 * 4 + k;
            const auto four = panel.template field<4, 8 * byte + part / 4 * 4>(
                16 * half + part / 2 % 2 * 8 + word, p);
            const auto two =
                panel.template field<2, 8 * byte + part / 2 * 2>(32 + 8 * half + word, p);
            const auto number = s::either(four, s::template shift_left<4>(two));
            return s::multiply_add(scale[p], s::number_of(number), least[p]);
          });
  }
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
