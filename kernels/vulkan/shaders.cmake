# understory_shader(TARGET NAME SOURCE [DEFINES ...]): compiles a compute shader with glslc.
# understory_embed_shaders(TARGET): embeds all of the target's; find_shader(NAME) returns one.
find_program(GLSLC glslc REQUIRED)

function(understory_shader target name source)
  cmake_parse_arguments(ARG "" "" "DEFINES" ${ARGN})
  set(words ${CMAKE_CURRENT_BINARY_DIR}/shaders/${name}.inc)
  list(TRANSFORM ARG_DEFINES PREPEND -D)
  add_custom_command(
    OUTPUT ${words}
    COMMAND ${GLSLC} --target-env=vulkan1.2 -O -mfmt=c ${ARG_DEFINES}
            -MD -MF ${words}.d -MT ${words} -o ${words} ${source}
    DEPENDS ${source}
    DEPFILE ${words}.d
    COMMENT "Shader ${name}"
    VERBATIM)
  set_property(TARGET ${target} APPEND PROPERTY UNDERSTORY_SHADERS ${name})
  set_property(TARGET ${target} APPEND PROPERTY UNDERSTORY_SHADER_WORDS ${words})
endfunction()

function(understory_embed_shaders target)
  get_target_property(names ${target} UNDERSTORY_SHADERS)
  get_target_property(words ${target} UNDERSTORY_SHADER_WORDS)
  set(arrays "")
  set(entries "")
  foreach(name ${names})
    string(APPEND arrays "constexpr std::uint32_t k_${name}[] =\n#include \"shaders/${name}.inc\"\n;\n")
    string(APPEND entries "    {\"${name}\", k_${name}},\n")
  endforeach()
  set(UNDERSTORY_SHADER_ARRAYS "${arrays}")
  set(UNDERSTORY_SHADER_ENTRIES "${entries}")
  set(table ${CMAKE_CURRENT_BINARY_DIR}/shader_table.cpp)
  configure_file(shader_table.cpp.in ${table} @ONLY)
  set_source_files_properties(${table} PROPERTIES OBJECT_DEPENDS "${words}"
                              SKIP_PRECOMPILE_HEADERS ON)
  target_sources(${target} PRIVATE ${table})
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR})
endfunction()
