# SPDX-License-Identifier: Apache-2.0
# rb_embed(file...) writes the bytes of each file as gen/NAME.inc, numbers for the initialiser of an array; the build
# begins with it anew when one has changed.
function(rb_embed)
  foreach(path IN LISTS ARGN)
    get_filename_component(name ${path} NAME)
    file(READ ${CMAKE_SOURCE_DIR}/${path} hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/gen/${name}.inc CONTENT "${bytes}\n" @ONLY)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
  endforeach()
endfunction()
