# Flags and helpers shared by every folder.
include_guard()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

add_library(understory_flags INTERFACE)
target_include_directories(understory_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(understory_flags INTERFACE -Wall -Wextra -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports these falsely inside the standard library once it inlines.
  target_compile_options(understory_flags INTERFACE
    -Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds
    -Wno-dangling-pointer -Wno-tsan)
endif()
if(UNDERSTORY_SANITIZE)
  add_compile_options(-fsanitize=${UNDERSTORY_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${UNDERSTORY_SANITIZE})
endif()
if(UNDERSTORY_SANITIZE MATCHES address)
  add_library(understory_address_sanitizer STATIC ${CMAKE_SOURCE_DIR}/tests/sanitizers/address.cpp)
  target_link_libraries(understory_flags INTERFACE understory_address_sanitizer)
  target_link_options(understory_flags INTERFACE LINKER:-u,__lsan_default_suppressions,-u,__asan_default_options)
endif()
if(UNDERSTORY_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()

find_package(Threads REQUIRED)
if(UNDERSTORY_TESTS)
  find_package(Catch2 REQUIRED)
endif()

# understory_library(NAME sources... [LINK libraries...]): a static library for one folder.
function(understory_library name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC understory_flags ${ARG_LINK})
endfunction()

# understory_test(NAME sources... [LINK libraries...] [LABELS labels...] [TIMEOUT s]):
# a Catch2 executable and a ctest entry of that name; [slow] cases run only as NAME_slow
# under `ctest -L slow -C slow`.
function(understory_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "LINK;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 600)
  endif()
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE understory_test_support ${ARG_LINK})
  add_test(NAME ${name} COMMAND ${name} "~[slow]")
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
  add_test(NAME ${name}_slow CONFIGURATIONS slow COMMAND ${name} "[slow]")
  set_tests_properties(${name}_slow PROPERTIES LABELS slow TIMEOUT 3600)
endfunction()
