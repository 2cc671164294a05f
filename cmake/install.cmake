# SPDX-License-Identifier: MIT
# Headers, the CMake package and heed.pc; none of it depends on the architecture.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_DATADIR}/cmake/heed)
set(pkgconfig_dir ${CMAKE_INSTALL_DATADIR}/pkgconfig)

install(TARGETS heed EXPORT heedTargets INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT heedTargets NAMESPACE heed:: DESTINATION ${package_dir})
install(DIRECTORY include/heed DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.hpp)

configure_package_config_file(cmake/heedConfig.cmake.in heedConfig.cmake
  INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
# Before 1.0 a new minor version may change the face.
write_basic_package_version_file(heedConfigVersion.cmake
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/heedConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/heedConfigVersion.cmake
  cmake/heed_dispatch.cmake cmake/heed_keep_apart.cmake cmake/heed_kernels.cmake
  cmake/models.cmake cmake/find_library.cmake
  DESTINATION ${package_dir})

# Paths relative to the file itself, so that the installed tree can be moved.
string(REGEX REPLACE "[^/]+" ".." pc_to_prefix ${pkgconfig_dir})
cmake_path(APPEND pc_include "\${prefix}" ${CMAKE_INSTALL_INCLUDEDIR})
configure_file(cmake/heed.pc.in heed.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/heed.pc DESTINATION ${pkgconfig_dir})
