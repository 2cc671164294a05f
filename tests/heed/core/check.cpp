// SPDX-License-Identifier: MIT
// Refusals: nothing where the condition holds, a sentence of all parts where it does not.
#include <heed/core/check.hpp>

#include <heed/storage/view.hpp>  // view

#include <gtest/gtest.h>

#include <string>

namespace {

template <class Error, class... Parts>
std::string sentence(const Parts&... parts) {
  try {
    heed::detail::require<Error>(false, parts...);
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(check, says_nothing_where_the_condition_holds) {
  EXPECT_NO_THROW(heed::detail::require(true, "never read"));
}

TEST(check, joins_words_numbers_and_sizes) {
  float element = 0;
  const heed::detail::view<float> matrix{&element, 5, 4, 4, 1};
  EXPECT_EQ(sentence<heed::shape_error>("q is ", matrix, ", not ", heed::index(-3), " or ", 0.25,
                                        std::string(" or so")),
            "q is 5x4, not -3 or 0.25 or so");
  EXPECT_EQ(sentence<heed::shape_error>(1e300), "1e+300");
}

TEST(check, throws_what_it_is_told) {
  EXPECT_EQ(sentence<std::out_of_range>("id ", 7), "id 7");
  EXPECT_THROW(heed::detail::require(false, "x"), std::invalid_argument) << "a shape_error is one";
}

}  // namespace
