// SPDX-License-Identifier: MIT
// Autoregressive generation: a range of new tokens that a decoder computes one by one as the loop
// advances. If a loop is left early, a second loop continues after the last token that was read.
//
//   for (heed::index id : heed::generation(model, prompt, {.tokens = 64})) std::cout << text.decode({id});
#pragma once

#include <heed/model/decoder.hpp>   // decoder, decoder_cache
#include <heed/model/sampling.hpp>  // sampling

#include <deque>     // deque
#include <iterator>  // input_iterator_tag, default_sentinel_t
#include <limits>    // numeric_limits

namespace heed {
inline namespace HEED_ABI {

struct generate_options {
  index tokens = 256;  // the most new tokens
  std::optional<double> temperature = {};
  index top_k = 0;
  double top_p = 1;
  double min_p = 0;
  double repetition_penalty = 1;
  std::uint64_t seed = 0;
  executor on = {};              // runs GEMM and attention: heed::executor_of(pool), for example
  std::vector<index> stop = {};  // ids that end the text; such an id is the last of the range
  index prefill = 512;           // tokens of the prompt that are processed together
  // Speculative decoding of greedy text: `guess` tokens are guessed from what followed the same
  // tokens earlier in the text, and checked together. The text is the same as without guessing, bit
  // for bit; it is faster where the text repeats itself. Saxena, "Prompt Lookup Decoding", 2023;
  // Leviathan et al., "Fast Inference from Transformers via Speculative Decoding", 2022.
  index guess = 0;

  [[nodiscard]] sampling how() const {
    return {temperature, top_k, top_p, min_p, repetition_penalty, seed};
  }

  // Throws shape_error for options outside their ranges.
  void check() const {
    detail::require(tokens >= 0 && prefill > 0 && guess >= 0, "heed::generation: tokens is ",
                    tokens, ", prefill is ", prefill, ", guess is ", guess,
                    "; none may be negative, prefill not 0");
    how().check();
  }
};

namespace detail {

// Refuses prompts and options that a generation cannot use.
inline void check_prompt(const std::vector<index>& prompt, const generate_options& options) {
  require(!prompt.empty(), "heed::generation: the prompt is empty; give one token at least");
  options.check();
  const index most = (std::numeric_limits<index>::max)() - static_cast<index>(prompt.size());
  require<std::length_error>(options.tokens <= most, "heed::generation: tokens is ", options.tokens,
                             ", more than memory can address");
}

}  // namespace detail

// Refers to the decoder, and to the cache if one is given. The prompt follows the tokens in the cache. When the
// range has ended or is destroyed, the cache has these, the prompt and all new tokens but the last; before that,
// the cache may also have guessed tokens.
template <class Scalar>
class generation {
 public:
  // Throws shape_error for an empty prompt or options outside their ranges, std::length_error if prompt and
  // options.tokens do not fit into the cache.
  generation(const decoder<Scalar>& model, std::vector<index> prompt, generate_options options,
             decoder_cache<Scalar>* cache = nullptr)
      : model_(&model), options_(std::move(options)), seen_(std::move(prompt)) {
    detail::check_prompt(seen_, options_);
    const auto prompt_size = static_cast<index>(seen_.size());
    if (cache == nullptr) {
      own_.emplace(model.cache(prompt_size + options_.tokens));
    } else {
      given_ = cache;
      start_ = cache->position();
      detail::require<std::length_error>(
          options_.tokens <= cache->capacity() - start_ - prompt_size,
          "heed::generation: a prompt of ", prompt_size, " tokens and ", options_.tokens,
          " more do not fit: ", start_, " of ", cache->capacity(), " are taken");
    }
    waiting_ = seen_;
  }
  generation(const generation&) = delete;
  generation& operator=(const generation&) = delete;
  ~generation() { take_back(); }

  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = index;
    using difference_type = std::ptrdiff_t;
    using pointer = const index*;
    using reference = index;

    explicit iterator(generation* of = nullptr) : of_(of) {}
    index operator*() const {
      of_->read_ = true;
      return of_->current_;
    }
    iterator& operator++() {
      of_->advance();
      return *this;
    }
    void operator++(int) { of_->advance(); }
    friend bool operator==(const iterator& i, std::default_sentinel_t) { return i.at_end(); }

   private:
    [[nodiscard]] bool at_end() const { return of_ == nullptr || of_->ended_; }

    generation* of_;
  };

  iterator begin() {
    if (read_) advance();
    return iterator(this);
  }
  std::default_sentinel_t end() const { return {}; }

  // The prompt and all tokens given so far.
  [[nodiscard]] const std::vector<index>& seen() const { return seen_; }

 private:
  decoder_cache<Scalar>& cache() { return given_ != nullptr ? *given_ : *own_; }

  // Computes the next token, or ends the range.
  void advance() {
    if (stopped_ || given_tokens_ == options_.tokens) {
      ended_ = true;
      take_back();
      return;
    }
    if (ready_.empty()) think();
    current_ = ready_.front();
    read_ = false;
    ready_.pop_front();
    seen_.push_back(current_);
    ++given_tokens_;
    stopped_ =
        std::find(options_.stop.begin(), options_.stop.end(), current_) != options_.stop.end();
  }

  // Truncates the cache to remove tokens that have been computed and not given. If there are none,
  // another range may use the cache by now.
  void take_back() {
    const index given = start_ + static_cast<index>(seen_.size()) - 1;
    if (!ready_.empty() && cache().position() > given) cache().truncate(given);
    ready_.clear();
  }

  // Processes the tokens that the cache does not hold yet, and makes at least one new token ready.
  void think() {
    const sampling how = options_.how();
    const std::vector<index> guesses = how.greedy() ? guess() : std::vector<index>();
    while (static_cast<index>(waiting_.size()) > options_.prefill) {
      const auto some = waiting_.begin() + options_.prefill;
      (void)model_->hidden(std::vector<index>(waiting_.begin(), some), cache(),
                           heed::on(options_.on));
      waiting_.erase(waiting_.begin(), some);
    }
    detail::rollback step(cache());
    std::vector<index> ids = waiting_;
    ids.insert(ids.end(), guesses.begin(), guesses.end());
    const matrix<Scalar> hidden = model_->hidden(ids, cache(), heed::on(options_.on));
    const index first = static_cast<index>(waiting_.size()) - 1;
    matrix<Scalar> scores =
        model_->logits(hidden.bottomRows(hidden.rows() - first), heed::on(options_.on));
    // A guess is right if it is the token that greedy decoding chooses.
    std::size_t right = 0;
    std::vector<index> past = seen_;
    for (;; ++right) {
      auto row = scores.row(static_cast<index>(right));
      const index id = how.choose(
          std::span<Scalar>(row.data(), static_cast<std::size_t>(row.size())), past, draws_++);
      ready_.push_back(id);
      past.push_back(id);
      if (right == guesses.size() || guesses[right] != id) break;
    }
    step.keep();
    cache().truncate(cache().position() - static_cast<index>(guesses.size() - right));
    waiting_ = {ready_.back()};
  }

  // Finds the latest earlier occurrence of the last three tokens, or else of the last two, and returns the
  // tokens that followed it; empty if there is none.
  [[nodiscard]] std::vector<index> guess() const {
    const index left = options_.tokens - given_tokens_ - 1;
    const auto count =
        static_cast<std::size_t>((std::max)(index(0), (std::min)(options_.guess, left)));
    for (std::size_t same = 3; same >= 2 && count > 0; --same) {
      if (seen_.size() <= same) continue;
      const auto tail = seen_.end() - static_cast<std::ptrdiff_t>(same);
      for (auto from = tail - 1;; --from) {
        if (std::equal(tail, seen_.end(), from)) {
          const auto next = from + static_cast<std::ptrdiff_t>(same);
          std::vector<index> guesses(next, seen_.end());
          const std::size_t period = guesses.size();  // the guess repeats with this period
          for (std::size_t i = period; i < count; ++i) guesses.push_back(guesses[i - period]);
          guesses.resize(count);
          return guesses;
        }
        if (from == seen_.begin()) break;
      }
    }
    return {};
  }

  const decoder<Scalar>* model_;
  generate_options options_;
  std::optional<decoder_cache<Scalar>> own_;
  decoder_cache<Scalar>* given_ = nullptr;
  std::vector<index> seen_;
  std::vector<index> waiting_;  // tokens that the cache does not hold yet
  std::deque<index> ready_;     // tokens that have been computed and not given
  index start_ = 0;             // tokens that the cache held before
  index current_ = 0;
  index given_tokens_ = 0;
  std::uint64_t draws_ = 0;
  bool read_ = true;      // the current token has been read, or there is none yet
  bool stopped_ = false;  // the current token is the last
  bool ended_ = false;
};

}  // namespace HEED_ABI
}  // namespace heed
