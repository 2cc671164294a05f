// SPDX-License-Identifier: MIT
// The Softmax and LogSoftmax cases of ONNX: a line of scores is attention of the query 1 over the
// scores as keys of width 1, with the unit vectors as values.
#include <heed/attention.hpp>

#include "onnx_case.hpp"
#include "rounding.hpp"

namespace conformance {
namespace {

constexpr std::span<const listed_case> listed{};  // heed's public face expresses every case

using strided = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
using keys = Eigen::Map<const heed::matrix<float>, 0, strided>;

// The lines of a tensor along an axis: a first element and a stride.
struct lines {
  index length, stride, count;

  lines(const tensor& x, index axis) : length(x.extent(axis)), stride(1), count(0) {
    if (axis < 0) axis += x.rank();
    for (index i = axis + 1; i < x.rank(); ++i) stride *= x.extent(i);
    count = length == 0 ? 0 : x.size() / length;
  }
  [[nodiscard]] index first(index line) const {
    return line / stride * stride * length + line % stride;
  }
};

std::string check(const onnx_case& c, bool logarithm) {
  const tensor& x = c.input(0);
  const lines all(x, static_cast<index>(c.number("axis", -1)));
  const heed::matrix<float> one = heed::matrix<float>::Ones(1, 1);
  const heed::matrix<float> units = heed::matrix<float>::Identity(all.length, all.length);
  std::vector<float> written(static_cast<std::size_t>(x.size()));
  double largest = 0;
  for (index i = 0; i < x.size(); ++i)
    largest = std::max(largest, std::abs(static_cast<double>(x.data<float>()[i])));

  for (index line = 0; line < all.count; ++line) {
    const keys scores(x.data<float>() + all.first(line), all.length, 1, strided(all.stride, 1));
    Eigen::Map<heed::matrix<float>, 0, strided> row(written.data() + all.first(line), 1, all.length,
                                                    strided(1, all.stride));
    heed::matrix<float> lse(1, 1);
    heed::attention(one, scores, units, row, heed::scale(1), heed::log_sum_exp(lse));
    if (logarithm) row = scores.transpose().array() - lse(0, 0);
  }

  const attention_rounding r{1, all.length, largest, 1};
  const precision p = precision_of<float>;
  return difference(c.op(), Eigen::Map<heed::matrix<float>>(written.data(), 1, x.size()),
                    Eigen::Map<const heed::matrix<float>>(c.output(0).data<float>(), 1, x.size()),
                    2 * (logarithm ? r.recovered_score(p) : r.output(p)));
}

TEST(OnnxSoftmax, EveryCase) {
  run_every_case("Softmax", listed, [](const onnx_case& c) { return check(c, false); });
}

TEST(OnnxLogSoftmax, EveryCase) {
  run_every_case("LogSoftmax", listed, [](const onnx_case& c) { return check(c, true); });
}

}  // namespace
}  // namespace conformance
