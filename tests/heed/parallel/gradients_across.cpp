// SPDX-License-Identifier: MIT
// What several processes learn together has the bits of what one learns. Run by mpiexec.
#include "support/ranks.hpp"

#include <heed/train.hpp>

#include <string>
#include <vector>

namespace {

using heed::index;

// A parameter of a few numbers.
struct numbers {
  std::vector<float> values;
  [[nodiscard]] heed::parameter_list<float> list() {
    const auto size = static_cast<index>(values.size());
    return {{"first", values.data(), 1, 2, true}, {"rest", values.data() + 2, 1, size - 2, true}};
  }
};

// 10⁸ + 1 and -10⁸ + 1 are rounded to ±10⁸, so that the order shows: ((a + b) + (c + d)) + e is 0 + 3.
TEST(gradients_across, sums_along_a_tree) {
  const float pieces[] = {1e8F, 1, -1e8F, 1, 3};
  heed::gradients_across<float> sum(MPI_COMM_WORLD, 5);
  for (index i = sum.own().first; i < sum.own().last; ++i) {
    numbers one{{1, 2, pieces[i], 4}};
    sum.add(one.list(), static_cast<double>(i));
  }
  numbers all{{0, 0, 0, 0}};
  EXPECT_EQ(sum.finish(all.list()), 10);
  EXPECT_EQ(all.values, (std::vector<float>{5, 10, 3, 20}));
}

TEST(gradients_across, has_the_same_bits_for_any_number_of_pieces) {
  for (const index pieces : {1, 2, 3, 6, 7, 8, 13}) {
    const auto random = ranks::random(pieces, 9, 5);
    const auto sum_on = [&](MPI_Comm comm) {
      heed::gradients_across<float> sum(comm, pieces);
      numbers one{std::vector<float>(9)};
      for (index i = sum.own().first; i < sum.own().last; ++i) {
        for (index j = 0; j < 9; ++j) one.values[std::size_t(j)] = random(i, j);
        sum.add(one.list());
      }
      sum.finish(one.list());
      return one.values;
    };
    EXPECT_EQ(sum_on(MPI_COMM_WORLD), sum_on(MPI_COMM_SELF)) << pieces;
  }
}

// The weights after some steps of AdamW on batches of 8 sequences.
std::vector<float> learned_on(MPI_Comm comm) {
  heed::decoder<float> gpt(
      {.vocabulary = 30, .positions = 12, .model = 16, .layers = 2, .heads = 2, .seed = 3});
  heed::decoder<float> gradient = heed::zeros_like(gpt);
  const auto weights = heed::parameters_of(gpt), derivatives = heed::parameters_of(gradient);
  heed::saved<heed::decoder<float>> kept;
  heed::adamw<float> optimiser({.decay = 0.1});
  double first = 0, last = 0;
  for (index step = 0; step < 5; ++step) {
    heed::gradients_across<float> sum(comm, 8);
    for (index piece = sum.own().first; piece < sum.own().last; ++piece) {
      std::vector<index> text;
      for (index t = 0; t < 13; ++t) text.push_back((piece * 7 + t * (1 + step % 2)) % 30);
      heed::token_batch batch;
      batch.append(text);
      heed::set_zero(derivatives);
      sum.add(derivatives, heed::loss_and_gradient(gpt, batch, 1.0 / (8 * 12), kept, gradient).sum);
    }
    last = sum.finish(derivatives);
    if (step == 0) first = last;
    heed::clip_by_norm(derivatives, 1);
    optimiser.step(weights, derivatives, 1e-2);
  }
  EXPECT_LT(last, first);
  std::vector<float> all;
  for (const auto& p : weights) all.insert(all.end(), p.data, p.data + p.size());
  return all;
}

TEST(gradients_across, weights_are_those_of_one_rank) {
  const std::vector<float> shared = learned_on(MPI_COMM_WORLD), alone = learned_on(MPI_COMM_SELF);
  ASSERT_EQ(shared.size(), alone.size());
  EXPECT_EQ(std::memcmp(shared.data(), alone.data(), shared.size() * sizeof(float)), 0);
}

template <class Call>
std::string refusal(const Call& call) {
  try {
    call();
  } catch (const heed::shape_error& error) {
    return error.what();
  }
  return {};
}

TEST(gradients_across, says_on_all_ranks_what_is_missing) {
  const index last = ranks::count() - 1;
  numbers one{{1, 2, 3, 4}};
  heed::gradients_across<float> sum(MPI_COMM_WORLD, ranks::count());
  if (ranks::rank() != last) sum.add(one.list());
  const std::string rank = "heed::gradients_across: rank " + std::to_string(last);
  EXPECT_EQ(refusal([&] { sum.finish(one.list()); }),
            rank + " has not added the last 1 of its pieces");
  if (ranks::rank() == last) sum.add(one.list());
  sum.finish(one.list());
  EXPECT_EQ(one.values[0], static_cast<float>(ranks::count()));
  EXPECT_EQ(refusal([&] { sum.add(one.list()); }), "heed::gradients_across: rank " +
                                                       std::to_string(ranks::rank()) +
                                                       " has 1 pieces and adds one more");
  EXPECT_EQ(refusal([&] { heed::gradients_across<float>(MPI_COMM_WORLD, 0); }),
            "heed::gradients_across: a batch has 0 pieces; it must have one at least");
}

}  // namespace

int main(int arguments, char** argument) { return ranks::run_all(arguments, argument); }
