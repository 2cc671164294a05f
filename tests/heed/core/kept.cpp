// SPDX-License-Identifier: MIT
// A temporary is taken over without a copy of its elements; what has a name is referred to.
#include <heed/core/kept.hpp>
#include <heed/core/number_span.hpp>

#include <gtest/gtest.h>

#include <array>
#include <span>
#include <utility>
#include <vector>

namespace {

using Eigen::MatrixXf;
using Eigen::VectorXf;
using numbers = heed::detail::kept<heed::detail::number_span<double>>;

static_assert(heed::detail::owns_elements<MatrixXf> &&
              heed::detail::owns_elements<const Eigen::Vector3d&>);
static_assert(heed::detail::owns_elements<std::vector<int>> &&
              heed::detail::owns_elements<std::array<int, 3>&>);
static_assert(!heed::detail::owns_elements<Eigen::Map<MatrixXf>> &&
              !heed::detail::owns_elements<Eigen::Block<MatrixXf>>);
static_assert(!heed::detail::owns_elements<Eigen::Ref<MatrixXf>> &&
              !heed::detail::owns_elements<std::span<int>>);
static_assert(!heed::detail::owns_elements<int[3]> && !heed::detail::owns_elements<int>);

// Where a list would find its first number.
struct place {
  const void* data = nullptr;
  place() = default;
  template <class Source>
  explicit place(const Source& source) : data(source.data()) {}
};

TEST(kept, moves_the_elements_of_a_temporary) {
  std::vector<int> v{1, 2};
  VectorXf e = VectorXf::Ones(3);
  const void* of_v = v.data();
  const void* of_e = e.data();
  EXPECT_EQ(heed::detail::kept<place>(std::move(v)).data, of_v);
  EXPECT_EQ(heed::detail::kept<place>(std::move(e)).data, of_e);
}

TEST(kept, refers_to_what_has_a_name_and_to_what_is_shown) {
  std::vector<double> v{1, 2};
  const numbers named(v), shown{std::span(v)}, mapped(Eigen::Map<Eigen::Vector2d>(v.data()));
  v[1] = 7;
  EXPECT_EQ(named[1], 7);
  EXPECT_EQ(shown[1], 7);
  EXPECT_EQ(mapped[1], 7);
}

TEST(kept, outlives_the_temporary_and_its_own_copies) {
  numbers last;
  EXPECT_FALSE(last.given());
  {
    const numbers first(std::vector<double>{1, 2, 3});
    const numbers copy = first;
    last = copy;
  }
  ASSERT_EQ(last.size(), 3);
  EXPECT_EQ(last[2], 3);
}

}  // namespace
