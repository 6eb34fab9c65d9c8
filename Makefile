# cgnsim: see README.md. Targets: run, test, test-long, bench, all, setup, install, clean.
# V=1 shows the commands; SAN=1 builds with AddressSanitizer and UBSan in a tree of its own.

CC      ?= cc
V       ?= 0
SAN     ?= 0
VERSION := 0.1.0

comma   := ,
BUILD   := build$(if $(filter 1,$(SAN)),/san)
WARN    := -std=c11 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
OPT     := -O2 -g -ffp-contract=off $(if $(filter 1,$(SAN)),-fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
CPPFLAGS += -D_GNU_SOURCE -DCGNSIM_VERSION='"$(VERSION)"' -I. -I$(BUILD)/gen
CFLAGS  := $(WARN) $(OPT) $(CFLAGS)
LDFLAGS := $(if $(filter 1,$(SAN)),-fsanitize=address$(comma)undefined) $(LDFLAGS)
LIBS    := -lpcap -lcjson -lzstd -lpthread -lm
TESTLIBS := -lcmocka -lgsl -lgslcblas

# As many jobs as cores, unless the user says otherwise.
ifeq ($(findstring -j,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc)
endif

Q       := $(if $(filter 1,$(V)),,@)
say      = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' $(1) $(2))

FLOORS  := sim/base sim/engine sim/nat sim/scheme traffic analysis sim/world sim/scenario sim/command
SRC     := $(foreach f,$(FLOORS),$(wildcard $(f)/*.c))
GEN     := $(BUILD)/gen/plots.c
OBJ     := $(SRC:%.c=$(BUILD)/%.o) $(GEN:%.c=%.o)
LIB     := $(BUILD)/libcgnsim.a
PROGRAM := $(BUILD)/cgnsim
TESTSRC := $(wildcard tests/*/test_*.c)
TESTS   := $(TESTSRC:%.c=$(BUILD)/%)

.PHONY: all run test test-long setup install clean fuzz bench bench-million
.DELETE_ON_ERROR:
.SECONDARY:

all: $(PROGRAM)

# Once: a stamp, made again when the list of packages changes.
SETUP   := build/setup.stamp
setup: $(SETUP)
$(SETUP): packages.txt setup.sh
	$(Q)./setup.sh && mkdir -p $(@D) && touch $@

$(PROGRAM): $(BUILD)/sim/main.o $(LIB)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

$(LIB): $(OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/%.o: %.c | $(SETUP)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/gen/%.o: $(BUILD)/gen/%.c | $(SETUP)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# The gnuplot scripts, as text inside the program, so that it needs no files beside it.
$(GEN): $(sort $(wildcard analysis/plots/*.gp)) analysis/plots/embed.sh
	$(call say,EMBED,$@)
	$(Q)mkdir -p $(@D) && sh analysis/plots/embed.sh $(filter %.gp,$^) > $@

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(LIB)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(TESTLIBS) $(LIBS)

run: $(PROGRAM)
	$(PROGRAM) run scenarios/quickstart.json -o results/quickstart --force

# What every change must pass; scripts are given the program by name.
test: $(PROGRAM) $(TESTS)
	$(Q)sh tests/floors.sh
	$(Q)CGNSIM=$(PROGRAM) sh tests/run.sh $(TESTS) $(sort $(wildcard tests/*/test_*.sh))

# Fuzzers need clang: libFuzzer with both sanitizers. FUZZ_SECONDS each.
FUZZ_SECONDS ?= 10
FUZZ    := $(patsubst %.c,build/fuzz/%,$(notdir $(wildcard tests/fuzz/fuzz_*.c)))
FUZZLIB := $(SRC:%.c=build/fuzz/%.o) build/fuzz/gen/plots.o
FUZZCC  := clang $(WARN) -O1 -g -ffp-contract=off -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined \
           -Wno-string-conversion

build/fuzz/%.o: %.c | $(SETUP)
	$(call say,FUZZCC,$<)
	$(Q)mkdir -p $(@D) && $(FUZZCC) $(CPPFLAGS) -MMD -MP -c -o $@ $<

build/fuzz/gen/plots.o: $(GEN)
	$(Q)mkdir -p $(@D) && $(FUZZCC) $(CPPFLAGS) -c -o $@ $<

build/fuzz/libcgnsim.a: $(FUZZLIB)
	$(Q)rm -f $@ && ar rcs $@ $^

build/fuzz/fuzz_%: build/fuzz/tests/fuzz/fuzz_%.o build/fuzz/libcgnsim.a
	$(call say,LINK,$@)
	$(Q)clang -fsanitize=fuzzer,address,undefined -o $@ $^ $(LIBS)

fuzz: $(FUZZ)
	$(Q)sh tests/fuzz/run.sh $(FUZZ_SECONDS) $(FUZZ)

# The speed of what it exists for, beside its peers: see bench/README.md. Neither `all` nor `test` needs it.
BENCH   := $(BUILD)/bench/bench
NS3     := $(wildcard /usr/include/ns3/scheduler.h)

bench: $(PROGRAM) $(BENCH) $(if $(NS3),$(BUILD)/bench/hold_ns3)
	$(Q)$(BENCH) $(BUILD)

bench-million: $(PROGRAM) $(BENCH)
	$(Q)$(BENCH) $(BUILD) million

$(BENCH): $(patsubst %.c,$(BUILD)/%.o,$(wildcard bench/*.c)) $(LIB)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

# Of libns3's licence: a program of its own, with nothing of ours but a header.
$(BUILD)/bench/hold_ns3: bench/hold_ns3.cc bench/hold.h
	$(call say,CXX,$@)
	$(Q)mkdir -p $(@D) && $(CXX) -std=c++17 -O2 -Wall -Wextra -Werror -o $@ $< -lns3-core

clean:
	$(Q)rm -rf build

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
