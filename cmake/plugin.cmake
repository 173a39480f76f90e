# zc_add_plugin(NAME n SOURCES a.c … [LIBRARIES t …] [INCLUDES dir …]), called by the CMakeLists.txt of
# the plugin's own folder, plugins/KIND/NAME/. No list elsewhere names a plugin: deleting its folder
# removes it. Files named *_test.c beside it become unit tests.
include(CMakeParseArguments)
set_property(GLOBAL PROPERTY ZC_PLUGINS "")

function(zc_add_plugin)
  cmake_parse_arguments(P "" "NAME" "SOURCES;LIBRARIES;INCLUDES" ${ARGN})
  if(ZC_STATIC_PLUGINS)
    add_library(plugin_${P_NAME} OBJECT ${P_SOURCES})
    target_compile_definitions(plugin_${P_NAME} PUBLIC ZC_STATIC_PLUGIN)
    set_property(GLOBAL APPEND PROPERTY ZC_PLUGINS ${P_NAME})
  else()
    add_library(plugin_${P_NAME} MODULE ${P_SOURCES})
    target_link_options(plugin_${P_NAME} PRIVATE -Wl,-z,defs)
    set_target_properties(plugin_${P_NAME} PROPERTIES PREFIX "" OUTPUT_NAME ${P_NAME}
      LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib/zerocarb/plugins)
    install(TARGETS plugin_${P_NAME} DESTINATION lib/zerocarb/plugins) # registry.h
  endif()
  target_include_directories(plugin_${P_NAME} PRIVATE ${PROJECT_SOURCE_DIR}/include
    ${CMAKE_CURRENT_SOURCE_DIR} ${P_INCLUDES})
  target_link_libraries(plugin_${P_NAME} PRIVATE ${P_LIBRARIES})
endfunction()

# Unit tests of a plugin run against its own object files and the testkit's host.
function(zc_add_plugin_test)
  cmake_parse_arguments(P "" "NAME;PLUGIN" "SOURCES;LIBRARIES" ${ARGN})
  if(NOT ZC_TESTS)
    return()
  endif()
  add_executable(${P_NAME} ${P_SOURCES})
  target_compile_definitions(${P_NAME} PRIVATE ZC_STATIC_PLUGIN)
  target_include_directories(${P_NAME} PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}
    ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${P_NAME} PRIVATE ${P_LIBRARIES} PkgConfig::CMOCKA)
  set_target_properties(${P_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${P_NAME} COMMAND ${P_NAME})
endfunction()

macro(zc_add_plugin_folders)
  file(GLOB folders CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/plugins/*/*/CMakeLists.txt)
  foreach(list ${folders})
    get_filename_component(folder ${list} DIRECTORY)
    add_subdirectory(${folder})
  endforeach()
endmacro()

# The table of built-in plugins, empty unless ZC_STATIC_PLUGINS. Linked by everything that links zc_plugin.
function(zc_write_builtin_table)
  get_property(names GLOBAL PROPERTY ZC_PLUGINS)
  set(externs "")
  set(rows "")
  foreach(name ${names})
    string(APPEND externs "const zc_plugin *zc_entry_v1_${name}(void);\n")
    string(APPEND rows "  zc_entry_v1_${name},\n")
  endforeach()
  file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/generated/builtin.c CONTENT
"/* Generated: the plugins that are linked in. */
#include \"core/plugin/builtin.h\"

${externs}
const zc_builtin_entry zc_builtin_entries[] = {
${rows}  NULL,
};
")
  add_library(zc_builtin STATIC ${CMAKE_BINARY_DIR}/generated/builtin.c)
  target_include_directories(zc_builtin PUBLIC ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
  foreach(name ${names})
    target_link_libraries(zc_builtin PUBLIC plugin_${name} $<TARGET_OBJECTS:plugin_${name}>)
  endforeach()
endfunction()

function(zc_add_program)
  zc_write_builtin_table()
  if(NOT TARGET zc_cli)
    return()
  endif()
  add_executable(zerocarb ${PROJECT_SOURCE_DIR}/core/cli/main.c)
  target_link_libraries(zerocarb PRIVATE zc_cli zc_builtin)
  set_target_properties(zerocarb PROPERTIES POSITION_INDEPENDENT_CODE ON)
  install(TARGETS zerocarb DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()
