// SPDX-License-Identifier: MIT
// What an argument can be: Eigen storage with direct access, or a modifier of the call.
//
//   static_assert(heed::storage<Eigen::MatrixXf>);
//   static_assert(!heed::storage<decltype(2 * Eigen::MatrixXf())>);  // it owns no memory
#pragma once

#include <heed/core/types.hpp>  // Eigen

#include <concepts>     // same_as
#include <type_traits>  // remove_cvref_t

namespace heed {
inline namespace HEED_ABI {

namespace detail {

// Declared and never defined: the concepts below test whether a call of these functions compiles.
template <class Derived>
void take_eigen_object(const Eigen::EigenBase<Derived>&);
template <class Derived>
void take_owner(const Eigen::PlainObjectBase<Derived>&);

// Any Eigen matrix or array, expressions included.
template <class T>
concept eigen_object = requires(const std::remove_cvref_t<T>& object) {
  detail::take_eigen_object(object);
};

// An Eigen object that owns its coefficients: a matrix or an array.
template <class T>
concept eigen_owner = requires(const std::remove_cvref_t<T>& object) {
  detail::take_owner(object);
};

// An Eigen object whose coefficients lie in memory: matrix, array, Map, Ref, block, transpose.
template <class T>
concept storage = eigen_object<T> && requires(const std::remove_cvref_t<T>& object) {
  object.rowStride();
  object.colStride();
  object.data();
} &&(int(std::remove_cvref_t<T>::Flags) & int(Eigen::DirectAccessBit)) != 0;

// Storage that may be written to.
template <class T>
concept writable = storage<T> && !std::is_const_v<std::remove_reference_t<T>> &&
                   (int(std::remove_cvref_t<T>::Flags) & int(Eigen::LvalueBit)) != 0;

// The scalar of an Eigen object, whatever its qualifiers.
template <class Object>
using scalar_of = typename std::remove_cvref_t<Object>::Scalar;

// The scalar of an Eigen object, const if the object may only be read.
template <class Object>
using element_of = std::conditional_t<writable<Object>, scalar_of<Object>, const scalar_of<Object>>;

// storage_of: storage whose scalar is Scalar. writable_of: such storage that may be written to.
template <class Object, class Scalar>
concept storage_of = storage<Object> && std::is_same_v<scalar_of<Object>, Scalar>;
template <class Object, class Scalar>
concept writable_of = writable<Object> && storage_of<Object, Scalar>;

}  // namespace detail

// Every modifier has a nested type heed_kind, which is one of these tags.
struct mask_kind {};     // which keys a query may see
struct score_kind {};    // how a score changes (FlexAttention calls it score_mod)
struct setting_kind {};  // anything else: heads, scale, outputs, scratch, executor

template <class T>
concept modifier = requires {
  typename std::remove_cvref_t<T>::heed_kind;
};

template <class T>
concept mask = modifier<T> && std::same_as<typename std::remove_cvref_t<T>::heed_kind, mask_kind>;

template <class T>
concept score_rule =
    modifier<T> && std::same_as<typename std::remove_cvref_t<T>::heed_kind, score_kind>;

template <class T>
concept setting =
    modifier<T> && std::same_as<typename std::remove_cvref_t<T>::heed_kind, setting_kind>;

}  // namespace HEED_ABI
}  // namespace heed
