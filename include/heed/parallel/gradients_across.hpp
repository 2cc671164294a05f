// SPDX-License-Identifier: MIT
// Learning on several processes: the gradients of all pieces of a batch, summed in an order that does not depend
// on the number of ranks.
//
//   heed::gradients_across<float> sum(ranks, 8);  // the batch of a step is 8 pieces
//   for (heed::index piece = sum.own().first; piece < sum.own().last; ++piece) {
//     heed::set_zero(derivatives);
//     const auto loss = heed::loss_and_gradient(gpt, batch_of(piece), 1.0 / tokens, kept, gradient);
//     sum.add(derivatives, loss.sum);
//   }
//   const double loss = sum.finish(derivatives);  // of all pieces, the same bits on every rank
#pragma once

#include <heed/model/backward/parameters.hpp>  // parameter_list
#include <heed/parallel/communicator.hpp>      // communicator
#include <heed/parallel/row_split.hpp>         // rows_of_rank
#include <heed/parallel/tree_of_sums.hpp>      // tree_of_sums

#include <algorithm>  // copy_n, min
#include <utility>    // move
#include <vector>     // vector

namespace heed {
inline namespace HEED_ABI {

// The sum of one step. Pieces are the leaves of a binary tree, ((0 + 1) + (2 + 3)) + ...; each rank sums what
// of the tree is its own, and each is sent a share of the numbers of all others' sums to finish, and sends it
// to all: twice the gradient in all, where the pieces divide evenly among a power of two of ranks. Holds a
// gradient for each level of the tree. All ranks call with as many pieces and parameters of the same sizes.
template <class Scalar>
class gradients_across {
 public:
  gradients_across(MPI_Comm comm, index pieces) : ranks_(comm), pieces_(pieces), sums_(pieces) {
    detail::require(pieces >= 1, "heed::gradients_across: a batch has ", pieces,
                    " pieces; it must have one at least");
    next_ = own().first;
  }

  // The pieces of this rank, which it adds in this order; none where there are more ranks than pieces.
  [[nodiscard]] interval own() const { return of(ranks_.rank()); }

  // The gradient of the next piece, and its loss. Throws shape_error behind the last.
  void add(const parameter_list<Scalar>& gradient, double loss = 0) {
    detail::require(next_ < own().last, "heed::gradients_across: rank ", ranks_.rank(), " has ",
                    own().size(), " pieces and adds one more");
    std::vector<Scalar> numbers;
    for (const named_parameter<Scalar>& p : gradient)
      numbers.insert(numbers.end(), p.data, p.data + p.size());
    sums_.push({0, next_++}, std::move(numbers));
    losses_.push_back(loss);
  }

  // Writes the sum of all pieces of all ranks, and gives that of their losses. Collective. Throws shape_error
  // on every rank where one has not added all of its pieces, or they differ in numbers.
  double finish(const parameter_list<Scalar>& gradient) {
    index size = 0;
    for (const named_parameter<Scalar>& p : gradient) size += p.size();
    check(size);
    std::size_t at = 0;  // parameter, and its number, that is written next
    index within = 0;
    for (index first = 0; first < size; first += numbers_at_once) {
      const std::vector<Scalar> sum = sum_of(first, (std::min)(numbers_at_once, size - first));
      for (std::size_t i = 0; i < sum.size();) {
        const named_parameter<Scalar>& p = gradient[at];
        const index count = (std::min)(p.size() - within, static_cast<index>(sum.size() - i));
        std::copy_n(sum.data() + i, count, p.data + within);
        i += static_cast<std::size_t>(count);
        within += count;
        if (within == p.size()) ++at, within = 0;
      }
    }
    return sum_of_losses();
  }

 private:
  static constexpr index numbers_at_once = 1 << 22;

  [[nodiscard]] interval of(index rank) const {
    const auto rows = rows_of_rank(pieces_, rank, ranks_.size());
    return rows.empty() ? interval{} : rows.front();
  }

  void check(index size) const {
    struct facts {
      index pieces, numbers, missing, bytes;
    };
    const std::vector<facts> all =
        ranks_.all_gather(facts{pieces_, size, own().last - next_, index(sizeof(Scalar))});
    for (std::size_t r = 0; r < all.size(); ++r) {
      detail::require(all[r].missing == 0, "heed::gradients_across: rank ", r,
                      " has not added the last ", all[r].missing, " of its pieces");
      detail::require(all[r].pieces == all[0].pieces && all[r].numbers == all[0].numbers,
                      "heed::gradients_across: rank ", r, " sums ", all[r].numbers, " numbers of ",
                      all[r].pieces, " pieces, and rank 0 ", all[0].numbers, " of ", all[0].pieces);
      detail::require(all[r].bytes == all[0].bytes, "heed::gradients_across: rank ", r,
                      " sums numbers of ", all[r].bytes, " bytes, and rank 0 of ", all[0].bytes);
    }
  }

  // The tree's nodes that a rank has, without their numbers.
  [[nodiscard]] std::vector<typename detail::tree_of_sums<Scalar>::node> nodes_of(
      index rank) const {
    detail::tree_of_sums<Scalar> tree(pieces_);
    for (index i = of(rank).first; i < of(rank).last; ++i) tree.push({0, i}, {});
    return tree.nodes();
  }

  // Some numbers of the sum of all: each rank finishes a share of them.
  std::vector<Scalar> sum_of(index first, index count) const {
    const auto share = [&](index rank) {
      return interval{count * rank / ranks_.size(), count * (rank + 1) / ranks_.size()};
    };
    const interval mine = share(ranks_.rank());
    std::vector<Scalar> sent;
    detail::message_plan out(ranks_.size()), in(ranks_.size()), whole(ranks_.size());
    constexpr index bytes = sizeof(Scalar);
    for (index r = 0; r < ranks_.size(); ++r) {
      const interval theirs = share(r);
      for (const auto& node : sums_.nodes())
        sent.insert(sent.end(), node.numbers.begin() + first + theirs.first,
                    node.numbers.begin() + first + theirs.last);
      out.add(theirs.size() * static_cast<index>(sums_.nodes().size()) * bytes);
      in.add(mine.size() * static_cast<index>(nodes_of(r).size()) * bytes);
      whole.add(theirs.size() * bytes);
    }
    std::vector<Scalar> come(static_cast<std::size_t>(in.bytes() / bytes));
    detail::require_mpi(
        MPI_Alltoallv(sent.data(), out.counts.data(), out.places.data(), MPI_BYTE, come.data(),
                      in.counts.data(), in.places.data(), MPI_BYTE, ranks_.handle()),
        "MPI_Alltoallv");
    detail::tree_of_sums<Scalar> tree(pieces_);
    auto at = come.begin();
    for (index r = 0; r < ranks_.size(); ++r)
      for (const auto& node : nodes_of(r)) {
        tree.push(node.place, std::vector<Scalar>(at, at + mine.size()));
        at += mine.size();
      }
    std::vector<Scalar> all(static_cast<std::size_t>(count));
    detail::require_mpi(
        MPI_Allgatherv(tree.nodes().front().numbers.data(),
                       detail::message_size(mine.size() * bytes), MPI_BYTE, all.data(),
                       whole.counts.data(), whole.places.data(), MPI_BYTE, ranks_.handle()),
        "MPI_Allgatherv");
    return all;
  }

  // In the order of pieces.
  double sum_of_losses() const {
    detail::message_plan in(ranks_.size());
    constexpr index bytes = sizeof(double);
    for (index r = 0; r < ranks_.size(); ++r) in.add(of(r).size() * bytes);
    std::vector<double> all(static_cast<std::size_t>(pieces_));
    detail::require_mpi(
        MPI_Allgatherv(losses_.data(), detail::message_size(own().size() * bytes), MPI_BYTE,
                       all.data(), in.counts.data(), in.places.data(), MPI_BYTE, ranks_.handle()),
        "MPI_Allgatherv");
    double sum = 0;
    for (const double loss : all) sum += loss;
    return sum;
  }

  detail::communicator ranks_;
  index pieces_;
  index next_ = 0;
  detail::tree_of_sums<Scalar> sums_;
  std::vector<double> losses_;
};

}  // namespace HEED_ABI
}  // namespace heed
