// SPDX-License-Identifier: MIT
// The FlexAttention cases of ONNX's preview operators: a graph that bends scores is a heed::score.
#include "attention_item.hpp"

namespace conformance {
namespace {

constexpr listed_case listed[] = {
    {"flexattention_prob_mod",
     "prob_mod bends probabilities after the softmax; a call's rules bend scores before it"},
};

// A graph of elementwise operators on scores and constants, as a function of one score.
class elementwise {
 public:
  explicit elementwise(const json& graph) {
    places_.emplace(graph["inputs"][0]["name"].text(), 0);
    initial_.push_back(0);
    for (const json& constant : graph["initializers"].items()) {
      if (!constant["shape"].items().empty()) throw std::runtime_error("a constant is no scalar");
      places_.emplace(constant["name"].text(), initial_.size());
      initial_.push_back(constant["data"][0].number());
    }
    for (const json& node : graph["nodes"].items()) {
      step s{node["op"].text(), {}};
      for (const json& name : node["inputs"].items()) s.from.push_back(places_.at(name.text()));
      steps_.push_back(std::move(s));
      places_.emplace(node["outputs"][0].text(), initial_.size());
      initial_.push_back(0);
    }
    result_ = places_.at(graph["outputs"][0]["name"].text());
  }

  template <class Scalar>
  Scalar operator()(Scalar score) const {
    std::vector<Scalar> values(initial_.size());
    std::ranges::transform(initial_, values.begin(), [](double x) { return Scalar(x); });
    values[0] = score;
    std::size_t next = initial_.size() - steps_.size();
    for (const step& s : steps_) {
      const auto in = [&](std::size_t i) { return values[s.from.at(i)]; };
      if (s.op == "Add")
        values[next++] = in(0) + in(1);
      else if (s.op == "Sub")
        values[next++] = in(0) - in(1);
      else if (s.op == "Mul")
        values[next++] = in(0) * in(1);
      else if (s.op == "Div")
        values[next++] = in(0) / in(1);
      else if (s.op == "Tanh")
        values[next++] = std::tanh(in(0));
      else
        throw std::runtime_error("operator " + s.op + " is not elementwise here");
    }
    return values[result_];
  }

 private:
  struct step {
    std::string op;
    std::vector<std::size_t> from;
  };
  std::map<std::string, std::size_t> places_;
  std::vector<double> initial_;  // the score, constants, then a place for each step's result
  std::vector<step> steps_;
  std::size_t result_ = 0;
};

template <class Scalar>
std::string check_as(const onnx_case& c) {
  std::string problem;
  for (index number = 0; number < c.input(0).extent(0); ++number) {
    const attention_item<Scalar> item(c, number);
    const auto compare = [&](const auto&... rules) {
      problem += item.compare(c.output(0), number, item.attend(rules...).out,
                              item.textbook(rules...), item.rounding());
    };
    if (const json* graph = c.attribute("score_mod")) {
      const elementwise bent(*graph);
      compare(heed::score([&](auto s, heed::at) { return bent(s); }));
    } else {
      compare();
    }
  }
  return problem;
}

TEST(OnnxFlexAttention, EveryCase) {
  run_every_case("FlexAttention", listed, [](const onnx_case& c) {
    return c.input(0).type() == support::element::float16 ? check_as<Eigen::half>(c)
                                                          : check_as<float>(c);
  });
}

}  // namespace
}  // namespace conformance
