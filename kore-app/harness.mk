# SPDX-License-Identifier: Apache-2.0
# The API in one process for tests (test/harness) and fuzzing (test/fuzz): Kore, the
# core, the edge and the handlers as they are, with scripted back ends.

comma := ,
HN := ../test/harness
HN_SRC := $(wildcard $(HN)/*.c)
# The program but its back ends.
HN_PROGRAM := $(filter-out src/adapters/pg.c src/adapters/redis.c,\
	$(CORE_SRC) $(API_SRC))
HN_WRAP := $(addprefix -Wl$(comma)--wrap=,clock_gettime cfa_passwords_start \
	cfa_passwords_reserve cfa_passwords_release cfa_passwords_run)

# --- Under ASan and UBSan, in `make check` ------------------------------------

HN_BUILD := build/asan/harness
HN_CFLAGS := -g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all -DCFA_SANDBOX_OPEN
HN_OBJ := $(HN_PROGRAM:src/%.c=$(HN_BUILD)/obj/%.o) $(HN_BUILD)/obj/assets.o \
	$(HN_SRC:$(HN)/%.c=$(HN_BUILD)/obj/harness/%.o)
HN_TEST_SRC := $(wildcard ../test/unit/harness_*.c)
HN_C_FILES := $(HN_SRC) $(wildcard $(HN)/*.h ../test/fuzz/*.[ch]) $(HN_TEST_SRC)
HN_TEST_BIN := $(HN_TEST_SRC:../test/unit/%.c=$(HN_BUILD)/%)

# Kore without its main() and its allocator.
$(HN_BUILD)/kobj/.ready: $(KORE)/.ready
	$(MAKE) -s -C $(KORE) objects OBJDIR=$(abspath $(HN_BUILD))/kobj TASKS=1 \
		KORE_SINGLE_BINARY=1 SANITIZE=address,undefined >/dev/null
	$(call WEAKEN,$(HN_BUILD)/kobj)
	objcopy --redefine-sym main=kore_main $(HN_BUILD)/kobj/kore.o
	rm $(HN_BUILD)/kobj/mem.o $(HN_BUILD)/kobj/pool.o
	touch $@

$(HN_BUILD)/obj/%.o: src/%.c $(HN_BUILD)/kobj/.ready
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS_ALL) $(WARNINGS) $(HN_CFLAGS) -MMD -MP -c $< -o $@

$(HN_BUILD)/obj/harness/%.o: $(HN)/%.c $(HN_BUILD)/kobj/.ready
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS_ALL) $(WARNINGS) $(HN_CFLAGS) -MMD -MP -c $< -o $@

$(HN_BUILD)/obj/assets.o: $(BUILD)/assets.c $(KORE)/.ready
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS_ALL) $(WARNINGS) $(HN_CFLAGS) -MMD -MP -c $< -o $@

$(HN_BUILD)/%: ../test/unit/%.c $(HN_OBJ) $(LIB)/build-asan/libcareforall.a
	@echo "  LD $@"
	@$(CC) $(CPPFLAGS_ALL) -I$(HN) $(WARNINGS) $(HN_CFLAGS) $(HN_WRAP) -rdynamic \
		-o $@ $< $(HN_OBJ) $(HN_BUILD)/kobj/*.o \
		$(LIB)/build-asan/libcareforall.a $(shell cat $(HN_BUILD)/kobj/ldflags) \
		-lcmocka $(API_LIBS)

$(LIB)/build-asan/libcareforall.a: FORCE
	@$(MAKE) -s -C $(LIB) SANITIZE=1

.SECONDARY: $(HN_OBJ)

-include $(HN_OBJ:.o=.d)

# --- Fuzzing: libFuzzer with ASan and UBSan, by clang ---------------------------

FZ := ../test/fuzz
FZ_BUILD := build/fuzz
FZ_CC := clang
FZ_CFLAGS := -std=gnu11 -g -O1 -fno-omit-frame-pointer \
	-fno-sanitize-recover=all -DCFA_SANDBOX_OPEN
FZ_SAN := -fsanitize=fuzzer-no-link,address,undefined
FZ_TARGETS := $(patsubst $(FZ)/fuzz_%.c,%,$(wildcard $(FZ)/fuzz_*.c))
FZ_LIB_OBJ := $(patsubst $(LIB)/src/%.c,$(FZ_BUILD)/obj/lib/%.o,\
	$(wildcard $(LIB)/src/*.c))
# What a target links: the parts that know neither Kore nor a socket, or all.
FZ_PURE_OBJ := $(patsubst src/%.c,$(FZ_BUILD)/obj/%.o,\
	$(PURE_SRC)) $(FZ_LIB_OBJ)
FZ_WHOLE_OBJ := $(HN_PROGRAM:src/%.c=$(FZ_BUILD)/obj/%.o) \
	$(FZ_BUILD)/obj/assets.o $(HN_SRC:$(HN)/%.c=$(FZ_BUILD)/obj/harness/%.o) \
	$(FZ_LIB_OBJ)
# Seconds for each target of `make fuzz`; `make fuzz-short` counts inputs instead.
FUZZ_SECONDS ?= 300
FZ_RUNS := 20000
FZ_RUNS_request := 1500

$(FZ_BUILD)/kobj/.ready: $(KORE)/.ready
	$(MAKE) -s -C $(KORE) objects CC=$(FZ_CC) TASKS=1 KORE_SINGLE_BINARY=1 \
		OBJDIR=$(abspath $(FZ_BUILD))/kobj \
		SANITIZE=fuzzer-no-link,address,undefined >/dev/null
	$(call WEAKEN,$(FZ_BUILD)/kobj)
	objcopy --redefine-sym main=kore_main $(FZ_BUILD)/kobj/kore.o
	rm $(FZ_BUILD)/kobj/mem.o $(FZ_BUILD)/kobj/pool.o
	touch $@

FZ_COMPILE = @mkdir -p $(@D) && $(FZ_CC) $(CPPFLAGS_ALL) -I$(HN) $(FZ_CFLAGS) \
	$(FZ_SAN) -MMD -MP -c $< -o $@

$(FZ_BUILD)/obj/lib/%.o: $(LIB)/src/%.c
	$(FZ_COMPILE)

$(FZ_BUILD)/obj/harness/%.o: $(HN)/%.c $(FZ_BUILD)/kobj/.ready
	$(FZ_COMPILE)

$(FZ_BUILD)/obj/%.o: src/%.c $(FZ_BUILD)/kobj/.ready
	$(FZ_COMPILE)

$(FZ_BUILD)/obj/assets.o: $(BUILD)/assets.c $(FZ_BUILD)/kobj/.ready
	$(FZ_COMPILE)

FZ_LINK = @echo "  LD $@" && $(FZ_CC) $(CPPFLAGS_ALL) -I$(HN) $(FZ_CFLAGS) \
	-fsanitize=fuzzer,address,undefined

$(FZ_BUILD)/fuzz_request: $(FZ)/fuzz_request.c $(FZ)/fuzz.h $(FZ_WHOLE_OBJ)
	$(FZ_LINK) $(HN_WRAP) -rdynamic -o $@ $< $(FZ_WHOLE_OBJ) \
		$(FZ_BUILD)/kobj/*.o $(shell cat $(FZ_BUILD)/kobj/ldflags) $(API_LIBS)

$(FZ_BUILD)/fuzz_%: $(FZ)/fuzz_%.c $(FZ)/fuzz.h $(FZ_PURE_OBJ)
	$(FZ_LINK) -o $@ $< $(FZ_PURE_OBJ) -lcurl -lz -ljansson -lsodium -lcrypto \
		$(SHEET_LIBS)

# What is found goes to build/fuzz/corpus; a crash ends the run, and its input
# belongs into test/fuzz/corpus together with the repair.
FZ_RUN = $(FZ_BUILD)/fuzz_$(1) -timeout=10 -rss_limit_mb=1024 \
	-artifact_prefix=$(FZ_BUILD)/crash-$(1)- \
	-dict=$(FZ)/$(if $(filter pledge body event,$(1)),json,http).dict

fuzz: $(FZ_TARGETS:%=$(FZ_BUILD)/fuzz_%)
	@set -e; $(foreach t,$(FZ_TARGETS),echo "fuzz $(t)"; \
		mkdir -p $(FZ_BUILD)/corpus/$(t); \
		$(call FZ_RUN,$(t)) -max_total_time=$(FUZZ_SECONDS) -close_fd_mask=1 \
		$(FZ_BUILD)/corpus/$(t) $(FZ)/corpus/$(t);)

# The same inputs each time; what they lead to is forgotten.
fuzz-short: $(FZ_TARGETS:%=$(FZ_BUILD)/fuzz_%)
	@set -e; $(foreach t,$(FZ_TARGETS),rm -rf $(FZ_BUILD)/short/$(t); \
		mkdir -p $(FZ_BUILD)/short/$(t); \
		$(call FZ_RUN,$(t)) -seed=1 -max_total_time=20 \
		-runs=$(or $(FZ_RUNS_$(t)),$(FZ_RUNS)) $(FZ_BUILD)/short/$(t) \
		$(FZ)/corpus/$(t) >$(FZ_BUILD)/short/$(t).log 2>&1 || { \
		cat $(FZ_BUILD)/short/$(t).log; exit 1; }; \
		echo "fuzz $(t): $$(grep -a '^Done' $(FZ_BUILD)/short/$(t).log)";)

.SECONDARY: $(FZ_PURE_OBJ) $(FZ_WHOLE_OBJ)
.PHONY: fuzz fuzz-short

-include $(FZ_PURE_OBJ:.o=.d) $(FZ_WHOLE_OBJ:.o=.d)
