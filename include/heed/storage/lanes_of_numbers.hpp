// SPDX-License-Identifier: MIT
// Numbers that stand alone, of many stored rows at once: a cache line of each row, a number of all rows at a
// time.
//
//   heed::detail::bf16_lanes::read(words, row, row_bytes);
//   heed::detail::bf16_lanes::each(words, [&](index column, const auto& number_of) {
//     number_of(0);  // that column of the rows of packet 0, as floats
//   });
//
// Each has the bits that to_float gives.
#pragma once

#include <heed/storage/word_panel.hpp>  // word_panel

#include <limits>  // quiet_NaN

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// Values of a format that has PerWord of them in a word, the first in its lowest bits.
template <int PerWord>
struct lone_lanes {
  static constexpr index values = 16 * PerWord, bytes = 64, words = 16;

  template <class Panel>
  static EIGEN_ALWAYS_INLINE void read(const Panel& panel, const std::byte* row, index row_bytes) {
    panel.read(0, 16, row, row_bytes);
  }

 protected:
  // use(column, number_of) where number_of(packet) is of(place in a word, word, packet).
  template <class Use, class Of>
  static EIGEN_ALWAYS_INLINE void each_of(const Use& use, const Of& of) {
    for (index k = 0; k < 16; ++k)
      unroll_constants<PerWord>([&](auto part) HEED_INLINED {
        use(k * PerWord + part, [&](index p) HEED_INLINED { return of(part, k, p); });
      });
  }
};

struct f32_lanes : lone_lanes<1> {
  template <class Panel, class Use>
  static EIGEN_ALWAYS_INLINE void each(const Panel& panel, const Use& use) {
    each_of(use, [&](auto, index k, index p)
                     HEED_INLINED { return Panel::s::float_of(panel.get(k, p)); });
  }
};

// The upper half of a float's bits.
struct bf16_lanes : lone_lanes<2> {
  template <class Panel, class Use>
  static EIGEN_ALWAYS_INLINE void each(const Panel& panel, const Use& use) {
    using s = typename Panel::s;
    each_of(use, [&](auto part, index k, index p) HEED_INLINED {
      const auto word = panel.get(k, p);
      if constexpr (part == 0)
        return s::float_of(s::template shift_left<16>(word));
      else
        return s::float_of(s::both(word, 0xffff0000U));
    });
  }
};

struct f16_lanes : lone_lanes<2> {
  template <class Panel, class Use>
  static EIGEN_ALWAYS_INLINE void each(const Panel& panel, const Use& use) {
    using s = typename Panel::s;
    each_of(use, [&](auto part, index k, index p) HEED_INLINED {
      return s::half_of(s::template shift_right<16 * part>(panel.get(k, p)));
    });
  }
};

struct i8_lanes : lone_lanes<4> {
  template <class Panel, class Use>
  static EIGEN_ALWAYS_INLINE void each(const Panel& panel, const Use& use) {
    each_of(use, [&](auto part, index k, index p) HEED_INLINED {
      return Panel::s::number_of(panel.template signed_byte<part>(k, p));
    });
  }
};

// The upper byte of a half.
struct f8_e5m2_lanes : lone_lanes<4> {
  template <class Panel, class Use>
  static EIGEN_ALWAYS_INLINE void each(const Panel& panel, const Use& use) {
    using s = typename Panel::s;
    each_of(use, [&](auto part, index k, index p) HEED_INLINED {
      const auto byte = panel.template field<8, 8 * part>(k, p);
      return s::half_of(s::template shift_left<8>(byte));
    });
  }
};

// Exponent and mantissa, brought to those of a float, are 2^120 too small.
struct f8_e4m3_lanes : lone_lanes<4> {
  template <class Panel, class Use>
  static EIGEN_ALWAYS_INLINE void each(const Panel& panel, const Use& use) {
    using s = typename Panel::s;
    each_of(use, [&](auto part, index k, index p) HEED_INLINED {
      const auto byte = panel.template field<8, 8 * part>(k, p);
      const auto sign = s::template shift_left<24>(s::both(byte, 0x80));
      const auto magnitude = s::template shift_left<20>(s::both(byte, 0x7f));
      const auto grows = s::broadcast(0x1p120f), largest = s::broadcast(448.0f);
      const auto size = s::multiply(s::float_of(magnitude), grows);
      const auto value = s::multiply(s::float_of(s::either(magnitude, sign)), grows);
      const auto nan = s::broadcast(std::numeric_limits<float>::quiet_NaN());
      return s::where_less(largest, size, nan, value);
    });
  }
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
