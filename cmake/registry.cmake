# SPDX-License-Identifier: Apache-2.0
# rb_registry(folder [EXCEPT name...]) lists src/<folder>/*.c as ENTRY(name) in gen/<folder>.inc, so that a
# new member of a family is one new file. registry.c of the folder, and the files named, are no members.
function(rb_registry folder)
  cmake_parse_arguments(arg "" "" "EXCEPT" ${ARGN})
  file(GLOB members CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${folder}/*.c)
  set(lines "")
  foreach(member IN LISTS members)
    get_filename_component(name ${member} NAME_WE)
    if(NOT name STREQUAL "registry" AND NOT name IN_LIST arg_EXCEPT)
      string(APPEND lines "ENTRY(${name})\n")
    endif()
  endforeach()
  string(REPLACE "/" "_" out ${folder})
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/gen/${out}.inc CONTENT "${lines}" @ONLY)
endfunction()
