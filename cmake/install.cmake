# What a third party builds plugins with: the header, the testkit, a CMake package and a pkg-config
# file. All paths in them are relative to where they lie, so that the tree can be moved.
include(CMakePackageConfigHelpers)

# Where the program looks beside itself (core/plugin/registry.h), whatever the name of the system's
# library folder.
set(ZC_PLUGIN_DIR lib/zerocarb/plugins)
set(ZC_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/zerocarb)

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/zerocarb DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(TARGET zerocarb_testkit)
  install(FILES ${PROJECT_SOURCE_DIR}/tests/testkit/host.h RENAME testkit.h
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/zerocarb)
  install(TARGETS zerocarb_testkit ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/examples/source_template
  DESTINATION ${CMAKE_INSTALL_DATADIR}/zerocarb)
install(FILES ${PROJECT_SOURCE_DIR}/docs/PLUGIN_GUIDE.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/zerocarb-config.cmake.in
  ${CMAKE_BINARY_DIR}/generated/zerocarb-config.cmake
  INSTALL_DESTINATION ${ZC_PACKAGE_DIR}
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR ZC_PLUGIN_DIR)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/generated/zerocarb-config-version.cmake
  VERSION ${PROJECT_VERSION} COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/generated/zerocarb-config.cmake
  ${CMAKE_BINARY_DIR}/generated/zerocarb-config-version.cmake DESTINATION ${ZC_PACKAGE_DIR})

# From lib/pkgconfig up to the prefix.
file(RELATIVE_PATH ZC_PC_TO_PREFIX
  ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" ZC_PC_TO_PREFIX "${ZC_PC_TO_PREFIX}")
configure_file(${PROJECT_SOURCE_DIR}/cmake/zerocarb-plugin.pc.in
  ${CMAKE_BINARY_DIR}/generated/zerocarb-plugin.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/generated/zerocarb-plugin.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
