// SPDX-License-Identifier: MIT
// Checks of arguments: a wrong call throws an exception whose message is a sentence with the
// numbers.
//
//   heed::attention(q, k, v);
//   // throws heed::shape_error: heed::attention: head width differs: q is 5x4, k is 6x8
#pragma once

#include <heed/core/types.hpp>  // index

#include <cstdio>            // fputs, snprintf
#include <cstdlib>           // abort
#include <initializer_list>  // initializer_list
#include <stdexcept>         // invalid_argument, out_of_range
#include <string>            // string
#include <type_traits>       // is_convertible_v, is_integral_v

namespace heed {
inline namespace HEED_ABI {

// Thrown when the sizes, counts or places given to a call do not fit together.
class shape_error : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

namespace detail {

// Ends a refused call: throws Error with the sentence as its message or, in a program built without
// exceptions, writes the sentence to standard error and aborts.
template <class Error>
[[noreturn]] void refuse(const std::string& sentence) {
#if HEED_HAS_EXCEPTIONS
  throw Error(sentence);
#else
  std::fputs((sentence + "\n").c_str(), stderr);
  std::abort();
#endif
}

// append(sentence, x) adds x, as text, to an error message.
inline void append(std::string& sentence, const char* words) { sentence += words; }
inline void append(std::string& sentence, const std::string& words) { sentence += words; }
template <class Number>
requires std::is_integral_v<Number>
void append(std::string& sentence, Number number) { sentence += std::to_string(number); }
inline void append(std::string& sentence, double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", number);
  sentence += text;
}

// The two sizes of a matrix, written as "5x4" in an error message; so is every view with members
// rows and cols.
struct extent {
  index rows;
  index cols;
};
template <class Sized>
requires requires(const Sized& sizes) { index(sizes.rows), index(sizes.cols); }
void append(std::string& sentence, const Sized& sizes) {
  append(sentence, index(sizes.rows));
  sentence += 'x';
  append(sentence, index(sizes.cols));
}

// Adds "; k looks transposed" to an error message if matrix k has the sizes that its transpose
// should have.
struct transposed {
  const char* name;
  extent is;
  extent must;
};
inline void append(std::string& sentence, const transposed& m) {
  const bool looks_transposed = m.is.rows == m.must.cols && m.is.cols == m.must.rows;
  if (looks_transposed && m.is.rows != m.is.cols)
    sentence += "; " + std::string(m.name) + " looks transposed";
}

// One part of an error message, its type erased, so that each check compiles no more than a list of
// parts. Refers to the value that becomes text.
class part {
 public:
  part(const char* words)
      : what_(words), say_([](std::string& sentence, const void* what) {
          append(sentence, static_cast<const char*>(what));
        }) {}
  template <class Part>
  requires(!std::is_convertible_v<const Part&, const char*>) part(const Part& one)
      : what_(&one), say_([](std::string& sentence, const void* what) {
          append(sentence, *static_cast<const Part*>(what));
        }) {}

  void say(std::string& sentence) const { say_(sentence, what_); }

 private:
  const void* what_;
  void (*say_)(std::string&, const void*);
};

template <class Error>
[[noreturn]] HEED_ONE_COPY void refuse_in(std::initializer_list<part> parts) {
  std::string sentence;
  for (const part& p : parts) p.say(sentence);
  refuse<Error>(sentence);
}

// Throws Error unless `holds`; the error message is put together only then.
template <class Error = shape_error, class... Parts>
void require(bool holds, const Parts&... parts) {
  if (holds) [[likely]]
    return;
  refuse_in<Error>({part(parts)...});
}

// Refuses a size of 0: a field of an options struct that the caller left out is 0. `who` names the
// type, `what` states the field's meaning.
template <class Size>
void require_given(const char* who, const char* field, Size size, const char* what) {
  require(!exactly_equal(size, Size(0)), who, ": ", field, " was not given, or is 0; it is ", what);
}

}  // namespace detail

}  // namespace HEED_ABI
}  // namespace heed
