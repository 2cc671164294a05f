// SPDX-License-Identifier: MIT
// The bytes of an attention page hold what heed::weights gives, within 8 bits; it is small, safe and whole.
// tests/page opens one in a browser.
#include "support/bert_folder.hpp"
#include "support/bytes.hpp"
#include "support/refusal.hpp"

#include <heed/model/decoder.hpp>
#include <heed/text/attention_page.hpp>
#include <heed/text/text_encoder.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace {

using heed::attention_page;
using heed::index;
using heed::matrix;
using heed::detail::base64;
using heed::detail::sparse_rows;
using support::refusal;

double probability(char byte) {
  const double root = static_cast<unsigned char>(byte) / 255.;
  return root * root;
}

// What the page's script reads: (queries, keys), and what is left out of each row.
struct decoded {
  matrix<double> weights;
  std::vector<double> others;
};
decoded decode(const std::string& bytes, index n) {
  decoded d{matrix<double>::Zero(n, n), {}};
  std::size_t at = 0;
  for (index row = 0; row < n; ++row) {
    const int count = static_cast<unsigned char>(bytes.at(at++));
    d.others.push_back(probability(bytes.at(at++)));
    index key = 0;
    for (int e = 0; e < count; ++e) {
      for (index unit = 1;; unit *= 128) {
        const index digit = static_cast<unsigned char>(bytes.at(at++));
        key += digit % 128 * unit;
        if (digit < 128) break;
      }
      d.weights(row, key) = probability(bytes.at(at++));
    }
  }
  EXPECT_EQ(at, bytes.size());
  return d;
}

TEST(attention_page, base64_by_hand) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("M"), "TQ==");
  EXPECT_EQ(base64("Ma"), "TWE=");
  EXPECT_EQ(base64("Man"), "TWFu");
  EXPECT_EQ(base64("\xFF\xFE\xFD\xFC"), "//79/A==");
}

TEST(attention_page, bytes_by_hand) {
  matrix<float> w = matrix<float>::Zero(2, 300);
  w(0, 0) = 1;
  w(1, 2) = 0.25F;    // 127.5 of 255
  w(1, 298) = 0.64F;  // 204; 296 behind: 40 + 2 * 128
  w(1, 299) = 0.04F;  // 51
  const sparse_rows rows(w);
  EXPECT_EQ(rows.bytes(64), std::string("\1\0\0\xFF\3\0\2\x80\xA8\2\xCC\1\x33", 13));
  EXPECT_EQ(rows.bytes(2), std::string("\1\0\0\xFF\2\x33\2\x80\xA8\2\xCC", 11));
}

TEST(attention_page, holds_the_weights_of_a_model) {
  const heed::decoder<float> model({.vocabulary = 10, .model = 16, .layers = 2, .heads = 4});
  std::vector<index> ids;
  std::vector<std::string> texts;
  for (index i = 0; i < 150; ++i) {
    ids.push_back(i * i % 10);
    texts.push_back(std::to_string(ids.back()));
  }
  std::vector<matrix<float>> seen;
  attention_page page(texts, {ids}, {.title = "digits"});
  (void)model.hidden(ids, heed::observe_weights([&](index layer, const auto& w) {
                       seen.emplace_back(w);
                       page(layer, w);
                     }));
  const std::string html = page.html();
  for (index layer = 0; layer < 2; ++layer) {
    std::size_t at = html.find("id=\"layer-" + std::to_string(layer) + "\">\n");
    ASSERT_NE(at, std::string::npos);
    for (index head = 0; head < 4; ++head) {
      at = html.find('\n', at) + 1;
      const auto w = seen[std::size_t(layer)].middleRows(head * 150, 150);
      const std::string bytes = sparse_rows(w).bytes(64);
      EXPECT_EQ(html.substr(at, base64(bytes).size() + 1), base64(bytes) + '\n');
      const decoded d = decode(bytes, 150);
      for (index i = 0; i < 150; ++i) {
        double left_out = 0;
        for (index j = 0; j < 150; ++j) {
          const double p = static_cast<double>(w(i, j));
          if (d.weights(i, j) > 0)
            EXPECT_NEAR(d.weights(i, j), p, std::sqrt(p) / 255 + 4e-6) << i << ' ' << j;
          else
            left_out += p;
        }
        EXPECT_NEAR(d.others[std::size_t(i)], left_out, std::sqrt(left_out) / 255 + 4e-6);
      }
    }
  }
}

