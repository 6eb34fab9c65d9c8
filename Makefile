# cgnsim: see README.md. Targets: run, test, test-long, conformance, mutants, coverage, bench, figures, fuzz, all, ns3, setup,
# install, clean. V=1 shows the commands. In a tree of its own each: SAN=1 builds with AddressSanitizer and UBSan, TSAN=1 with
# ThreadSanitizer, MPI=1 for many machines (build/mpi/cgnsim under mpirun).

CC      ?= cc
V       ?= 0
SAN     ?= 0
TSAN    ?= 0
MPI     ?= 0
VERSION := 0.1.0

comma   := ,
BUILD   := build$(if $(filter 1,$(SAN) $(TSAN) $(MPI)),/)$(if $(filter 1,$(SAN)),san)$(if $(filter 1,$(TSAN)),tsan)$(if $(filter 1,$(MPI)),mpi)
SANITIZE := $(if $(filter 1,$(SAN)),-fsanitize=address$(comma)undefined) $(if $(filter 1,$(TSAN)),-fsanitize=thread)
WARN    := -std=c11 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
# The program is optimised as a whole at its link, where the compiler can; tests link the same objects as they are.
LTO     := $(if $(strip $(SANITIZE)),,$(shell echo 'int x;' | $(CC) -xc -flto=auto -ffat-lto-objects -c -o /dev/null - \
             2>/dev/null && echo -flto=auto -ffat-lto-objects))
WHOLE   := $(if $(LTO),-O2 -flto=auto)
AR      := $(if $(LTO),gcc-ar,ar)
OPT     := -O2 -g -ffp-contract=off $(LTO) $(SANITIZE) $(if $(filter 1,$(SAN)),-fno-sanitize-recover=undefined -fno-omit-frame-pointer)
CPPFLAGS += -D_GNU_SOURCE -DCGNSIM_VERSION='"$(VERSION)"' -I. -I$(BUILD)/gen
ifeq ($(MPI),1)
CC      := $(or $(shell command -v mpicc),$(error MPI=1 needs mpicc: apt-get install libopenmpi-dev openmpi-bin))
CPPFLAGS += -DCGNSIM_MPI
endif
CFLAGS  := $(WARN) $(OPT) $(CFLAGS)
LDFLAGS := $(SANITIZE) $(LDFLAGS)
LIBS    := -lpcap -lnet -lcjson -lzstd -lz -llzma -lnettle -lgsl -lgslcblas -lpthread -lm
TESTLIBS := -lcmocka

