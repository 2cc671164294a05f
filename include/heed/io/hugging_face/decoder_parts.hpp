// SPDX-License-Identifier: MIT
// Parts that the families of decoders share: sizes from a config, attention layers and feed-forward
// layers from tensors, and which layers have a window.
//
//   const heed::detail::decoder_shape s = heed::detail::read_shape(c);
//   block.attention = heed::detail::load_attention(weights, name + "self_attn.", s, {.bias = true});
#pragma once

#include <heed/io/hugging_face/decoder_family.hpp>  // decoder_family

#include <initializer_list>  // initializer_list
#include <numeric>           // iota

namespace heed {
inline namespace HEED_ABI {
namespace detail {

struct decoder_shape {
  index model = 0;
  index layers = 0;
  index vocabulary = 0;
  index heads = 0;
  index kv_heads = 0;
  index width = 0;   // columns of a head
  index hidden = 0;  // columns between the halves of a feed-forward layer
};

// A size under any of its names in different families. If a config has several of the names, they
// must agree.
struct named_size {
  const char* name;
  index size = 0;
};
inline named_size read_size(const config& c, std::initializer_list<const char*> names,
                            index otherwise = 0) {
  named_size found{*names.begin()};
  for (const char* const name : names) {
    if (!c.contains(name)) continue;
    const index size = c.count(name);
    if (found.size != 0 && size != found.size)
      c.refuse(name, std::to_string(found.size) + ", which is " + found.name);
    found = {name, size};
  }
  if (found.size == 0) found.size = otherwise > 0 ? otherwise : c.count(found.name);
  return found;
}

// Throws file_error unless key/value heads divide query heads, and for more than 65536 columns of a head
// or 65536 layers: memory for them would be allocated before a tensor's shape is checked.
inline void check_heads(const std::string& file, const decoder_shape& s) {
  constexpr index most = 65536;
  require_file(s.heads % s.kv_heads == 0, file, ": ", s.heads, " query heads cannot share ",
               s.kv_heads, " key/value heads");
  require_file(s.width <= most && s.layers <= most, file, ": heads of ", s.width, " columns in ",
               s.layers, " layers; at most ", most, " of each are read");
}

// The sizes of a decoder from its config. Refuses heads that do not divide the model, key/value heads that
// do not divide heads, and what check_heads refuses.
inline decoder_shape read_shape(const config& c) {
  constexpr index most = 65536;
  const named_size model = read_size(c, {"hidden_size", "n_embd", "n_embed", "d_model"}),
                   heads = read_size(c, {"num_attention_heads", "n_head", "n_heads", "num_heads"}),
                   layers =
                       read_size(c, {"num_hidden_layers", "n_layer", "n_layers", "num_layers"});
  decoder_shape s{.model = model.size,
                  .layers = layers.size,
                  .vocabulary = c.count("vocab_size"),
                  .heads = heads.size};
  s.kv_heads = c.count("num_key_value_heads", s.heads);
  s.hidden =
      read_size(c, {"intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size"}, 4 * s.model)
          .size;
  if (!c.contains("head_dim") && s.model % s.heads != 0)
    c.refuse(heads.name,
             "a divisor of " + std::string(model.name) + ", which is " + std::to_string(s.model));
  s.width = c.count("head_dim", s.model / s.heads);
  if (s.heads % s.kv_heads != 0)
    c.refuse("num_key_value_heads",
             "a divisor of " + std::string(heads.name) + ", which is " + std::to_string(s.heads));
  for (const named_size& size : {layers, named_size{"head_dim", s.width}})
    if (size.size > most) c.refuse(size.name, "at most " + std::to_string(most));
  return s;
}

// The slopes of ALiBi for all heads, each times a factor.
inline std::vector<double> alibi_slopes(index heads, double times = 1) {
  std::vector<double> slopes;
  for (index head = 0; head < heads; ++head) slopes.push_back(alibi_slope(head, heads) * times);
  return slopes;
}

// Learned positions; row `first` of the table is that of the first token.
inline void load_places(decoder<float>& to, model_weights& weights, const std::string& name,
                        index positions, index model, index first = 0) {
  to.places.emplace(position_embedding<float>::sizes{1, 1});
  to.places->weight = weights.floats(name, positions + first, model);
  to.first_place = first;
}

// How a family calls the projections of an attention layer, and which of them have a bias.
struct attention_names {
  const char* query = "q_proj";
  const char* key = "k_proj";
  const char* value = "v_proj";
  const char* output = "o_proj";
  bool bias = false;         // of queries, keys and values
  bool output_bias = false;  // of the output
};

inline attention_layer<float> load_attention(model_weights& weights, const std::string& name,
                                             const decoder_shape& s, const attention_names& n) {
  attention_layer<float> made;
  made.heads = {s.heads, s.kv_heads};
  made.query = weights.linear(name + n.query, s.model, s.heads * s.width, n.bias);
  made.key = weights.linear(name + n.key, s.model, s.kv_heads * s.width, n.bias);
  made.value = weights.linear(name + n.value, s.model, s.kv_heads * s.width, n.bias);
  made.output = weights.linear(name + n.output, s.heads * s.width, s.model, n.output_bias);
  return made;
}

// The projections of queries, keys and values from one tensor, whose rows are `groups` groups: each has
// the rows of its query heads, then of its key heads, then of its value heads.
inline void load_fused_qkv(attention_layer<float>& to, model_weights& weights,
                           const std::string& name, const decoder_shape& s, index groups,
                           bool bias) {
  const index queries = s.heads / groups * s.width, keys = s.kv_heads / groups * s.width,
              rows = groups * (queries + 2 * keys);
  weights.tensor(name + ".weight", {rows, s.model});  // checks the shape before memory is allocated
  const auto part = [&](index first, index count) {
    std::vector<index> order(static_cast<std::size_t>(groups * count));
    for (index g = 0; g < groups; ++g)
      std::iota(order.begin() + g * count, order.begin() + (g + 1) * count,
                g * (queries + 2 * keys) + first);
    return weights.linear_of(name, s.model, rows, order, bias);
  };
  to.heads = {s.heads, s.kv_heads};
  to.query = part(0, queries);
  to.key = part(queries, keys);
  to.value = part(queries + keys, keys);
}

// A feed-forward layer of two linear layers.
inline feed_forward<float> load_feed(model_weights& weights, const std::string& up,
                                     const std::string& down, const decoder_shape& s,
                                     activation function, bool bias) {
  feed_forward<float> made;
  made.activation = function;
  made.up = weights.linear(up, s.model, s.hidden, bias);
  made.down = weights.linear(down, s.hidden, s.model, bias);
  return made;
}

// A gated feed-forward layer: "name.gate_proj", "name.up_proj" and "name.down_proj", or a family's
// other names.
struct gated_names {
  const char* gate = "gate_proj";
  const char* up = "up_proj";
  const char* down = "down_proj";
  bool bias = false;
};
inline feed_forward<float> load_gated(model_weights& weights, const std::string& name, index model,
                                      index hidden, activation function,
                                      const gated_names& n = {}) {
  feed_forward<float> made;
  made.activation = function;
  made.gate = weights.linear(name + n.gate, model, hidden, n.bias);
  made.up = weights.linear(name + n.up, model, hidden, n.bias);
  made.down = weights.linear(name + n.down, hidden, model, n.bias);
  return made;
}

// Which layers have a window: those that layer_types calls sliding_attention or, if there is no
// such list, all but every period-th; period 0: all.
class layer_kinds {
 public:
  layer_kinds(const config& c, index layers, index period)
      : names_(c.texts("layer_types")), period_(period) {
    if (!names_.empty() && static_cast<index>(names_.size()) != layers)
      c.refuse("layer_types", "a list of " + std::to_string(layers) + ", one for each layer");
    for (const std::string& name : names_)
      if (name != "sliding_attention" && name != "full_attention")
        refuse_file(c.file(), ": layer_types: expected \"sliding_attention\" or ",
                    "\"full_attention\", found ", quoted{name});
  }

  [[nodiscard]] bool given() const { return !names_.empty(); }
  [[nodiscard]] bool windowed(index layer) const {
    if (given()) return names_[static_cast<std::size_t>(layer)] == "sliding_attention";
    return period_ == 0 || (layer + 1) % period_ != 0;
  }

 private:
  std::vector<std::string> names_;
  index period_;
};

// The window of sliding_window, as a number of earlier tokens: one less than the field, since Hugging Face
// also counts the token itself. null: no window; `otherwise` is the default of the field, 0 for no window.
inline std::optional<index> read_window(const config& c, index otherwise = 0) {
  const char* const field = "sliding_window";
  if (c.null(field) || (!c.contains(field) && otherwise == 0)) return std::nullopt;
  return c.count(field, otherwise) - 1;
}

// Refuses a flag that is true and changes results in a way that is not supported.
inline void require_off(const config& c, const char* field) {
  if (c.flag(field, false)) c.refuse(field, "false");
}

// Marks fields as read that change nothing of what transformers computes for a family.
inline void leave_out(const config& c, std::initializer_list<const char*> fields) {
  for (const char* const field : fields) c.find(field);
}

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed
