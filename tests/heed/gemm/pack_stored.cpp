// SPDX-License-Identifier: MIT
// Panels of a stored matrix: products have the bits that they have without, and the words lie as they should.
#include "support/same_bits.hpp"

#include <heed/gemm/all_stored_kernels.hpp>
#include <heed/gemm/gemm.hpp>
#include <heed/gemm/pack_stored.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace {

using heed::dtype;
using heed::index;
using heed::matrix;
using heed::stored_matrix;
using heed::detail::stored_kernel;
using heed::detail::view_of;

matrix<float> product(const stored_matrix& w, const matrix<float>& x, index first, index outputs) {
  heed::scratch memory;
  matrix<float> y = matrix<float>::Constant(x.rows(), w.rows, 7);
  const heed::detail::gemm_call<float> call{
      view_of(y), view_of(x), {nullptr, w.cols, w.rows, 0, 0}, {}, &w};
  heed::detail::gemm(call.part(0, x.rows(), first, outputs), heed::executor{}, memory);
  return y;
}

// Every byte pattern but those of infinities and NaN, which a scale of 0x3f.. or less is far from.
std::vector<std::byte> some_bytes(index count) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(count));
  std::uint32_t seed = 1;
  for (std::byte& byte : bytes) {
    seed = seed * 1664525 + 1013904223;
    byte = static_cast<std::byte>((seed >> 24) & 0x3f);
  }
  return bytes;
}

TEST(pack_stored, changes_no_bit) {
  heed::detail::know_stored_kernels();
  const index lanes = stored_kernel::lanes;
  int packed_types = 0;
  for (index t = 0; t < heed::detail::dtypes; ++t) {
    const auto type = static_cast<dtype>(t);
    const stored_kernel* const kernel = heed::detail::find_stored_kernel(type);
    if (kernel == nullptr) continue;
    for (const index outputs : {lanes - 1, lanes, 3 * lanes + 5}) {
      const index inputs = 5 * kernel->values;
      const std::vector<std::byte> bytes = some_bytes(heed::bytes_of(type, outputs * inputs));
      const stored_matrix rows{type, outputs, inputs, bytes.data(), nullptr, nullptr};
      stored_matrix packed = rows;
      heed::detail::pack_stored(packed);
      EXPECT_EQ(packed.panels != nullptr, kernel->keeps_words && outputs >= lanes);
      packed_types += packed.panels != nullptr ? 1 : 0;
      for (const index tokens : {1, 2, 40}) {
        const matrix<float> x = matrix<float>::Random(tokens, inputs);
        EXPECT_TRUE(
            support::same_bits(product(rows, x, 0, outputs), product(packed, x, 0, outputs)))
            << heed::name_of(type) << ", " << tokens << " tokens, " << outputs << " outputs";
        EXPECT_TRUE(support::same_bits(product(rows, x, 3, outputs - 3),
                                       product(packed, x, 3, outputs - 3)))
            << heed::name_of(type) << ": outputs that begin within a panel";
      }
    }
  }
  EXPECT_GE(packed_types, 2 * 10);
}

TEST(pack_stored, packs_rows_of_what_is_packed) {
  const index lanes = stored_kernel::lanes;
  const std::vector<std::byte> bytes = some_bytes(3 * lanes * 64);
  stored_matrix w{dtype::i8, 3 * lanes, 64, bytes.data(), nullptr, nullptr};
  EXPECT_EQ(heed::detail::packed_rows_of(w, 5, lanes).panels, nullptr);
  heed::detail::know_stored_kernels();
  heed::detail::pack_stored(w);
  const stored_matrix some = heed::detail::packed_rows_of(w, 5, lanes + 3);
  EXPECT_NE(some.panels, nullptr);
  const matrix<float> x = matrix<float>::Random(1, 64);
  EXPECT_TRUE(
      support::same_bits(product(some, x, 0, lanes + 3),
                         matrix<float>(product(w, x, 0, 3 * lanes).middleCols(5, lanes + 3))));
}

// By hand: 8-bit integers, of which four are a word. Word k of row r is at k * lanes + r.
TEST(pack_stored, puts_words_of_rows_side_by_side) {
  heed::detail::know_stored_kernels();
  const index lanes = stored_kernel::lanes, inputs = 64;
  std::vector<std::byte> bytes(static_cast<std::size_t>(lanes * inputs));
  for (index row = 0; row < lanes; ++row)
    for (index i = 0; i < inputs; ++i)
      bytes[static_cast<std::size_t>(row * inputs + i)] =
          static_cast<std::byte>(i / 4 == 9 ? row : 0);
  stored_matrix w{dtype::i8, lanes, inputs, bytes.data(), nullptr, nullptr};
  heed::detail::pack_stored(w);
  ASSERT_NE(w.panels, nullptr);
  for (index word = 0; word < inputs / 4; ++word)
    for (index row = 0; row < lanes; ++row)
      EXPECT_EQ(w.panels[word * lanes + row],
                word == 9 ? 0x01010101U * static_cast<std::uint32_t>(row) : 0U);
}

TEST(pack_stored, leaves_alone_what_fills_no_block) {
  const std::vector<std::byte> bytes(static_cast<std::size_t>(stored_kernel::lanes) * 20);
  stored_matrix w{dtype::i8, stored_kernel::lanes, 20, bytes.data(), nullptr, nullptr};
  heed::detail::pack_stored(w);
  EXPECT_EQ(w.panels, nullptr);
}

}  // namespace
