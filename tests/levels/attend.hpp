// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

// The digest of attention as it is compiled for a level, and the floats in one of its registers.
template <int Level>
std::uint64_t attention_digest_of();
template <int Level>
int register_size_of();

template <>
std::uint64_t attention_digest_of<1>();
template <>
int register_size_of<1>();
template <>
std::uint64_t attention_digest_of<2>();
template <>
int register_size_of<2>();
template <>
std::uint64_t attention_digest_of<3>();
template <>
int register_size_of<3>();
template <>
std::uint64_t attention_digest_of<4>();
template <>
int register_size_of<4>();
