// SPDX-License-Identifier: MIT
// The modifier that makes a call of heed::attention one of several processes.
//
//   // rank r holds rows heed::rows_of_rank(n, r, ranks, heed::zigzag) of q, k and v
//   heed::attention(q, k, v, out, heed::causal, heed::across(MPI_COMM_WORLD, heed::zigzag));
#pragma once

#include <heed/core/concepts.hpp>       // setting_kind
#include <heed/parallel/row_split.hpp>  // split

#include <mpi.h>  // MPI_Comm

#include <string_view>  // string_view
#include <type_traits>  // remove_cvref_t

namespace heed {
inline namespace HEED_ABI {

namespace detail {
template <class Scalar>
struct settings;
}

// What a call across ranks has cost this rank.
struct traffic {
  double seconds = 0;          // in all
  double waiting_seconds = 0;  // of these, in which it waited for others
  double bytes_sent = 0;
  double bytes_received = 0;
  index blocks_received = 0;
  index blocks_left_out = 0;  // of all blocks of keys, those that a mask excludes for this rank
  index bytes_held = 0;       // of keys and values on their way
};

struct across_options {
  index block_rows = 512;  // rows of k and v that travel together: a multiple of 512 is best
  traffic* report = nullptr;
};

// Each rank of the communicator holds its own rows of q, k, v and out, and of the matrices of bias, keep
// and log_sum_exp, which have the rows of q and a column for each of all keys. All else is the same on
// every rank: heads, rules, packed offsets and documents' ids, which count all rows. All ranks of `comm`
// call. Ranks may hold any number of rows, none too; `how` says in which order they follow one another.
struct across {
  using heed_kind = setting_kind;
  static constexpr std::string_view setting_name = "across";

  MPI_Comm comm;
  split how;
  across_options options;

  explicit across(MPI_Comm ranks, split order = split::in_order, across_options given = {})
      : comm(ranks), how(order), options(given) {}
  across(MPI_Comm ranks, across_options given) : across(ranks, split::in_order, given) {}

  template <class Scalar>
  void apply(detail::settings<Scalar>&) const {}
};

// Each rank of the communicator holds all of q and its own rows of k and v; each gets all of out. So few
// queries attend to a long cache whose parts lie on several machines: what travels are sums, not keys.
struct across_keys : across {
  using across::across;
};

namespace detail {

template <class Modifier>
inline constexpr bool is_across = std::is_same_v<std::remove_cvref_t<Modifier>, across>;
template <class Modifier>
inline constexpr bool is_across_keys = std::is_same_v<std::remove_cvref_t<Modifier>, across_keys>;

// Whether a call with these modifiers is one of several processes.
template <class... Modifiers>
concept of_several_ranks = (false || ... || (is_across<Modifiers> || is_across_keys<Modifiers>));

// The modifier that says so.
template <class First, class... Others>
const across& across_of(const First& first, const Others&... others) {
  if constexpr (is_across<First> || is_across_keys<First>)
    return first;
  else
    return across_of(others...);
}

}  // namespace detail

}  // namespace HEED_ABI
}  // namespace heed
