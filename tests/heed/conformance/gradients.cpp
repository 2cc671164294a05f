// SPDX-License-Identifier: MIT
// Gradients that PyTorch's autograd made in double: tests/golden/make_gradients.py.
#include "support/gradients.hpp"
#include "support/data.hpp"

#include <heed/attention_backward.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace heed {
namespace {

using heed::matrix;

// Matrices of a file, one behind the other.
class numbers {
 public:
  explicit numbers(const std::string& name)
      : file_(support::golden_root() / "gradients" / (name + ".f64"), std::ios::binary) {
    EXPECT_TRUE(file_.is_open()) << name;
  }
  matrix<double> next(index rows, index cols) {
    matrix<double> m(rows, cols);
    file_.read(reinterpret_cast<char*>(m.data()), 8 * rows * cols);
    EXPECT_TRUE(file_.good());
    return m;
  }

 private:
  std::ifstream file_;
};

double difference(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
  return (a - b).cwiseAbs().maxCoeff();
}

// One case; in Scalar, to a few units of its last place.
template <class Scalar>
class golden_gradients {
 public:
  static constexpr double tolerance =
      60 * static_cast<double>(std::numeric_limits<Scalar>::epsilon());
  using c = support::gradient_case<Scalar>;
  using learned_matrix = matrix<Scalar>;

  golden_gradients(const std::string& name, const support::gradient_sizes& n,
                   index learned_rows = 0, index learned_cols = 0)
      : one{n}, file_(name) {
    read(one.q), read(one.k), read(one.v), read(one.d_out);
    learned = file_.next(learned_rows, learned_cols).template cast<Scalar>();
    d_learned = learned;
  }

  // Compares what has been computed with what follows in the file.
  void compare() { near(one.out), near(one.d_q), near(one.d_k), near(one.d_v), near(d_learned); }

  c one;
  learned_matrix learned, d_learned;

 private:
  void read(typename c::matrix& m) { m = file_.next(m.rows(), m.cols()).template cast<Scalar>(); }
  template <class Matrix>
  void near(const Matrix& is) {
    if (is.size() == 0) return;
    EXPECT_LT(difference(is.template cast<double>(), file_.next(is.rows(), is.cols())), tolerance);
  }

  numbers file_;
};

template <class Scalar>
class conformance_gradients : public testing::Test {
 protected:
  static constexpr support::gradient_sizes grouped{6, 9, 4, 2, 4, 3};

  template <class... Modifiers>
  static void same(const char* name, const support::gradient_sizes& n,
                   const Modifiers&... modifiers) {
    golden_gradients<Scalar> g(name, n);
    g.one.forward(modifiers...);
    g.one.backward(modifiers...);
    g.compare();
  }
};
using scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(conformance_gradients, scalars);

TYPED_TEST(conformance_gradients, of_scaled_dot_product_attention) {
  this->same("full", this->grouped);
  this->same("causal", this->grouped, causal);
}

TYPED_TEST(conformance_gradients, of_rules) {
  this->same("window", {70, 70, 1, 1, 4, 3}, causal && window{.left = 20});
  this->same("scale_and_soft_cap", this->grouped, scale(0.9), soft_cap(1.5));
}

TYPED_TEST(conformance_gradients, of_learned_numbers) {
  {
    golden_gradients<TypeParam> g("bias", this->grouped, 24, 9);
    g.one.forward(bias(g.learned), causal);
    g.one.backward(bias(g.learned), causal, gradient_of_bias(g.d_learned));
    g.compare();
  }
  {
    golden_gradients<TypeParam> g("shared_bias_then_soft_cap", this->grouped, 6, 9);
    g.one.forward(bias(g.learned), soft_cap(2));
    g.one.backward(bias(g.learned), soft_cap(2), gradient_of_bias(g.d_learned));
    g.compare();
  }
  {
    golden_gradients<TypeParam> g("alibi", this->grouped, 1, 4);
    g.one.forward(alibi(g.learned), causal);
    g.one.backward(alibi(g.learned), causal, gradient_of_slopes(g.d_learned));
    g.compare();
  }
  golden_gradients<TypeParam> g("sink", this->grouped, 1, 4);
  g.one.forward(sink(g.learned), causal);
  g.one.backward(sink(g.learned), causal, gradient_of_sink(g.d_learned));
  g.compare();
}

}  // namespace
}  // namespace heed
