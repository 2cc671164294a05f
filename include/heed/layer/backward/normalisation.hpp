// SPDX-License-Identifier: MIT
// The gradients of layer_norm and rms_norm.
//
//   heed::backward(norm, x, d_y, d_x, gradient);  // d_x: (tokens, model), added to
#pragma once

#include <heed/layer/backward/saved.hpp>  // in_blocks
#include <heed/layer/normalisation.hpp>   // normalisation, layer_norm, rms_norm

#include <vector>  // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// y = n weight + bias with n = (x - mean) factor, for each part of a row. `mean_varies`: 1 where mean
// is that of the row, 0 where it is 0 for all rows.
template <class Scalar>
struct norm_backward {
  const char* name;
  const Eigen::Matrix<Scalar, 1, Eigen::Dynamic>& weight;
  index parts;  // of the weight, each of which is normed by itself
  double mean_varies;
  view<const Scalar> x, d_y;

  index width() const { return weight.size() / parts; }
  index parts_of_row() const { return x.cols / width(); }

  void check(const view<Scalar>& d_x, index d_weight, index d_bias) const {
    require(weight.size() > 0 && x.cols % weight.size() == 0, name, ": x is ", x,
            ", but the weight has ", weight.size(), " numbers");
    check_size(name, "d_y", d_y, {x.rows, x.cols});
    check_size(name, "d_x", d_x, {x.rows, x.cols});
    for (const index size : {d_weight, d_bias})
      require(size == 0 || size == weight.size(), name, ": a gradient has ", size,
              " numbers, but the weight has ", weight.size());
  }

  // The statistics of every part of every row, and d_x.
  template <class Statistics>
  std::vector<row_statistics> rows(const Statistics& statistics_of, const view<Scalar>& d_x,
                                   const executor& on) const {
    std::vector<row_statistics> all(static_cast<std::size_t>(x.rows * parts_of_row()));
    in_blocks(on, x.rows, rows_of_block, [&](index first, index count) {
      for (index row = first; row < first + count; ++row)
        for (index p = 0; p < parts_of_row(); ++p) {
          row_statistics& s = all[static_cast<std::size_t>(row * parts_of_row() + p)];
          s = statistics_of(x.block(row, p * width(), 1, width()));
          add_row(row, p, s, d_x);
        }
    });
    return all;
  }

  // With g = d_y weight: d_x += factor (g - mean(g) - n mean(g n)); the mean of x is 0 in rms_norm and no
  // derivative goes through it, so the term mean(g) is left out there.
  void add_row(index row, index p, const row_statistics& s, const view<Scalar>& d_x) const {
    const index first = p * width(), part = first % weight.size();
    double sum = 0, along = 0;
    for (index i = 0; i < width(); ++i) {
      const double g =
          static_cast<double>(d_y(row, first + i)) * static_cast<double>(weight[part + i]);
      const double n = (static_cast<double>(x(row, first + i)) - s.mean) * s.factor;
      sum += g;
      along += g * n;
    }
    const double mean = mean_varies * sum / static_cast<double>(width());
    along /= static_cast<double>(width());
    for (index i = 0; i < width(); ++i) {
      const double g =
          static_cast<double>(d_y(row, first + i)) * static_cast<double>(weight[part + i]);
      const double n = (static_cast<double>(x(row, first + i)) - s.mean) * s.factor;
      d_x(row, first + i) += static_cast<Scalar>(s.factor * (g - mean - n * along));
    }
  }

