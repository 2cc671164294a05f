// SPDX-License-Identifier: MIT
// A decoder whose cache several processes share gives the scores of one. Run by mpiexec.
#include "support/ranks.hpp"

#include <string>
#include <vector>

namespace {

using heed::index;

std::vector<index> some_ids(index count) {
  std::vector<index> ids;
  for (index i = 0; i < count; ++i) ids.push_back((i * i + 3 * i) % 50);
  return ids;
}

template <class Memory>
void expect_same_scores(const heed::decoder<float>& model) {
  const std::vector<index> prompt = some_ids(530);
  auto cache = model.cache(600);
  heed::decoder_across<float, Memory> shared(model, MPI_COMM_WORLD, 600);
  EXPECT_TRUE(ranks::same_bits(shared.next(prompt), model.next(prompt, cache)));
  for (const index id : some_ids(5))
    EXPECT_TRUE(ranks::same_bits(shared.next({id}), model.next(std::vector<index>{id}, cache)));
  EXPECT_EQ(shared.position(), 535);
}

TEST(decoder_across, shared_by_keys_or_heads) {
  heed::decoder<float> llama(
      {.vocabulary = 50, .model = 48, .layers = 2, .heads = 6, .kv_heads = 3, .hidden = 64});
  expect_same_scores<heed::cache_by_keys<float>>(llama);
  expect_same_scores<heed::cache_by_heads<float>>(llama);
}

// More ranks than heads, and columns that do not divide evenly.
TEST(decoder_across, odd_sizes_and_limits) {
  heed::decoder<float> model(
      {.vocabulary = 50, .model = 36, .layers = 2, .heads = 2, .kv_heads = 1, .hidden = 45});
  auto& feed = std::get<heed::feed_forward<float>>(model.blocks[1].feed);
  feed.gating = {.limit = 0.7, .sharpness = 1.7, .offset = 1};
  expect_same_scores<heed::cache_by_heads<float>>(model);
}

TEST(decoder_across, sinks_and_learned_positions) {
  heed::decoder<float> gpt(
      {.vocabulary = 50, .positions = 600, .model = 32, .layers = 1, .heads = 4});
  gpt.blocks[0].attention.rules.sinks = {0.5, 1, -2, 0};
  gpt.blocks[0].attention.rules.window = 200;
  expect_same_scores<heed::cache_by_keys<float>>(gpt);
  expect_same_scores<heed::cache_by_heads<float>>(gpt);
}

// A mask of one's own counts the heads of the whole layer.
TEST(decoder_across, mask_that_looks_at_heads) {
  heed::decoder<float> gpt(
      {.vocabulary = 50, .positions = 600, .model = 32, .layers = 1, .heads = 4});
  gpt.blocks[0].attention.rules.sees = [](heed::at i) { return (i.query - i.key) % 4 <= i.head; };
  expect_same_scores<heed::cache_by_keys<float>>(gpt);
  expect_same_scores<heed::cache_by_heads<float>>(gpt);
}

template <class Memory>
std::string refusal_of(const heed::decoder<float>& model, const std::vector<index>& ids) {
  heed::decoder_across<float, Memory> shared(model, MPI_COMM_WORLD, 600);
  try {
    static_cast<void>(shared.next(ids));
  } catch (const heed::shape_error& error) {
    return error.what();
  }
  return {};
}

// Ranks that are given other tokens say so, where they would wait for one another.
TEST(decoder_across, refuses_other_tokens) {
  if (ranks::count() < 2) GTEST_SKIP() << "one rank agrees with itself";
  const heed::decoder<float> model({.vocabulary = 50, .model = 32, .layers = 1, .heads = 4});
  const bool last = ranks::rank() == ranks::count() - 1;
  const std::string rank = "heed::decoder_across: rank " + std::to_string(ranks::count() - 1);
  const auto by_heads = refusal_of<heed::cache_by_heads<float>>;
  EXPECT_EQ(by_heads(model, some_ids(last ? 4 : 3)),
            rank + " is given 4 tokens at position 0, and rank 0 3 at position 0");
  EXPECT_EQ(by_heads(model, last ? std::vector<index>{7, 9} : std::vector<index>{7, 8}),
            rank + " is given other tokens than rank 0");
  EXPECT_EQ(by_heads(model, some_ids(3)), "");
}

TEST(decoder_across, refuses_norms_over_all_heads) {
  heed::decoder<float> model({.vocabulary = 50, .model = 32, .layers = 1, .heads = 4});
  model.blocks[0].attention.query_norm = heed::rms_norm<float>({.model = 32});
  using shared = heed::decoder_across<float, heed::cache_by_heads<float>>;
  EXPECT_THROW(shared(model, MPI_COMM_WORLD, 10), heed::shape_error);
}

}  // namespace

int main(int arguments, char** argument) { return ranks::run_all(arguments, argument); }
