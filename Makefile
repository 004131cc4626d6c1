# `make help` lists what can be made.

PREFIX ?= /usr/local
SWIFT ?= swift
# Set by CI: warnings are errors there.
SWIFT_FLAGS ?=
# The standard library is linked in, so that the binary needs nothing beside it but libpng, its zlib and the C library.
BUILD = $(SWIFT) build -c release --static-swift-stdlib $(SWIFT_FLAGS)
# Tests run against optimised code, in a folder of their own because they are compiled with other flags.
TEST = $(SWIFT) test -c release -Xswiftc -enable-testing --scratch-path .build-test $(SWIFT_FLAGS)
SAMPLE = .build/release/sample
# How often batch-check kills a run, and how many images it draws.
KILLS ?= 200
IMAGES ?= 10000
# What is installed under PREFIX/share.
SHARED = man/man1/sample.1 bash-completion/completions/sample zsh/site-functions/_sample \
  fish/vendor_completions.d/sample.fish
APT_GET = $$(test "$$(id -u)" = 0 || echo sudo) apt-get

.PHONY: help build demo test lint format bench bench-peers bench-training isa-check count-check batch-check \
  slurm-check published-check shared install uninstall dist install-check clean libpng

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: libpng ## build the release binary, .build/release/sample
	$(BUILD) --product sample

demo: build ## build, then draw img.png with the embedded model
	$(SAMPLE) --steps 50 --out img.png

test: libpng build ## run all tests
	SAMPLE_BINARY="$(CURDIR)/$(SAMPLE)" $(TEST)

lint: ## check the formatting and the shell scripts
	$(SWIFT) format lint --strict --recursive Package.swift Sources Tests Examples
	@if command -v shellcheck > /dev/null; then shellcheck .ci/run Tests/*.sh Examples/*.sh Examples/*/*.sh \
	  Examples/slurm/sample.sbatch; \
	else echo "shellcheck is not installed: shell scripts were not checked (apt-get install shellcheck)"; fi

format: ## format all Swift sources
	$(SWIFT) format --in-place --recursive Package.swift Sources Tests Examples

bench: build ## measure the embedded model's forward pass (sample bench --help: any model's)
	$(SAMPLE) bench

bench-peers: build ## compare with PyTorch, ONNX Runtime, OpenVINO and ncnn, from PyPI (about half an hour)
	Examples/benchmark/run.sh

bench-training: build ## compare steps of training with PyTorch's, from PyPI (some minutes)
	Examples/benchmark/run-training.sh

isa-check: build ## check that old CPUs run the binary (needs qemu-user and netpbm)
	Tests/isa-check.sh $(SAMPLE)

count-check: build ## check how many instructions a forward pass takes (needs valgrind)
	Tests/instruction-count.sh $(SAMPLE)

batch-check: build ## kill runs, draw parts and ten thousand images (KILLS, IMAGES; needs pngcheck, exiftool, imagemagick)
	Tests/batch-check.sh $(SAMPLE) $(KILLS) $(IMAGES)

slurm-check: build ## draw a run as an array of a real Slurm and kill a node (needs slurmctld, slurmd, munge, and root)
	Tests/slurm-check.sh $(SAMPLE)

published-check: build ## use random models of the published shapes, at full size (several minutes, 3 GB of disk)
	python3 Tests/published-check.py $(SAMPLE)

# Beside the binary, which prints them itself, so that they are of its version.
shared: build
	mkdir -p $(addprefix .build/share/,$(dir $(SHARED)))
	$(SAMPLE) man > .build/share/man/man1/sample.1
	$(SAMPLE) completions bash > .build/share/bash-completion/completions/sample
	$(SAMPLE) completions zsh > .build/share/zsh/site-functions/_sample
	$(SAMPLE) completions fish > .build/share/fish/vendor_completions.d/sample.fish

install: shared ## install the binary, its manual page and completions under PREFIX (/usr/local)
	install -D -s -m 755 $(SAMPLE) "$(DESTDIR)$(PREFIX)/bin/sample"
	set -e; for file in $(SHARED); do \
	  install -D -m 644 ".build/share/$$file" "$(DESTDIR)$(PREFIX)/share/$$file"; done

uninstall: ## remove what install has put under PREFIX
	rm -f "$(DESTDIR)$(PREFIX)/bin/sample"
	for file in $(SHARED); do rm -f "$(DESTDIR)$(PREFIX)/share/$$file"; done

# The same binary makes the same bytes, whoever packs it and when.
dist: build ## pack what install installs, README and LICENSE into .build/sample-VERSION-linux-ARCH.tar.gz
	set -e; name=sample-$$($(SAMPLE) --version | cut -d ' ' -f 2)-linux-$$(uname -m); \
	rm -rf .build/dist; \
	$(MAKE) install DESTDIR="$(CURDIR)/.build/dist/" PREFIX="$$name"; \
	install -m 644 README.md LICENSE ".build/dist/$$name"; \
	tar --create --directory=.build/dist --format=gnu --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 \
	  --mode=u+rwX,go+rX,go-w --file=".build/$$name.tar" "$$name"; \
	gzip --no-name --best --force ".build/$$name.tar"; \
	echo ".build/$$name.tar.gz"

install-check: build ## check what install and dist make (needs binutils and groff-base; zsh and fish if they are there)
	Tests/install-check.sh $(SAMPLE)

clean: ## remove everything that was built
	rm -rf .build .build-test

# Asked of whichever compiler there is: cc, or the clang of the Swift toolchain. libpng-dev brings zlib's headers.
libpng:
	@for compiler in cc clang; do $$compiler -E -include png.h -x c /dev/null > /dev/null 2>&1 && exit 0; done; \
	echo "libpng's headers are missing: installing libpng-dev"; $(APT_GET) update -q && $(APT_GET) install -y libpng-dev
