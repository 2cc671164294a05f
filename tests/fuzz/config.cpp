// SPDX-License-Identifier: MIT
// Any bytes as a config.json: a sentence, or fields each of which is read as every type.
#include <heed/io/json_config.hpp>

#include <cstdlib>

namespace {

// A refusal must be a sentence that names the file.
template <class Ask>
void ask(Ask question) {
  try {
    question();
  } catch (const heed::file_error& error) {
    if (std::string_view(error.what()).find("config.json: ") != 0) std::abort();
  }
}

void read_all(const heed::config& config, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    ask([&] { (void)config.flag(name, false); });
    ask([&] { (void)config.integer(name); });
    ask([&] { (void)config.count(name, 1); });
    ask([&] { (void)config.number(name); });
    ask([&] { (void)config.text(name); });
    ask([&] { (void)config.flags(name); });
    ask([&] { (void)config.integers(name); });
    ask([&] { (void)config.numbers(name); });
    ask([&] { (void)config.texts(name); });
    ask([&] {
      const heed::config inner = config.object(name);
      const auto* object = config.find(name);
      if (object == nullptr) return;
      std::vector<std::string> inside;
      for (const heed::config_field& field : std::get<heed::config_value::object>(object->is))
        inside.push_back(field.name);
      read_all(inner, inside);
    });
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ask([&] {
    const heed::config config =
        heed::detail::parse_json_config({reinterpret_cast<const char*>(data), size}, "config.json");
    const std::size_t fields = config.unread().size();
    if (fields != config.names().size()) std::abort();
    read_all(config, config.names());
    if (!config.unread().empty()) std::abort();
  });
  return 0;
}
