// SPDX-License-Identifier: MIT
// heed's side of compare.py: attends to the matrices of a file, then times itself when told to.
//
//   benchmark_attend causal 12 12 64 1024 1 input output
//
// The rule `decode` is a single query over so many keys, which a heed::kv_cache holds; else there are
// as many queries as keys.
// The file `input` holds q, k and v one after the other, row-major float; `output` receives the
// result. Then the program prints `ready` and the instruction set that it is built for, and each line on
// standard input is a number of seconds to run for, and is answered with the median seconds of a call.
#include "support/peer_program.hpp"

#include <heed/attention.hpp>
#include <heed/cache/kv_cache.hpp>

#include <unsupported/Eigen/CXX11/ThreadPool>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using matrix = heed::matrix<float>;

struct problem {
  std::string rule;
  heed::heads heads;
  matrix q, k, v, out;
  std::optional<heed::kv_cache<float>> cache;
};

matrix read(std::istream& file, heed::index rows, heed::index cols) {
  matrix m(rows, cols);
  const auto bytes = static_cast<std::streamsize>(sizeof(float)) * m.size();
  if (!file.read(reinterpret_cast<char*>(m.data()), bytes))
    throw std::runtime_error("the input ends before " + std::to_string(bytes) +
                             " bytes of a matrix");
  return m;
}

template <class... Resources>
void attend(problem& p, const Resources&... with) {
  const auto call = [&](const auto&... rules) {
    heed::attention(p.q, p.k, p.v, p.out, p.heads, rules..., with...);
  };
  if (p.rule == "full") return call();
  if (p.rule == "causal") return call(heed::causal);
  if (p.rule == "decode")
    return heed::attention(p.q, p.cache->keys(), p.cache->values(), p.out, p.heads, heed::causal,
                           with...);
  if (p.rule == "window256") return call(heed::causal, heed::window{.left = 256});
  if (p.rule == "soft_cap") return call(heed::causal, heed::soft_cap(30));
  if (p.rule == "alibi") return call(heed::causal, heed::alibi());
  throw std::runtime_error("no rule is called " + p.rule);
}

void run(const std::vector<std::string>& words) {
  if (words.size() != 8)
    throw std::runtime_error(
        "usage: benchmark_attend RULE QUERY_HEADS KV_HEADS WIDTH ROWS THREADS IN OUT");
  const auto number = [&](std::size_t i) { return heed::index(std::stoll(words[i])); };
  const heed::index query_heads = number(1), kv_heads = number(2), width = number(3);
  const heed::index rows = number(4), queries = words[0] == "decode" ? 1 : rows;
  const int threads = std::max(1, static_cast<int>(number(5)));

  std::ifstream input(words[6], std::ios::binary);
  problem p{words[0], {query_heads, kv_heads}, {}, {}, {}, {}, {}};
  p.q = read(input, queries, query_heads * width);
  p.k = read(input, rows, kv_heads * width);
  p.v = read(input, rows, kv_heads * width);
  p.out.resize(queries, query_heads * width);
  if (p.rule == "decode") {
    p.cache.emplace(
        heed::kv_cache<float>::sizes{.capacity = rows, .heads = kv_heads, .width = width});
    p.cache->append(p.k, p.v);
  }

  Eigen::ThreadPool pool(threads - 1);  // the caller works too
  const auto call = [&] { threads == 1 ? attend(p) : attend(p, heed::on(pool)); };
  call();
  std::ofstream(words[7], std::ios::binary)
      .write(reinterpret_cast<const char*>(p.out.data()),
             static_cast<std::streamsize>(sizeof(float)) * p.out.size());
  std::cout << "ready " << support::instruction_set << std::endl;
  for (double run_for = 0; std::cin >> run_for;)
    std::cout << support::median_seconds(run_for, call) << std::endl;
}

}  // namespace

int main(int count, char** arguments) {
  return support::peer_program("benchmark_attend", count, arguments, run);
}
