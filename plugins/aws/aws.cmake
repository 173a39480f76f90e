# What the AWS plugins share, as a library of its own: include() this file and link zc_aws. Each
# plugin gets a copy, and where plugins are linked into the program there is one for all.
include_guard(GLOBAL)
file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.c)
list(FILTER sources EXCLUDE REGEX "_test\\.c$")
add_library(zc_aws STATIC ${sources})
target_include_directories(zc_aws PUBLIC ${CMAKE_CURRENT_LIST_DIR} ${PROJECT_SOURCE_DIR}/include)