# As many jobs as cores, unless the user says otherwise.
ifeq ($(findstring -j,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc)
endif

Q       := $(if $(filter 1,$(V)),,@)
say      = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' $(1) $(2))

FLOORS  := sim/base sim/engine sim/nat sim/scheme traffic analysis sim/world sim/scenario sim/study sim/command
SRC     := $(foreach f,$(FLOORS),$(wildcard $(f)/*.c))
GEN     := $(BUILD)/gen/plots.c $(BUILD)/gen/presets.c
OBJ     := $(SRC:%.c=$(BUILD)/%.o) $(GEN:%.c=%.o)
LIB     := $(BUILD)/libcgnsim.a
PROGRAM := $(BUILD)/cgnsim
TESTSRC := $(filter-out tests/ns3/%,$(wildcard tests/*/test_*.c))
TESTS   := $(TESTSRC:%.c=$(BUILD)/%)

.PHONY: all ns3 run test test-long conformance mutants coverage setup install figures clean fuzz bench bench-million bench-ns3
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
	$(Q)$(CC) $(WHOLE) $(LDFLAGS) -o $@ $^ $(LIBS)

$(LIB): $(OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/%.o: %.c | $(SETUP)
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/gen/%.o: $(BUILD)/gen/%.c | $(SETUP)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# The gnuplot scripts, as text inside the program, so that it needs no files beside it.
$(BUILD)/gen/plots.c: $(sort $(wildcard analysis/plots/*.gp)) analysis/plots/embed.sh
	$(call say,EMBED,$@)
	$(Q)mkdir -p $(@D) && sh analysis/plots/embed.sh $(filter %.gp,$^) > $@

$(BUILD)/gen/presets.c: $(sort $(wildcard scenarios/presets/*.json)) scenarios/presets/embed.sh
	$(call say,EMBED,$@)
	$(Q)mkdir -p $(@D) && sh scenarios/presets/embed.sh $(filter %.json,$^) > $@

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(LIB)
	$(call say,LINK,$@)
	$(Q)$(CC) $(if $(LTO),-fno-lto) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIB) $(TESTLIBS) $(LIBS)

# The NAT's model, and the storm that holds the two against each other.
STORM   := $(patsubst %.c,%.o,$(wildcard tests/model_*.c tests/storm*.c))
$(BUILD)/tests/nat/test_storm: $(addprefix $(BUILD)/,$(STORM))

# The packet world, for which ns-3 must be there: nothing else needs it. libns3 is GPL-2.0-only, so its programs are linked
# without $(LIBS). See docs/ns3.md.
NS3_MISSING := $(shell sh sim/ns3/missing.sh "$(CXX)")
NS3C    := $(BUILD)/libns3c.a
NS3LIBS := -lns3-internet-apps -lns3-csma -lns3-point-to-point -lns3-virtual-net-device -lns3-applications -lns3-internet -lns3-traffic-control \
           -lns3-network -lns3-core -lstdc++
# Beside them, of licences that may stand with libns3's (docs/ns3.md).
NS3OTHER := -lpcap -lcjson -lnettle -lzstd -lz -llzma -lpthread -ldl -lm
NS3PROGRAM := $(BUILD)/cgnsim-ns3
NS3WORLD := $(patsubst %.c,$(BUILD)/%.o,$(wildcard sim/ns3/*.c))
NS3EXAMPLES := $(patsubst %.c,$(BUILD)/%,$(wildcard examples/ns3/*.c))
NS3TESTS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/ns3/test_*.c))
CXXWARN := -std=c++17 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror

ifeq ($(NS3_MISSING),)
ns3: $(NS3C) $(NS3EXAMPLES) $(NS3PROGRAM)
TESTS   += $(NS3TESTS)
else
ns3:
	@echo "make ns3: $(NS3_MISSING)" >&2; exit 3
endif

$(BUILD)/%.o: %.cc | $(SETUP)
	$(call say,CXX,$<)
	$(Q)mkdir -p $(@D) && $(CXX) -I. $(CXXWARN) -O2 -g $(SANITIZE) $(CXXFLAGS) -MMD -MP -c -o $@ $<

$(NS3C): $(patsubst %.cc,$(BUILD)/%.o,$(wildcard sim/ns3/ns3c*.cc))
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# Of the library it takes what it needs, which is nothing that libns3's licence does not allow (tests/ns3/test_licence.sh).
$(NS3PROGRAM): $(BUILD)/sim/main_ns3.o $(NS3WORLD) $(LIB) $(NS3C)
	$(call say,LINK,$@)
	$(Q)$(CC) $(if $(LTO),-fno-lto) $(LDFLAGS) -o $@ $^ $(NS3LIBS) $(NS3OTHER)

$(BUILD)/examples/ns3/%: $(BUILD)/examples/ns3/%.o $(NS3C)
	$(call say,LINK,$@)
	$(Q)$(CC) $(if $(LTO),-fno-lto) $(LDFLAGS) -o $@ $^ $(NS3LIBS)

$(BUILD)/bench/ns3/%: $(BUILD)/bench/ns3/%.o $(NS3C)
	$(call say,LINK,$@)
	$(Q)$(CC) $(if $(LTO),-fno-lto) $(LDFLAGS) -o $@ $^ $(NS3LIBS)

bench-ns3: $(BUILD)/bench/ns3/flows
	$(BUILD)/bench/ns3/flows 100 600
	$(BUILD)/bench/ns3/flows 1000 60

$(BUILD)/tests/ns3/%: $(BUILD)/tests/ns3/%.o $(NS3WORLD) $(LIB) $(NS3C) | $(NS3EXAMPLES) $(NS3PROGRAM)
	$(call say,LINK,$@)
	$(Q)$(CC) $(if $(LTO),-fno-lto) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIB) $(NS3C) $(TESTLIBS) $(NS3LIBS) $(NS3OTHER)

run: $(PROGRAM)
	$(PROGRAM) run scenarios/quickstart.json -o results/quickstart --force

# What every change must pass; scripts are given the program by name.
test: $(PROGRAM) $(TESTS)
	$(Q)sh tests/floors.sh
	$(Q)CGNSIM=$(PROGRAM) sh tests/run.sh $(TESTS) $(sort $(wildcard tests/*/test_*.sh))

# What the RFCs ask, and what the tests say to it.
conformance: $(foreach t,$(TESTS),$(if $(findstring /test_rfc,$t),$t))
	$(Q)sh tests/conformance.sh $(BUILD) > $(BUILD)/conformance.md && mv $(BUILD)/conformance.md docs/conformance.md

# The NAT's tests on the NAT broken in one place at a time, and which of its lines they run. MUTANTS: files, all if empty.
NATTEST := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/nat/test_*.c)) $(addprefix $(BUILD)/,$(STORM))
MUTANTS ?=
mutants: $(LIB) $(NATTEST)
	$(Q)LIBS="$(TESTLIBS) $(LIBS)" sh tests/mutants.sh $(BUILD) $(shell nproc) $(MUTANTS)

coverage: $(LIB) $(NATTEST)
	$(Q)LIBS="$(TESTLIBS) $(LIBS)" sh tests/coverage.sh $(BUILD)

# Fuzzers need clang: libFuzzer with both sanitizers. FUZZ_SECONDS each.
FUZZ_SECONDS ?= 10
FUZZ    := $(patsubst %.c,build/fuzz/%,$(notdir $(wildcard tests/fuzz/fuzz_*.c)))
FUZZLIB := $(SRC:%.c=build/fuzz/%.o) build/fuzz/gen/plots.o build/fuzz/gen/presets.o
FUZZCC  := clang $(WARN) -O1 -g -ffp-contract=off -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined \
           -Wno-string-conversion

