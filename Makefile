# SPDX-License-Identifier: Apache-2.0
# Verbs on top of the CMake presets. `make build PRESET=debug` and `make test PRESET=clang` take another one.
PRESET ?= release
DIR    := $(if $(filter release,$(PRESET)),build,build/$(PRESET))
CTEST  := ctest --output-on-failure --test-dir
# ThreadSanitizer looks at the threads of loader and trackers and the training loop; on one core, for it cannot see into libgomp
# and would call every parallel loop a race.
THREADED := test_loader|test_ref|ref_gradients|test_track_threads
FORMAT := find src tests fuzz -name '*.[ch]' | xargs clang-format-14
.PHONY: build test bench fmt lint fuzz sanitize asan asan-clang tsan tsan-clang docs

build:
	@cmake --preset $(PRESET) >/dev/null
	cmake --build $(DIR)

test: build
	$(CTEST) $(DIR)

bench: build
	bench/peers/compare.py
	bench/peers/augment.py

fuzz:
	scripts/fuzz

fmt:
	$(FORMAT) -i

lint:
	@cmake --preset release >/dev/null
	tools/layers.sh
	$(FORMAT) --dry-run -Werror
	cppcheck -q -j2 --std=c11 -I src -I build --enable=warning,performance,portability \
	  --suppress=AssignmentIntegerToAddress --error-exitcode=1 src
	find src -name '*.c' | sort | xargs -P"$$(nproc)" -n1 clang-tidy-14 --quiet -p build 2>build/clang-tidy.log

sanitize: asan asan-clang tsan tsan-clang
asan asan-clang tsan tsan-clang:
	@cmake --preset $@ >/dev/null
	cmake --build build/$@
	$(if $(findstring tsan,$@),taskset -c 0 $(CTEST) build/$@ -R '$(THREADED)',$(CTEST) build/$@)

docs: build
	mkdir -p docs
	build/rarebit help --markdown > docs/config.md
