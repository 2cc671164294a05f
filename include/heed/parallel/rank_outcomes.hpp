// SPDX-License-Identifier: MIT
// How all ranks fared. A rank whose rule throws goes on sending what others wait for, and tells them in the
// end, so that none hangs.
//
//   rank_outcomes outcomes(ranks, "heed::attention");
//   outcomes.attempt([&] { work(); });  // keeps what it throws
//   outcomes.agree(false);              // throws it here, and a rank_error with its text elsewhere
#pragma once

#include <heed/parallel/agreement.hpp>     // short_text
#include <heed/parallel/communicator.hpp>  // communicator, rank_error

#include <exception>  // exception_ptr
#include <string>     // string
#include <vector>     // vector

namespace heed {
inline namespace HEED_ABI {
namespace detail {

class rank_outcomes {
 public:
  rank_outcomes(const communicator& ranks, const char* verb) : ranks_(ranks), verb_(verb) {}

  [[nodiscard]] bool failed() const { return own_.failed != 0; }

  // Does some work unless this rank has failed already.
  template <class Work>
  void attempt(const Work& work) {
    if (failed()) return;
#if HEED_HAS_EXCEPTIONS
    try {
      work();
    } catch (const std::exception& error) {
      keep(error.what());
    } catch (...) {
      keep("an exception that is no std::exception");
    }
#else
    work();
#endif
  }

  // Throws on all ranks if one failed; else says whether `flag` is true on any. Collective.
  bool agree(bool flag) {
    own_.flag = flag ? 1 : 0;
    const std::vector<outcome> all = ranks_.all_gather(own_);
#if HEED_HAS_EXCEPTIONS
    if (thrown_) std::rethrow_exception(thrown_);
#endif
    bool any = false;
    for (std::size_t rank = 0; rank < all.size(); ++rank) {
      require<rank_error>(all[rank].failed == 0, verb_, ": rank ", rank, " of ", all.size(),
                          " failed: ", all[rank].why.text());
      any = any || all[rank].flag != 0;
    }
    return any;
  }

 private:
  struct outcome {
    char failed = 0;
    char flag = 0;
    short_text<256> why;
  };

  void keep(const char* why) {
    own_.failed = 1;
    own_.why = short_text<256>(why);
#if HEED_HAS_EXCEPTIONS
    thrown_ = std::current_exception();
#endif
  }

  const communicator& ranks_;
  const char* verb_;
  outcome own_;
  std::exception_ptr thrown_;
};

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
