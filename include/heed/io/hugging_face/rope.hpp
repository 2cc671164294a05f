// SPDX-License-Identifier: MIT
// The rotary positions that a config.json describes, as transformers 4 and 5 write them.
//
//   // {"rope_theta": 10000.0, "rope_scaling": {"rope_type": "linear", "factor": 4.0}}
//   // {"rope_parameters": {"rope_theta": 10000.0, "rope_type": "linear", "factor": 4.0}}
//   layer.rotary = heed::detail::read_rope(c, {.width = 64});
#pragma once

#include <heed/io/config.hpp>        // config
#include <heed/position/rotary.hpp>  // rotary_embedding

#include <algorithm>  // all_of
#include <cmath>      // floor, fmod, log, sqrt
#include <optional>   // optional

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// The properties of a family's rotary positions that are not in its config.
struct rope_facts {
  index width = 0;  // columns of a head
  // The default of partial_rotary_factor, the rotated share of the columns; none: always 1.
  std::optional<double> partial = {};
  double theta = 10000;  // the default of rope_theta
  rotary_pairing pairing = rotary_pairing::half_split;
  // Which set of rope_parameters is read, if there are several: "sliding_attention", for example.
  std::string layer_type = {};
};

inline double positive(const config& c, const char* field, double number) {
  if (!(number > 0)) c.refuse(field, "a number above 0");
  return number;
}

// A number from the first of the two objects, or from the second if the first does not have it.
inline double rope_number(const config& first, const config& second, const char* name,
                          double otherwise) {
  return first.number(name, second.number(name, otherwise));
}

inline std::vector<double> rope_factors(const config& scaling, const char* name, index pairs) {
  std::vector<double> factors = scaling.numbers(name);
  if (static_cast<index>(factors.size()) != pairs ||
      !std::all_of(factors.begin(), factors.end(), [](double f) { return f > 0; }))
    scaling.refuse(name, "a list of " + std::to_string(pairs) + " numbers above 0");
  return factors;
}

// The scaling that an object describes, for `pairs` pairs of rotated columns.
inline rotary_scaling read_rope_scaling(const config& scaling, const config& model, index pairs) {
  const std::string kind = scaling.text("rope_type", scaling.text("type", "default"));
  const auto trained = static_cast<double>(model.count("max_position_embeddings", 2048));
  const char* const original_field = "original_max_position_embeddings";
  const double original =  // the field of `model` takes precedence over that of `scaling`
      positive(scaling, original_field,
               model.number(original_field, scaling.number(original_field, trained)));
  const auto factor = [&] { return positive(scaling, "factor", scaling.number("factor")); };
  if (kind == "default") return no_scaling{};
  if (kind == "linear") return linear_scaling{factor()};
  if (kind == "dynamic") return dynamic_ntk_scaling{factor(), trained};
  if (kind == "llama3") {
    const double low = scaling.number("low_freq_factor"), high = scaling.number("high_freq_factor");
    if (!(high > low)) scaling.refuse("high_freq_factor", "a number above low_freq_factor");
    return llama3_scaling{factor(), low, high, original};
  }
  if (kind == "yarn") {
    yarn_scaling yarn{factor(),
                      original,
                      scaling.number("beta_fast", 32),
                      scaling.number("beta_slow", 1),
                      scaling.number("attention_factor", 0),
                      scaling.flag("truncate", true)};
    const double above = scaling.number("mscale", 0), below = scaling.number("mscale_all_dim", 0);
    const auto length = [&](double times) {
      return yarn.factor > 1 ? 0.1 * times * std::log(yarn.factor) + 1 : 1;
    };
    if (yarn.attention_factor <= 0 && above > 0 && below > 0)
      yarn.attention_factor = length(above) / length(below);
    return yarn;
  }
  if (kind == "longrope" || kind == "su") {
    longrope_scaling rope{rope_factors(scaling, "short_factor", pairs),
                          rope_factors(scaling, "long_factor", pairs), original, 1};
    const double times = scaling.number("factor", trained / rope.original_positions);
    rope.attention_factor = scaling.number(
        "attention_factor",
        times > 1 ? std::sqrt(1 + std::log(times) / std::log(rope.original_positions)) : 1);
    return rope;
  }
  scaling.refuse("rope_type",
                 "\"default\", \"linear\", \"dynamic\", \"llama3\", \"yarn\" or \"longrope\"");
}

inline rotary_embedding<float> read_rope(const config& model, const rope_facts& facts) {
  config parameters = model.object("rope_parameters");
  if (!facts.layer_type.empty() && parameters.contains(facts.layer_type))
    parameters = parameters.object(facts.layer_type);
  const config scaling = model.contains("rope_scaling") ? model.object("rope_scaling") : parameters;
  const double partial =
      rope_number(parameters, model, "partial_rotary_factor", facts.partial.value_or(1));
  if (!facts.partial && !exactly_equal(partial, 1.0))
    refuse_file(model.file(), ": partial_rotary_factor: expected 1, since ",
                model.text("model_type", "this family"), " rotates whole heads, found ", partial);
  const double rotated = std::floor(static_cast<double>(facts.width) * partial);
  if (!(rotated >= 2 && partial <= 1 && exactly_equal(std::fmod(rotated, 2), 0.0)))
    refuse_file(model.file(), ": partial_rotary_factor: expected an even share of the ",
                facts.width, " columns of a head, found ", partial);
  const double theta = rope_number(parameters, model, "rope_theta", facts.theta);
  if (!(theta > 0))
    (parameters.contains("rope_theta") ? parameters : model)
        .refuse("rope_theta", "a number above 0");
  const auto columns = static_cast<index>(rotated);
  return rotary_embedding<float>({.width = facts.width,
                                  .rotary_width = columns,
                                  .theta = theta,
                                  .pairing = facts.pairing,
                                  .scaling = read_rope_scaling(scaling, model, columns / 2)});
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
