// SPDX-License-Identifier: MIT
// The data of a modifier: an argument that is a temporary is moved in, an argument with a name is
// referred to.
//
//   heed::kept<heed::number_span<double>> own(std::vector{0.5, 0.25});  // moved in, lives as long as `own`
//   heed::kept<heed::number_span<double>> referring(slopes);            // `slopes` must outlive it
//   own[1];                                                      // 0.25
#pragma once

#include <heed/core/concepts.hpp>  // eigen_object, eigen_owner

#include <memory>   // make_shared, shared_ptr
#include <ranges>   // borrowed_range, range
#include <utility>  // as_const, forward

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// An object that holds its elements itself, as a matrix and a std::vector do; a Map, a Block or a
// std::span refers to the elements of another object.
template <class T>
concept owns_elements = eigen_owner<T> ||(!eigen_object<T> && std::ranges::range<T> &&
                                          !std::ranges::borrowed_range<std::remove_cvref_t<T>> &&
                                          !std::is_array_v<std::remove_cvref_t<T>>);

// A View of a source. If the source is a temporary that owns its elements, the source is moved into
// memory that all copies of this object share. Otherwise only the View is stored, and nothing is
// allocated.
template <class View>
class kept : public View {
 public:
  kept() = default;

  // `words` are further arguments of the View's constructor.
  template <class Source, class... Words>
  requires(!std::is_same_v<std::remove_cvref_t<Source>, kept>) explicit kept(
      Source&& source, const Words&... words) {
    View& self = *this;
    if constexpr (owns_elements<Source> && !std::is_lvalue_reference_v<Source>) {
      const auto moved =
          std::make_shared<std::remove_cvref_t<Source>>(std::forward<Source>(source));
      self = View(std::as_const(*moved), words...);
      owner_ = moved;
    } else {
      self = View(source, words...);
    }
  }

 private:
  std::shared_ptr<const void> owner_;  // owns the elements if the source was a temporary, else null
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