build/fuzz/%.o: %.c | $(SETUP)
	$(call say,FUZZCC,$<)
	$(Q)mkdir -p $(@D) && $(FUZZCC) $(CPPFLAGS) -MMD -MP -c -o $@ $<

build/fuzz/gen/%.o: $(BUILD)/gen/%.c
	$(Q)mkdir -p $(@D) && $(FUZZCC) $(CPPFLAGS) -c -o $@ $<

build/fuzz/libcgnsim.a: $(FUZZLIB)
	$(Q)rm -f $@ && ar rcs $@ $^

build/fuzz/fuzz_%: build/fuzz/tests/fuzz/fuzz_%.o build/fuzz/libcgnsim.a
	$(call say,LINK,$@)
	$(Q)clang -fsanitize=fuzzer,address,undefined -o $@ $(filter %.o,$^) build/fuzz/libcgnsim.a $(LIBS)

build/fuzz/fuzz_nat: $(addprefix build/fuzz/,$(STORM))

fuzz: $(FUZZ)
	$(Q)sh tests/fuzz/run.sh $(FUZZ_SECONDS) $(FUZZ)

# The speed of what it exists for, beside its peers: see bench/README.md. Neither `all` nor `test` needs it.
BENCH   := $(BUILD)/bench/bench
NS3     := $(wildcard /usr/include/ns3/scheduler.h)

bench: $(PROGRAM) $(BENCH) $(patsubst %,$(BUILD)/bench/good_%.so,single blocks ranges) $(if $(NS3),$(BUILD)/bench/hold_ns3)
	$(Q)$(BENCH) $(BUILD)

bench-million: $(PROGRAM) $(BENCH)
	$(Q)$(BENCH) $(BUILD) million

$(BENCH): $(patsubst %.c,$(BUILD)/%.o,$(wildcard bench/*.c)) $(LIB)
	$(call say,LINK,$@)
	$(Q)$(CC) $(WHOLE) $(LDFLAGS) -o $@ $^ $(LIBS)

# Plugins to measure.
$(BUILD)/bench/good_%.so: tests/plugins/good_%.c $(wildcard tests/plugins/*.h) include/cgnsim/scheme.h
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D) && $(CC) -std=gnu11 -O2 -Wall -Wextra -Werror -shared -fPIC -Iinclude -o $@ $<

# Of libns3's licence: a program of its own, with nothing of ours but a header.
$(BUILD)/bench/hold_ns3: bench/hold_ns3.cc bench/hold.h
	$(call say,CXX,$@)
	$(Q)mkdir -p $(@D) && $(CXX) -std=c++17 -O2 -Wall -Wextra -Werror -o $@ $< -lns3-core

# What takes longer: both sanitizers, ThreadSanitizer, each fuzzer for minutes, the quickstart within its bounds. The last
# result is committed as results/reference/test-long.txt.
LONG_FUZZ_SECONDS ?= 120
FITS    := $(addprefix $(BUILD)/tests/traffic/test_,law_fit host_fit mix)
test-long: $(PROGRAM) $(BUILD)/tests/nat/test_storm $(FITS)
	$(Q)$(MAKE) SAN=1 test
	$(Q)$(MAKE) TSAN=1 build/tsan/tests/world/test_trial
	$(Q)CGNSIM=$(PROGRAM) sh tests/run.sh build/tsan/tests/world/test_trial $(sort $(wildcard tests/long/*.sh))
	$(Q)$(MAKE) fuzz FUZZ_SECONDS=$(LONG_FUZZ_SECONDS)
	$(Q)$(MAKE) coverage mutants

# The committed results' figures and reports, and those of the documentation, from their tables.
figures: $(PROGRAM)
	$(Q)for run in results/reference/*/summary.json; do $(PROGRAM) report $${run%/*} --quiet || exit 1; done
	$(Q)for table in docs/figures/*.csv; do $(PROGRAM) report $$table || exit 1; done

PREFIX ?= /usr/local
install: $(PROGRAM)
	install -D -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/cgnsim
	[ ! -e $(NS3PROGRAM) ] || install -D -m 755 $(NS3PROGRAM) $(DESTDIR)$(PREFIX)/bin/cgnsim-ns3
	install -D -m 644 docs/cgnsim.1 $(DESTDIR)$(PREFIX)/share/man/man1/cgnsim.1
	install -D -m 644 completion/cgnsim.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/cgnsim
	install -D -m 644 include/cgnsim/scheme.h $(DESTDIR)$(PREFIX)/include/cgnsim/scheme.h
	install -d $(DESTDIR)$(PREFIX)/share/pkgconfig
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' cgnsim.pc.in > $(DESTDIR)$(PREFIX)/share/pkgconfig/cgnsim.pc
	chmod 644 $(DESTDIR)$(PREFIX)/share/pkgconfig/cgnsim.pc

clean:
	$(Q)rm -rf build

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
