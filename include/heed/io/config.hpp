// SPDX-License-Identifier: MIT
// Named values of a model's file, each read as the type that it must have.
//
//   const heed::config c = heed::read_json_config("llama/config.json");
//   c.count("num_hidden_layers");              // 2; throws if it is missing or no whole number from 1 on
//   c.number("rope_theta", 10000);             // 10000 where it is missing or null
//   c.unread();                                // {"attention_bias", ...}: fields not read yet
#pragma once

#include <heed/io/config_value.hpp>  // config_value, find_field, value_as

#include <limits>  // numeric_limits
#include <memory>  // shared_ptr

namespace heed {
inline namespace HEED_ABI {

// A field that is null counts as missing. Copies refer to the same values and share the record of
// which fields have been read, so they are for one thread at a time; objects within an object are
// configs too. Every error is a file_error like
//   config.json: rope_scaling.factor: expected a number, found "two".
class config {
 public:
  config() : config(std::string(), {}) {}
  // `file`: the file's name in error messages. The fields are sorted by name, each name once.
  config(std::string file, config_value::object fields)
      : fields_(std::make_shared<const config_value::object>(std::move(fields))),
        file_(std::move(file)) {}

  // A field's value, unconverted, or null if there is none.
  const config_value* find(std::string_view name) const {
    const config_field* field = detail::find_field(*fields_, name);
    if (field == nullptr) return nullptr;
    field->was_read = true;
    return std::holds_alternative<std::monostate>(field->value.is) ? nullptr : &field->value;
  }
  // The same; throws if there is none.
  [[nodiscard]] const config_value& value(std::string_view name) const {
    const config_value* found = find(name);
    if (found == nullptr) refuse(name, "a value");
    return *found;
  }
  [[nodiscard]] bool contains(std::string_view name) const { return find(name) != nullptr; }

  // Whether the field exists and is null, for the few fields in which null differs from missing.
  [[nodiscard]] bool null(std::string_view name) const {
    return find(name) == nullptr && detail::find_field(*fields_, name) != nullptr;
  }

  // true or false.
  [[nodiscard]] bool flag(std::string_view name) const { return need<bool>(name); }
  [[nodiscard]] bool flag(std::string_view name, bool otherwise) const {
    return get<bool>(name).value_or(otherwise);
  }
  // A whole number; 2048.0 is one too.
  [[nodiscard]] std::int64_t integer(std::string_view name) const {
    return need<std::int64_t>(name);
  }
  [[nodiscard]] std::int64_t integer(std::string_view name, std::int64_t otherwise) const {
    return get<std::int64_t>(name).value_or(otherwise);
  }
  // A size: a whole number from 1 to 2^31 - 1, so that the product of two is no overflow.
  [[nodiscard]] index count(std::string_view name) const {
    return checked_count(name, need<std::int64_t>(name));
  }
  [[nodiscard]] index count(std::string_view name, index otherwise) const {
    const auto given = get<std::int64_t>(name);
    return given ? checked_count(name, *given) : otherwise;
  }
  // Any number.
  [[nodiscard]] double number(std::string_view name) const { return need<double>(name); }
  [[nodiscard]] double number(std::string_view name, double otherwise) const {
    return get<double>(name).value_or(otherwise);
  }
  [[nodiscard]] std::string text(std::string_view name) const { return need<std::string>(name); }
  [[nodiscard]] std::string text(std::string_view name, std::string otherwise) const {
    return get<std::string>(name).value_or(std::move(otherwise));
  }

  // Lists of one kind; empty where the field is missing or null.
  [[nodiscard]] std::vector<bool> flags(std::string_view name) const { return all<bool>(name); }
  [[nodiscard]] std::vector<std::int64_t> integers(std::string_view name) const {
    return all<std::int64_t>(name);
  }
  [[nodiscard]] std::vector<double> numbers(std::string_view name) const {
    return all<double>(name);
  }
  [[nodiscard]] std::vector<std::string> texts(std::string_view name) const {
    return all<std::string>(name);
  }

  // An object within this object; one without fields if it is missing or null.
  [[nodiscard]] config object(std::string_view name) const {
    config inner(file_, {});
    inner.path_ = path_ + std::string(name) + '.';
    if (const config_value* value = find(name)) {
      const auto* fields = std::get_if<config_value::object>(&value->is);
      if (fields == nullptr) refuse(name, "an object", *value);
      inner.fields_ = {fields_, fields};
    }
    return inner;
  }

  // Names of the fields, sorted.
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const config_field& field : *fields_) all.push_back(path_ + field.name);
    return all;
  }
  // Fields that no call has read, also those within objects that have been read.
  [[nodiscard]] std::vector<std::string> unread() const {
    std::vector<std::string> found;
    collect_unread(*fields_, path_, found);
    return found;
  }

  [[nodiscard]] const std::string& file() const { return file_; }

  // Throws file_error: config.json: rope_type: expected `expected`, found "mirage".
  [[noreturn]] void refuse(std::string_view name, const std::string& expected) const {
    if (const config_value* value = find(name)) refuse(name, expected.c_str(), *value);
    detail::refuse_file(file_, ": ", path_ + std::string(name), " is missing; expected ", expected);
  }

 private:
  [[noreturn]] void refuse(std::string_view name, const char* expected,
                           const config_value& found) const {
    detail::refuse_file(file_, ": ", path_ + std::string(name), ": expected ", expected, ", found ",
                        detail::described(found));
  }

  template <class T>
  std::optional<T> get(std::string_view name) const {
    const config_value* value = find(name);
    if (value == nullptr) return std::nullopt;
    std::optional<T> read = detail::value_as<T>(*value);
    if (!read) refuse(name, detail::kind_name<T>(), *value);
    return read;
  }
  template <class T>
  T need(std::string_view name) const {
    std::optional<T> read = get<T>(name);
    if (!read) refuse(name, detail::kind_name<T>());
    return *std::move(read);
  }
  template <class T>
  std::vector<T> all(std::string_view name) const {
    std::vector<T> read;
    const config_value* value = find(name);
    if (value == nullptr) return read;
    const auto* list = std::get_if<config_value::list>(&value->is);
    if (list == nullptr) refuse(name, "a list", *value);
    for (std::size_t i = 0; i < list->size(); ++i) {
      std::optional<T> one = detail::value_as<T>((*list)[i]);
      if (!one)
        refuse(std::string(name) + '[' + std::to_string(i) + ']', detail::kind_name<T>(),
               (*list)[i]);
      read.push_back(*std::move(one));
    }
    return read;
  }
  index checked_count(std::string_view name, std::int64_t given) const {
    if (given < 1 || given > (std::numeric_limits<std::int32_t>::max)())
      refuse(name, "a whole number from 1 to 2147483647");
    return given;
  }

  static void collect_unread(const config_value::object& fields, const std::string& path,
                             std::vector<std::string>& found) {
    for (const config_field& field : fields)
      if (!field.was_read)
        found.push_back(path + field.name);
      else if (const auto* inner = std::get_if<config_value::object>(&field.value.is))
        collect_unread(*inner, path + field.name + '.', found);
  }

  std::shared_ptr<const config_value::object> fields_;
  std::string file_;
  std::string path_;  // "rope_scaling." within that object
};

}  // namespace HEED_ABI
}  // namespace heed
