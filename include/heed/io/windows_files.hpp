// SPDX-License-Identifier: MIT
// Mapping a file on Windows, without the macros of windows.h.
//
//   const auto view = heed::detail::map_windows_file(L"model.gguf");
//   if (view.error == 0) heed::detail::unmap_windows_file(view.data);
#pragma once

#include <heed/config.hpp>  // HEED_ABI

#if defined(_WIN32)

#include <cstddef>  // size_t

struct _SECURITY_ATTRIBUTES;

// As windows.h declares them.
extern "C" {
__declspec(dllimport) void* __stdcall CreateFileW(const wchar_t*, unsigned long, unsigned long,
                                                  _SECURITY_ATTRIBUTES*, unsigned long,
                                                  unsigned long, void*);
__declspec(dllimport) void* __stdcall CreateFileMappingW(void*, _SECURITY_ATTRIBUTES*,
                                                         unsigned long, unsigned long,
                                                         unsigned long, const wchar_t*);
__declspec(dllimport) unsigned long __stdcall GetFileSize(void*, unsigned long*);
__declspec(dllimport) unsigned long __stdcall GetLastError();
__declspec(dllimport) int __stdcall CloseHandle(void*);
__declspec(dllimport) int __stdcall UnmapViewOfFile(const void*);
#if defined(_WIN64)
__declspec(dllimport) void* __stdcall MapViewOfFile(void*, unsigned long, unsigned long,
                                                    unsigned long, unsigned long long);
#else
__declspec(dllimport) void* __stdcall MapViewOfFile(void*, unsigned long, unsigned long,
                                                    unsigned long, unsigned long);
#endif
}

namespace heed {
inline namespace HEED_ABI {
namespace detail {

// A file's bytes, or the number of the error that kept them away; no data if the file is empty.
struct windows_view {
  void* data = nullptr;
  std::size_t size = 0;
  unsigned long error = 0;
};

inline windows_view map_windows_file(const wchar_t* path) {
  constexpr unsigned long generic_read = 0x80000000, share_all = 7, open_existing = 3,
                          page_readonly = 2, file_map_read = 4, no_size = 0xFFFFFFFF;
  windows_view view;
  void* file = CreateFileW(path, generic_read, share_all, nullptr, open_existing, 0, nullptr);
  if (reinterpret_cast<std::ptrdiff_t>(file) == -1) {
    view.error = GetLastError();
    return view;
  }
  unsigned long high = 0;
  const unsigned long low = GetFileSize(file, &high);
  view.error = low == no_size ? GetLastError() : 0;
  view.size = static_cast<std::size_t>((static_cast<unsigned long long>(high) << 32) | low);
  if (view.error == 0 && view.size > 0) {
    void* mapping = CreateFileMappingW(file, nullptr, page_readonly, 0, 0, nullptr);
    if (mapping != nullptr) view.data = MapViewOfFile(mapping, file_map_read, 0, 0, 0);
    if (view.data == nullptr) view.error = GetLastError();
    if (mapping != nullptr) CloseHandle(mapping);
  }
  CloseHandle(file);
  return view;
}

inline void unmap_windows_file(const void* data) { UnmapViewOfFile(data); }

}  // namespace detail
}  // namespace HEED_ABI
}  // namespace heed

#endif
