// SPDX-License-Identifier: MIT
// Tensors as layers take them: by name and shape, and rounded to another type where that is wanted.
#include <heed/io/hugging_face/model_weights.hpp>

#include "support/bytes.hpp"
#include "support/refusal.hpp"

#include <heed/io/read_tensor_file.hpp>
#include <heed/io/safetensors_writer.hpp>

#include <gtest/gtest.h>

namespace heed {
namespace {

using detail::model_weights;

// "w": 2 x 64, of which row 0 is 1 ... 64 and row 1 its negative, and two biases; "c": the same by inputs.
class a_file {
 public:
  a_file() {
    std::vector<float> w(128), turned(128), b{0.5f, 1.5f};
    for (std::size_t i = 0; i < 64; ++i) {
      w[i] = turned[2 * i] = float(i + 1);
      w[64 + i] = turned[2 * i + 1] = -w[i];
    }
    const auto bytes = [](const std::vector<float>& of) { return std::as_bytes(std::span(of)); };
    const tensor_view all[] = {{"w.weight", dtype::f32, {2, 64}, bytes(w)},
                               {"w.bias", dtype::f32, {2}, bytes(b)},
                               {"c.weight", dtype::f32, {64, 2}, bytes(turned)},
                               {"c.bias", dtype::f32, {2}, bytes(b)}};
    write_safetensors(path(), all);
  }
  [[nodiscard]] std::filesystem::path path() const { return folder_ / "model.safetensors"; }
  [[nodiscard]] model_weights read(std::optional<dtype> type) const {
    return model_weights(read_tensor_file(path()), {.weights = type});
  }

 private:
  support::temporary_folder folder_;
};

std::vector<float> row(const stored_matrix& w, index i) {
  std::vector<float> numbers(static_cast<std::size_t>(w.cols));
  w.read(i, 1, numbers.data());
  return numbers;
}

// Two rows are too few for a panel.
TEST(model_weights, turn_floats_that_fill_no_panel) {
  const auto layer = a_file().read({}).linear("w", 64, 2, true);
  EXPECT_FALSE(layer.weight.stored.given());
  EXPECT_EQ(layer.weight(63, 0), 64);
  EXPECT_EQ(layer.weight(63, 1), -64);
  EXPECT_EQ(layer.bias, Eigen::RowVector2f(0.5f, 1.5f));
}

// A block of Q8_0 holds 32 numbers in steps of their largest magnitude / 127, which is kept as a half: for
// 1 ... 32 the step is 0.25197 or half(0.25197) = 0.251953125, so that 32 is 127 steps, 31.998046875, and 1
// is 4 steps, 1.0078125.
TEST(model_weights, are_rounded_to_blocks) {
  for (const dtype type : {dtype::q8_0, dtype::i8}) {
    const auto layer = a_file().read(type).linear("w", 64, 2, true);
    const stored_matrix& w = layer.weight.stored;
    EXPECT_EQ(w.type, dtype::q8_0);
    EXPECT_EQ(w.rows, 2);
    EXPECT_EQ(w.cols, 64);
    EXPECT_EQ(row(w, 0)[31], 31.998046875f);
    EXPECT_EQ(row(w, 0)[0], 1.0078125f);
    EXPECT_EQ(row(w, 1)[31], -31.998046875f);
    EXPECT_EQ(layer.bias, Eigen::RowVector2f(0.5f, 1.5f));
  }
}

TEST(model_weights, are_rounded_wherever_they_come_from) {
  const a_file file;
  EXPECT_EQ(file.read(dtype::bf16).table("w.weight", 2, 64).stored.type, dtype::bf16);
  EXPECT_EQ(row(file.read(dtype::f16).table("w.weight", 2, 64).stored, 1)[9], -10);
  const auto swapped = file.read(dtype::q4_0).rows_of("w.weight", 2, 64, {1, 0});
  EXPECT_EQ(swapped.stored.type, dtype::q4_0);
  EXPECT_EQ(row(swapped.stored, 1)[63], 64);  // the largest of a block is -8 steps
  const auto part = file.read(dtype::bf16).part_of("w.weight", 2, 64, 1, 1);
  EXPECT_EQ(row(part.stored, 0)[4], -5);
  // GPT-2's files have (inputs, outputs): the numbers of an output are a column.
  const auto conv = file.read(dtype::bf16).conv1d("c", 64, 2);
  EXPECT_EQ(conv.weight.stored.type, dtype::bf16);
  EXPECT_EQ(row(conv.weight.stored, 1)[4], -5);
  EXPECT_EQ(file.read({}).conv1d("c", 64, 2).weight(4, 1), -5);
}

// The file has 2 x 64, 2, 64 x 2 and 2 floats: 1040 bytes.
TEST(model_weights, tell_how_much_has_been_read) {
  std::vector<index> done;
  load_options options;
  options.progress = [&](index some, index all) {
    done.push_back(some);
    EXPECT_EQ(all, 1040);
  };
  model_weights weights(read_tensor_file(a_file().path()), options);
  (void)weights.linear("w", 64, 2, true);
  (void)weights.vector("w.bias", 2);
  EXPECT_EQ(done, (std::vector<index>{512, 520, 520})) << "a tensor counts once";
}

TEST(model_weights, are_packed_unless_they_shall_stay_mapped) {
  const index rows = detail::stored_kernel::lanes, cols = 64;
  const support::temporary_folder folder;
  const std::vector<std::uint16_t> ones(static_cast<std::size_t>(rows * cols), 0x3f80);
  const std::vector<float> floats(ones.size(), 1.0f);
  const tensor_view all[] = {
      {"w.weight", dtype::bf16, {rows, cols}, std::as_bytes(std::span(ones))},
      {"f.weight", dtype::f32, {rows, cols}, std::as_bytes(std::span(floats))}};
  write_safetensors(folder.path() / "model.safetensors", all);
  for (const bool packed : {true, false})
    for (const char* const name : {"w.weight", "f.weight"}) {
      load_options options;
      options.packed = packed;
      model_weights weights(read_tensor_file(folder.path() / "model.safetensors"), options);
      const parameter<float> w = weights.weight(name, cols, rows);
      ASSERT_TRUE(w.stored.given()) << name;
      EXPECT_EQ(w.stored.panels != nullptr, packed) << name;
      EXPECT_EQ(row(w.stored, rows - 1), std::vector<float>(64, 1.0f)) << name;
    }
}

TEST(model_weights, refuse_what_nothing_is_rounded_to) {
  const a_file file;
  const auto said = [&](auto call) { return support::refusal<file_error>(call); };
  EXPECT_NE(
      said([&] { (void)file.read(dtype::q4_k); }).find("weights are not rounded to Q4_K, but"),
      std::string::npos);
  auto weights = file.read(dtype::q8_0);
  EXPECT_NE(
      said([&] {
        (void)weights.table("c.weight", 64, 2);
      }).find("\"c.weight\" has rows of 2 numbers, which are no whole blocks of 32 that Q8_0"),
      std::string::npos);
}

}  // namespace
}  // namespace heed
