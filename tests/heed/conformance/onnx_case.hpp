// SPDX-License-Identifier: MIT
// A node test case of the ONNX standard: a folder with case.json and one raw file a tensor.
#pragma once

#include "support/data.hpp"
#include "support/json.hpp"
#include "support/tensor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <span>

namespace conformance {

using heed::index;
using support::json;
using support::tensor;

class onnx_case {
 public:
  explicit onnx_case(const std::filesystem::path& folder) {
    const std::vector<char> text = support::read_file<char>(folder / "case.json");
    const json description = json::parse({text.data(), text.size()});
    name_ = description["case"].text();
    op_ = description["op"].text();
    attributes_ = description["attributes"];
    inputs_ = read(folder, description["inputs"]);
    outputs_ = read(folder, description["outputs"]);
  }

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const std::string& op() const { return op_; }

  // An input or output by its place in the operator's signature; throws where the case has none ...
  [[nodiscard]] const tensor& input(std::int64_t slot) const { return inputs_.at(slot); }
  [[nodiscard]] const tensor& output(std::int64_t slot) const { return outputs_.at(slot); }

  // ... or is null there.
  [[nodiscard]] const tensor* find_input(std::int64_t slot) const { return find(inputs_, slot); }
  [[nodiscard]] const tensor* find_output(std::int64_t slot) const { return find(outputs_, slot); }

  // The value of an attribute; null where the case leaves it to its default.
  [[nodiscard]] const json* attribute(std::string_view name) const {
    return attributes_.contains(name) ? &attributes_[name]["value"] : nullptr;
  }
  [[nodiscard]] double number(std::string_view name, double otherwise) const {
    const json* value = attribute(name);
    return value ? value->number() : otherwise;
  }

 private:
  using slots = std::map<std::int64_t, tensor>;

  static slots read(const std::filesystem::path& folder, const json& descriptions) {
    slots tensors;
    for (const json& one : descriptions.items()) {
      if (one["name"].is_null()) continue;  // an input left out before one that is given
      std::vector<index> shape;
      for (const json& n : one["shape"].items()) shape.push_back(n.integer());
      tensors.emplace(one["slot"].integer(),
                      tensor(support::element_named(one["dtype"].text()), std::move(shape),
                             support::read_file(folder / one["file"].text())));
    }
    return tensors;
  }
  static const tensor* find(const slots& tensors, std::int64_t slot) {
    const auto found = tensors.find(slot);
    return found == tensors.end() ? nullptr : &found->second;
  }

  std::string name_, op_;
  json attributes_;
  slots inputs_, outputs_;
};

// A case that the library's public face cannot express, and why.
struct listed_case {
  std::string_view name, reason;
};

// Runs every case of an operator. check(case) gives what is wrong, or nothing. A case fails unless
// it passes or is listed; a listed case fails if it passes, or if there is no such case.
template <class Check>
void run_every_case(const std::string& op, std::span<const listed_case> listed, Check check) {
  std::map<std::string, std::filesystem::path>
      folders;  // a case that lies in both places runs once
  for (const auto& root : support::data_folders("onnx"))
    for (const auto& entry : std::filesystem::directory_iterator(root))
      folders.emplace(entry.path().filename().string(), entry.path());

  int passed = 0, failed = 0;
  std::set<std::string_view> left_out;
  for (const auto& [name, path] : folders) {
    const onnx_case c(path);
    if (c.op() != op) continue;
    std::string problem;
    try {
      problem = check(c);
    } catch (const std::exception& error) {
      problem = error.what();
    }
    const auto entry = std::ranges::find(listed, c.name(), &listed_case::name);
    if (entry != listed.end()) {
      EXPECT_FALSE(problem.empty()) << c.name() << " is listed but passes: " << entry->reason;
      std::cout << "listed: " << c.name() << ": " << entry->reason << '\n';
      left_out.insert(entry->name);
    } else {
      EXPECT_TRUE(problem.empty()) << c.name() << ": " << problem;
      ++(problem.empty() ? passed : failed);
    }
  }
  std::cout << op << ": " << passed << " cases passed, " << failed << " failed, " << left_out.size()
            << " listed\n";
  EXPECT_GT(passed, 0) << "there is no case of " << op;
  EXPECT_EQ(left_out.size(), listed.size()) << "a listed case of " << op << " is not in the data";
}

}  // namespace conformance
