// SPDX-License-Identifier: MIT
#include <heed/text/normal_forms.hpp>

#include <gtest/gtest.h>

#include <chrono>

namespace {

namespace text = heed::detail::text;
using form = text::normal_form;

std::string normalised(std::string t, form f) {
  text::normalise(t, f);
  return t;
}

// The examples of Unicode's annex 15, its figures 3 to 6.
TEST(NormalForms, AreThoseOfTheAnnex) {
  EXPECT_EQ(normalised("\u212B", form::nfd), "A\u030A");
  EXPECT_EQ(normalised("\u212B", form::nfc), "\u00C5");
  EXPECT_EQ(normalised("\u2126", form::nfc), "\u03A9");
  EXPECT_EQ(normalised("\u1E69", form::nfd), "s\u0323\u0307");
  EXPECT_EQ(normalised("\u1E0B\u0323", form::nfc), "\u1E0D\u0307");
  EXPECT_EQ(normalised("q\u0307\u0323", form::nfd), "q\u0323\u0307");
  EXPECT_EQ(normalised("\uFB01", form::nfc), "\uFB01");
  EXPECT_EQ(normalised("\uFB01", form::nfkc), "fi");
  EXPECT_EQ(normalised("2\u2075", form::nfkd), "25");
  EXPECT_EQ(normalised("\u1E9B\u0323", form::nfkc), "\u1E69");
  EXPECT_EQ(normalised("\u1E9B\u0323", form::nfc), "\u1E9B\u0323");
}

TEST(NormalForms, HangulIsComposed) {
  EXPECT_EQ(normalised("\u1100\u1161\u11A8", form::nfc), "\uAC01");
  EXPECT_EQ(normalised("\uAC00\u11A8", form::nfc), "\uAC01");
  EXPECT_EQ(normalised("\uAC01", form::nfd), "\u1100\u1161\u11A8");
}

TEST(NormalForms, WhatIsCutIntoPartsIsTheSame) {
  EXPECT_EQ(normalised("abc e\u0301 xyz \u0928\u093C e\u0301", form::nfc),
            "abc \u00E9 xyz \u0929 \u00E9");
  EXPECT_EQ(normalised("", form::nfc), "");
  EXPECT_EQ(normalised("\u0301", form::nfc), "\u0301");
  EXPECT_EQ(normalised("plain", form::nfkc), "plain");
}

// Sorting these marks pair by pair would take 10^11 steps.
TEST(NormalForms, AMegabyteOfMarksTakesNoTime) {
  std::string marks = "e";
  for (int i = 0; i < 250000; ++i) marks += i % 2 == 0 ? "\u0301" : "\u0323";
  const auto start = std::chrono::steady_clock::now();
  const std::string made = normalised(marks, form::nfc);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  EXPECT_EQ(made.substr(0, 5), "\u1EB9\u0323");
}

}  // namespace