// Layers of 9 heads of 512 tokens, in weights that fall off slowly.
TEST(attention_page, is_smaller_than_it_may_be) {
  constexpr index n = 512;
  std::vector<std::string> texts(n, " word");
  attention_page page(texts, {std::vector<index>(n, 1)}, {.most_bytes = 1'500'000});
  matrix<float> w = matrix<float>::Zero(9 * n, n);
  for (index row = 0; row < w.rows(); ++row) {
    const index i = row % n;
    for (index j = 0; j <= i; ++j) w(row, j) = 1 / float(3 + (i * 7 + j * 13 + row / n) % 50);
    w.row(row) /= w.row(row).sum();
  }
  for (index layer = 0; layer < 3; ++layer) page(layer, w);
  EXPECT_GT(page.html().size(), 1'000'000U);
  for (index layer = 3; layer < 9; ++layer) page(layer, w);
  EXPECT_LE(page.html().size(), 1'500'000U);
  EXPECT_GT(page.html().size(), 1'200'000U);
}

TEST(attention_page, lets_no_text_become_markup) {
  attention_page page({"</script><b>", "\"\\\n&", "\xFF"}, {{1, 2, 3}},
                      {.title = "<i>", .model = "a&b"});
  page(0, matrix<float>::Identity(3, 3).eval());
  const std::string html = page.html();
  EXPECT_EQ(html.find("</script><b>"), std::string::npos);
  EXPECT_NE(html.find("[\"\\u003c/script\\u003e\\u003cb\\u003e\",\"\\u0022\\u005c\\u000a\\u0026\","
                      "\"\xEF\xBF\xBD\"]"),
            std::string::npos);
  EXPECT_EQ(html.find("<u>"), std::string::npos);
  EXPECT_NE(html.find("\"model\": \"a\\u0026b\""), std::string::npos);
  EXPECT_EQ(html.find("http"), std::string::npos);  // nothing is fetched
}

// Of an encoder: words and their pieces as they are read, and which tokens are special.
TEST(attention_page, of_a_text_encoder) {
  const support::temporary_folder folder;
  support::write_bert(
      folder.path(),
      heed::encoder<float>(
          {.vocabulary = 9, .positions = 16, .types = 2, .model = 8, .layers = 2, .heads = 2}));
  std::ofstream(folder.path() / "vocab.txt")
      << "[PAD]\n[UNK]\n[CLS]\n[SEP]\nthe\ncat\n##s\nsat\n.\n";
  const heed::text_encoder encode = heed::load_text_encoder(folder.path());
  const std::vector<index> ids = encode.ids("the cats sat.");
  attention_page page(*encode.tokens, ids);
  (void)encode.hidden(ids, heed::observe_weights(page));
  const std::string html = page.html();
  EXPECT_NE(html.find("\"tokens\": [\"[CLS]\",\" the\",\" cat\",\"s\",\" sat\",\".\",\" [SEP]\"],\n"
                      "\"special\": [0,6]"),
            std::string::npos)
      << html.substr(html.find("\"tokens\""), 120);
  EXPECT_NE(html.find("id=\"layer-1\""), std::string::npos);
}

TEST(attention_page, writes_a_whole_file_or_none) {
  attention_page page({"a"}, {{1}});
  page(0, matrix<float>::Identity(1, 1).eval());
  const std::string path = testing::TempDir() + "attention_page.html";
  page.write(path);
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  EXPECT_EQ(text.str(), page.html());
  const std::string nowhere = testing::TempDir() + "no/such/folder.html";
  EXPECT_EQ(refusal<heed::file_error>([&] { page.write(nowhere); }),
            nowhere + ": cannot be written: No such file or directory");
}

TEST(attention_page, refuses_what_does_not_fit) {
  attention_page page({"a", "b"}, {{1, 2}});
  EXPECT_EQ(refusal([&] { page(0, matrix<float>::Zero(4, 3).eval()); }),
            "heed::attention_page: layer 0 has weights of 4x3, but the page has 2 tokens and "
            "awaits layer 0");
  EXPECT_EQ(refusal([&] { page(1, matrix<float>::Zero(4, 2).eval()); }),
            "heed::attention_page: layer 1 has weights of 4x2, but the page has 2 tokens and "
            "awaits layer 0");
  EXPECT_EQ(refusal([] {
              attention_page({"a", "b"}, {{1}});
            }),
            "heed::attention_page: there are 2 texts, but 1 ids");
  EXPECT_EQ(refusal<std::length_error>(
                [] { attention_page(std::vector<std::string>(4097), {std::vector<index>(4097)}); }),
            "heed::attention_page: there are 4097 tokens, but a page shows 4096 at most");
}

}  // namespace
