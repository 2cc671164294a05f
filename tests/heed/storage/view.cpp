// SPDX-License-Identifier: MIT
// Views of every kind of Eigen object that has direct access, and what is not one.
#include <heed/storage/view.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace {

using Eigen::MatrixXf;

// Each element seen through the view stands where Eigen says that it stands.
template <class Object>
void sees_each_element(const Object& object) {
  const auto v = heed::detail::view_of(object);
  ASSERT_EQ(v.rows, object.rows());
  ASSERT_EQ(v.cols, object.cols());
  for (heed::index r = 0; r < v.rows; ++r)
    for (heed::index c = 0; c < v.cols; ++c) EXPECT_EQ(&v(r, c), &object.coeffRef(r, c));
}

TEST(view, of_whatever_owns_or_maps_memory) {
  MatrixXf m = MatrixXf::Random(6, 5);
  heed::matrix<double> by_rows(3, 4);
  Eigen::Matrix<float, 2, 3> fixed;
  Eigen::ArrayXXd array(2, 5);
  Eigen::RowVectorXf row(4);
  std::vector<float> memory(60);
  using strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  sees_each_element(m);
  sees_each_element(by_rows);
  sees_each_element(fixed);
  sees_each_element(array);
  sees_each_element(row);
  sees_each_element(m.block(1, 2, 3, 2));
  sees_each_element(m.row(2));
  sees_each_element(m.col(2).tail(3));
  sees_each_element(m.transpose());
  sees_each_element(m.array());
  sees_each_element(m.diagonal());
  sees_each_element(Eigen::Map<MatrixXf, 0, strides>(memory.data(), 3, 4, strides(13, 3)));
  sees_each_element(
      Eigen::Map<heed::matrix<float>, 0, strides>(memory.data(), 3, 4, strides(13, 3)));
  sees_each_element(Eigen::Ref<MatrixXf>(m));
  sees_each_element(Eigen::Ref<MatrixXf, 0, strides>(m.middleRows(1, 2)));
}

TEST(view, writes_through_unless_the_object_is_constant) {
  MatrixXf m = MatrixXf::Zero(3, 3);
  heed::detail::view_of(m)(1, 2) = 7;
  heed::detail::view_of(m.block(0, 0, 2, 2))(1, 1) = 5;
  EXPECT_EQ(m(1, 2), 7);
  EXPECT_EQ(m(1, 1), 5);
  const MatrixXf& constant = m;
  static_assert(
      std::is_same_v<decltype(heed::detail::view_of(constant)), heed::detail::view<const float>>);
  static_assert(std::is_same_v<decltype(heed::detail::view_of(constant.row(0))),
                               heed::detail::view<const float>>);
  static_assert(
      std::is_same_v<decltype(heed::detail::view_of(m.row(0))), heed::detail::view<float>>);
  const heed::detail::view<const float> read = heed::detail::view_of(m);
  EXPECT_EQ(read(1, 2), 7);
}

TEST(view, blocks_may_be_empty) {
  MatrixXf m(3, 4);
  const auto v = heed::detail::view_of(m);
  const auto part = v.block(1, 2, 2, 2);
  EXPECT_EQ(&part(1, 1), &m(2, 3));
  EXPECT_EQ(part.rows * part.cols, 4);
  EXPECT_EQ(v.block(3, 4, 0, 0).rows, 0);
  EXPECT_EQ(heed::detail::view<float>().block(0, 0, 0, 5).cols, 5)
      << "not even a pointer is needed";
}

// What a call takes for storage, for memory to write to, and for neither.
static_assert(heed::detail::storage<Eigen::Ref<const MatrixXf>>);
static_assert(!heed::detail::writable<Eigen::Ref<const MatrixXf>>);
static_assert(heed::detail::writable<Eigen::Ref<MatrixXf>&>);
static_assert(heed::detail::writable<Eigen::Block<MatrixXf>>);
static_assert(!heed::detail::writable<Eigen::Block<const MatrixXf>>);
static_assert(!heed::detail::writable<const MatrixXf&>);
static_assert(!heed::detail::writable<Eigen::Map<const MatrixXf>>);
static_assert(!heed::detail::storage<decltype(2 * MatrixXf())>);
static_assert(!heed::detail::storage<decltype(MatrixXf() + MatrixXf())>);
static_assert(!heed::detail::storage<decltype(MatrixXf::Zero(1, 1))>);
static_assert(!heed::detail::storage<decltype(MatrixXf().colwise().reverse())>);
static_assert(!heed::detail::storage<float> && !heed::detail::eigen_object<std::vector<float>>);

}  // namespace