  // d_weight(i) += the sum of d_y n over the rows, d_bias(i) += that of d_y.
  void weights(const std::vector<row_statistics>& all, Scalar* d_weight, Scalar* d_bias,
               const executor& on) const {
    in_blocks(on, weight.size(), columns_of_block, [&](index first, index count) {
      double by[columns_of_block] = {}, plain[columns_of_block] = {};
      const auto add = [&](index row, index column, index i, const row_statistics& s) {
        const auto d = static_cast<double>(d_y(row, column));
        by[i] += d * (static_cast<double>(x(row, column)) - s.mean) * s.factor;
        plain[i] += d;
      };
      for (index row = 0; row < x.rows; ++row) {
        const row_statistics* const s = &all[static_cast<std::size_t>(row * parts_of_row())];
        if (parts_of_row() == 1)
          for (index i = 0; i < count; ++i) add(row, first + i, i, *s);
        else
          for (index from = first; from < x.cols; from += weight.size())
            for (index i = 0; i < count; ++i) add(row, from + i, i, s[(from + i) / width()]);
      }
      for (index i = 0; i < count; ++i) {
        if (d_weight != nullptr) d_weight[first + i] += static_cast<Scalar>(by[i]);
        if (d_bias != nullptr) d_bias[first + i] += static_cast<Scalar>(plain[i]);
      }
    });
  }
};

// The numbers of a vector that has any, or nothing.
template <class Vector>
auto* numbers_or_null(Vector& v) {
  return v.size() > 0 ? v.data() : nullptr;
}

}  // namespace detail

template <class Scalar, class X, class DY, class DX>
void backward(const layer_norm<Scalar>& norm, const X& x, const DY& d_y, DX&& d_x,
              layer_norm<Scalar>& gradient, const executor& on = {}) {
  // y = (x - mean) / sqrt(variance + epsilon) * weight + bias
  const detail::norm_backward<Scalar> call{"heed::backward of layer_norm",
                                           norm.weight,
                                           norm.parts,
                                           1,
                                           detail::view_of(x),
                                           detail::view_of(d_y)};
  const detail::view<Scalar> to = detail::view_of(d_x);
  call.check(to, gradient.weight.size(), gradient.bias.size());
  const auto all =
      call.rows([&](const auto& row) { return norm.template statistics_of<1>(row)[0]; }, to, on);
  call.weights(all, detail::numbers_or_null(gradient.weight),
               detail::numbers_or_null(gradient.bias), on);
}

template <class Scalar, class X, class DY, class DX>
void backward(const rms_norm<Scalar>& norm, const X& x, const DY& d_y, DX&& d_x,
              rms_norm<Scalar>& gradient, const executor& on = {}) {
  // y = x / sqrt(mean(x²) + epsilon) * weight
  const detail::norm_backward<Scalar> call{"heed::backward of rms_norm", norm.weight,         1, 0,
                                           detail::view_of(x),           detail::view_of(d_y)};
  const detail::view<Scalar> to = detail::view_of(d_x);
  call.check(to, gradient.weight.size(), 0);
  const auto all =
      call.rows([&](const auto& row) { return norm.template statistics_of<1>(row)[0]; }, to, on);
  call.weights(all, detail::numbers_or_null(gradient.weight), nullptr, on);
}

// Of whichever it is; of none, d_x += d_y. The gradient must be of the same kind.
template <class Scalar, class X, class DY, class DX>
void backward(const normalisation<Scalar>& norm, const X& x, const DY& d_y, DX&& d_x,
              normalisation<Scalar>& gradient, const executor& on = {}) {
  detail::require(norm.index() == gradient.index(),
                  "heed::backward of normalisation: the gradient is of another kind of norm");
  if (const auto* const by_mean = std::get_if<layer_norm<Scalar>>(&norm))
    return backward(*by_mean, x, d_y, d_x, std::get<layer_norm<Scalar>>(gradient), on);
  if (const auto* const by_square = std::get_if<rms_norm<Scalar>>(&norm))
    return backward(*by_square, x, d_y, d_x, std::get<rms_norm<Scalar>>(gradient), on);
  d_x += d_y;
}

namespace detail {

// y = norm(x), block of rows by block of rows; each row has the bits that `normalise` gives it.
template <class Scalar, class X, class Y>
void normalise_on(const executor& on, const normalisation<Scalar>& norm, const X& x, Y& y) {
  in_blocks(on, x.rows(), rows_of_block, [&](index first, index count) {
    normalise(norm, x.middleRows(first, count), y.middleRows(first, count));
  });
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
