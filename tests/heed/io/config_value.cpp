// SPDX-License-Identifier: MIT
#include <heed/io/config_value.hpp>

#include <gtest/gtest.h>

namespace heed::detail {
namespace {

using list = config_value::list;
using object = config_value::object;

TEST(ConfigValue, IsSaidInWords) {
  EXPECT_EQ(described({}), "null");
  EXPECT_EQ(described({true}), "true");
  EXPECT_EQ(described({std::int64_t(-12)}), "-12");
  EXPECT_EQ(described({~std::uint64_t(0)}), "18446744073709551615");
  EXPECT_EQ(described({0.5}), "0.5");
  EXPECT_EQ(described({std::string("a\tb")}), "\"a?b\"");
  EXPECT_EQ(described({list{{}, {}}}), "a list of 2");
  EXPECT_EQ(described({object{}}), "an object");
}

TEST(ConfigValue, NumbersAreReadAsOthersWhereNothingIsLost) {
  EXPECT_EQ(value_as<double>({std::int64_t(3)}), 3.0);
  EXPECT_EQ(value_as<double>({std::uint64_t(1) << 63}), 9223372036854775808.0);
  EXPECT_EQ(value_as<std::int64_t>({-4.0}), -4);
  EXPECT_EQ(value_as<std::int64_t>({4.5}), std::nullopt);
  EXPECT_EQ(value_as<std::int64_t>({1e17}), std::nullopt);
  EXPECT_EQ(value_as<std::int64_t>({true}), std::nullopt);
  EXPECT_EQ(value_as<bool>({std::int64_t(1)}), std::nullopt);
  EXPECT_EQ(value_as<std::string>({std::int64_t(1)}), std::nullopt);
}

TEST(ConfigValue, FieldsAreFoundByName) {
  object fields = {{"c", {3.0}}, {"a", {1.0}}, {"b", {2.0}}};
  EXPECT_EQ(sort_fields(fields), nullptr);
  ASSERT_NE(find_field(fields, "b"), nullptr);
  EXPECT_EQ(find_field(fields, "b"), &fields[1]);
  EXPECT_EQ(find_field(fields, "bb"), nullptr);
  EXPECT_EQ(find_field({}, "a"), nullptr);
  fields.push_back({"b", {}});
  const config_field* twice = sort_fields(fields);
  ASSERT_NE(twice, nullptr);
  EXPECT_EQ(twice->name, "b");
}

}  // namespace
}  // namespace heed::detail
