# SPDX-License-Identifier: Apache-2.0
# Each fuzz/TARGET.c that has a folder fuzz/corpus/TARGET becomes replay_TARGET, whose test runs the corpus (with
# RAREBIT_LONG=1 in the environment of ctest also 20,000 mutants), and in the preset `fuzz` fuzz_TARGET with libFuzzer.
function(rb_fuzz)
  file(GLOB folders LIST_DIRECTORIES true CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/fuzz/corpus/*)
  foreach(corpus IN LISTS folders)
    get_filename_component(name ${corpus} NAME)
    add_executable(replay_${name} fuzz/${name}.c fuzz/replay.c)
    target_link_libraries(replay_${name} PRIVATE core)
    set_target_properties(replay_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
    add_test(NAME fuzz_${name} COMMAND sh -c "exec \"$0\" \"$1\" \${RAREBIT_LONG:+20000}"
      $<TARGET_FILE:replay_${name}> ${corpus})
    if(RAREBIT_FUZZ)
      add_executable(fuzz_${name} fuzz/${name}.c)
      target_link_libraries(fuzz_${name} PRIVATE core -fsanitize=fuzzer)
      set_target_properties(fuzz_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
    endif()
  endforeach()
endfunction()
