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
HN_C_FILES := $(HN_SRC) $(wildcard $(HN)/*.h) $(HN_TEST_SRC)
HN_TEST_BIN := $(HN_TEST_SRC:../test/unit/%.c=$(HN_BUILD)/%)

# Kore without its main() and its allocator.
$(HN_BUILD)/kobj/.ready: $(KORE)/.ready
	$(MAKE) -s -C $(KORE) objects OBJDIR=$(abspath $(HN_BUILD))/kobj TASKS=1 \
		KORE_SINGLE_BINARY=1 SANITIZE=address,undefined >/dev/null
	objcopy --weaken-symbol=kore_log $(HN_BUILD)/kobj/utils.o
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
