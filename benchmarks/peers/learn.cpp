// SPDX-License-Identifier: MIT
// heed's side of learning.py: gradients of attention, or steps of a GPT, timed when told to.
//
//   benchmark_learn 2 backward 12 12 64 8192 256 input output     # threads; heads, width, rows, window or -1
//   benchmark_learn 2 step 10M_weights                            # or gpt2_small
//
// The file `input` holds q, k, v and d_out one after the other, row-major float; `output` receives d_q, d_k and
// d_v. The program prints `ready`, the instruction set that it is built for and the operations of a call. Each
// line on standard input is then a number of seconds to run for, and is answered with the median seconds of a
// call, and the floating-point operations a second of registers alone, on one thread and on all at once.
#include "support/backward_data.hpp"
#include "support/learner.hpp"
#include "support/peer_program.hpp"

#include <unsupported/Eigen/CXX11/ThreadPool>

#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using words = std::vector<std::string>;
using matrix = heed::matrix<float>;

template <class Call>
void answer(int threads, double operations, const Call& call) {
  call();
  std::cout << "ready " << support::instruction_set << ' ' << operations << std::endl;
  for (double run_for = 0; std::cin >> run_for;) {
    const double one = support::peak<float>(1), all = support::peak<float>(threads);
    std::cout << support::median_seconds(run_for, call) << ' ' << one << ' ' << all << std::endl;
  }
}

std::streamsize bytes_of(const matrix& m) {
  return static_cast<std::streamsize>(sizeof(float)) * m.size();
}

void backward(int threads, const words& w) {
  const auto number = [&](std::size_t i) { return heed::index(std::stoll(w.at(i))); };
  const support::attention_case c{{number(2), number(3)}, number(4), number(5), true, number(6)};
  support::backward_data data(c);
  std::ifstream input(w.at(7), std::ios::binary);
  for (matrix* m : {&data.q, &data.k, &data.v, &data.d_out})
    if (!input.read(reinterpret_cast<char*>(m->data()), bytes_of(*m)))
      throw std::runtime_error(w[7] + " ends too early");

  Eigen::ThreadPool pool(threads - 1);  // the caller works too
  heed::scratch scratch;
  const auto call = [&] { data.backward(c, heed::in(scratch), heed::on(pool)); };
  data.forward(c);
  call();
  std::ofstream output(w.at(8), std::ios::binary);
  for (const matrix* m : {&data.d_q, &data.d_k, &data.d_v})
    output.write(reinterpret_cast<const char*>(m->data()), bytes_of(*m));
  output.close();
  answer(threads, 2.5 * c.operations(), call);
}

void step(int threads, const std::string& name) {
  Eigen::ThreadPool pool(threads - 1, false);
  for (const support::gpt_case& c : support::gpt_cases)
    if (c.name == name) {
      support::learner gpt(c, heed::executor_of(pool));
      return answer(threads, gpt.operations(), [&] { gpt.step(); });
    }
  throw std::runtime_error("no GPT is called " + name);
}

void run(const words& w) {
  if (w.size() != 3 && w.size() != 9)
    throw std::runtime_error(
        "usage: benchmark_learn THREADS backward QUERY_HEADS KV_HEADS WIDTH ROWS WINDOW IN OUT, or "
        "benchmark_learn THREADS step MODEL");
  const int threads = std::stoi(w.at(0));
  if (w.at(1) == "backward")
    backward(threads, w);
  else
    step(threads, w.at(2));
}

}  // namespace

int main(int count, char** arguments) {
  return support::peer_program("benchmark_learn", count, arguments, run);
}
