# `make help` lists what can be made.

PREFIX ?= /usr/local
SWIFT ?= swift
PYTHON ?= python3
# Set by CI: warnings are errors there.
SWIFT_FLAGS ?=
# The standard library is linked in, so that the binary needs nothing beside it but libpng, its zlib and the C library.
BUILD = $(SWIFT) build -c release --static-swift-stdlib $(SWIFT_FLAGS)
# Tests run against optimised code, in a folder of their own because they are compiled with other flags.
TEST = $(SWIFT) test -c release -Xswiftc -enable-testing --scratch-path .build-test $(SWIFT_FLAGS)
SAMPLE = .build/release/sample
TRAIN = .build/release/train
# How often batch-check and train-check kill a run (200 and 20 times if it is not said), and how many images batch-check draws.
KILLS ?=
IMAGES ?= 10000
# Of how many allocations failure-check lets one fail (1 if it is not said).
EVERY ?=
# What is installed under PREFIX/bin and PREFIX/share.
PROGRAMS = sample train
SHARED = $(foreach program,$(PROGRAMS),man/man1/$(program).1 bash-completion/completions/$(program) \
  zsh/site-functions/_$(program) fish/vendor_completions.d/$(program).fish)
APT_GET = $$(test "$$(id -u)" = 0 || echo sudo) apt-get

.PHONY: help build demo test lint graph format docs bench bench-peers bench-training bench-families bench-operations digits digits-classifier emoji-classifier same-bytes isa-check \
  count-check arm64 arm64-check batch-check train-check soak sanitize failure-check pngsuite-check data-check reader-check score-check score-time slurm-check embedding-check zoo-check fuzz published-check shared install \
  uninstall dist install-check clean libpng

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: libpng ## build the release binaries, .build/release/sample and .build/release/train
	$(BUILD) --product sample
	$(BUILD) --product train

demo: build ## build, then draw img.png with the embedded model
	$(SAMPLE) --steps 50 --out img.png

test: libpng build ## run all tests
	SAMPLE_BINARY="$(CURDIR)/$(SAMPLE)" $(TEST)

lint: ## check the formatting, the layers of modules, the length of files and lines, and the shell scripts
	python3 Tests/Checks/module_graph.py --check
	$(SWIFT) format lint --strict --recursive Package.swift Sources Tests Examples
	@if command -v shellcheck > /dev/null; then shellcheck .ci/run Tests/Checks/*.sh Tests/Fuzz/*.sh Tests/Zoo/*.sh Examples/*.sh Examples/*/*.sh \
	  Examples/slurm/sample.sbatch; \
	else echo "shellcheck is not installed: shell scripts were not checked (apt-get install shellcheck)"; fi

format: ## format all Swift sources
	$(SWIFT) format --in-place --recursive Package.swift Sources Tests Examples

bench: build ## measure the embedded model's forward pass (sample bench --help: any model's)
	$(SAMPLE) bench

bench-peers: build ## compare with PyTorch, ONNX Runtime, OpenVINO and ncnn, from PyPI (about half an hour)
	Examples/benchmark/run.sh

# The embedded model's recipe: MNIST=FOLDER that holds mnist-train.npz (images uint8 [N,28,28], labels). The learning rate falls
# slowly for 3,500 steps, as if to reach 0 after 8,000, and then faster, to reach it after 5,000.
DIGITS = .build/digits
digits: build ## train the embedded model of handwritten digits anew, into .build/digits (MNIST=FOLDER; 50 minutes with AVX2)
	@test -n "$(MNIST)" || { echo "type make digits MNIST=FOLDER, where mnist-train.npz lies"; exit 1; }
	$(TRAIN) --data "$(MNIST)/mnist-train.npz" --image-size 28 --in-channels 1 --num-channels 32 --num-res-blocks 1 \
	  --channel-mult 1,2,2 --attention-resolutions 14,7 --num-heads 4 --noise-schedule cosine \
	  --rescale-timesteps False --predict-xstart True --sigma-small True --class-cond True --null-class 0.1 \
	  --batch-size 64 --lr 1e-3 --lr-anneal-steps 8000 --warm-up 200 --clip-gradients 1 --ema-rate 0.999,0.9995 \
	  --log-interval 50 --save-interval 500 --sample-interval 1000 --seed 1 --progress plain --steps 3500 --out $(DIGITS)
	$(TRAIN) --resume $(DIGITS) --steps 5000 --lr-anneal-steps 5000
	$(SAMPLE) convert $(DIGITS)/ema_0.999_005000.safetensors $(DIGITS)/digits.pt
	cp Sources/EmbeddedModel/digits.json $(DIGITS)/digits.pt.json
	$(SAMPLE) convert $(DIGITS)/digits.pt $(DIGITS)/digits.safetensors

# The fixed classifiers by whose features digits and emoji are scored, float16. They are trained briefly, as the features of longer training
# say little but the class.
CLASSIFIER = $(TRAIN) --classifier True --noised False --num-channels 32 --num-head-channels 32 --channel-mult 1,1,2 --num-res-blocks 1 \
  --batch-size 64 --lr 1e-3 --weight-decay 0.05 --seed 1
digits-classifier: build ## train Examples/digits/classifier.safetensors anew, into .build (MNIST=FOLDER; 2 minutes)
	@test -n "$(MNIST)" || { echo "type make digits-classifier MNIST=FOLDER, where mnist-train.npz lies"; exit 1; }
	$(CLASSIFIER) --data "$(MNIST)/mnist-train.npz" --image-size 28 --attention-resolutions 7 --warm-up 100 --steps 1500 --lr-anneal-steps 1500 \
	  --out .build/digits-classifier
	$(SAMPLE) convert --half .build/digits-classifier .build/digits-classifier/classifier.safetensors

emoji-classifier: build ## train Examples/emoji/classifier.safetensors anew, into .build (DATA=FOLDER; 1 minute)
	@test -n "$(DATA)" || { echo "type make emoji-classifier DATA=FOLDER, where emoji32.npz lies"; exit 1; }
	$(CLASSIFIER) --data "$(DATA)/emoji32.npz" --image-size 32 --attention-resolutions 8 --warm-up 50 --steps 500 --lr-anneal-steps 500 --flip True \
	  --dropout 0.1 --out .build/emoji-classifier
	$(SAMPLE) convert --half .build/emoji-classifier .build/emoji-classifier/classifier.safetensors

bench-training: build ## compare steps of training with PyTorch's, from PyPI (some minutes)
	Examples/benchmark/run-training.sh

bench-operations: ## compare operations of some families' networks with PyTorch, from PyPI (two minutes)
	Examples/benchmark/run-operations.sh

bench-families: build ## compare the families' networks with their own code (CHECKOUTS=FOLDER for those not on PyPI; half an hour)
	Examples/benchmark/run-families.sh $(if $(CHECKOUTS),--checkouts "$(abspath $(CHECKOUTS))")

isa-check: build ## check that old CPUs run the binary (needs qemu-user and netpbm)
	Tests/Checks/isa-check.sh $(SAMPLE)

graph: ## draw how the modules build on one another into Sources/README.md
	python3 Tests/Checks/module_graph.py --write

same-bytes: build ## compare what another build's programs write with what these do (OLD=FOLDER with its sample and train)
	@test -n "$(OLD)" || { echo "type make same-bytes OLD=FOLDER, with the sample and train to compare with"; exit 1; }
	Tests/Checks/same-bytes.sh "$(OLD)" .build/release

embedding-check: ## build and run Examples/embedding, a package that depends on this one by version (some minutes)
	Examples/embedding/check.sh

zoo-check: build ## compare with diffusers, from PyPI, on two hundred folders as its users hold them (some minutes)
	Tests/Zoo/run.sh $(SAMPLE) .build/zoo

count-check: build ## check how many instructions a forward pass takes (needs valgrind)
	Tests/Checks/instruction-count.sh $(SAMPLE)

arm64: ## compile both programs for arm64, into .build/arm64/release (as root; needs mmdebstrap; 6 GB, five minutes)
	Tests/Checks/arm64-build.sh

arm64-check: build ## run the programs for arm64 under QEMU, and compare (after make arm64; needs qemu-user, pngcheck, a C compiler)
	Tests/Checks/arm64-check.sh $(SAMPLE)

batch-check: build ## kill runs, draw parts and ten thousand images (KILLS, IMAGES; needs pngcheck, exiftool, imagemagick)
	Tests/Checks/batch-check.sh $(SAMPLE) $(or $(KILLS),200) $(IMAGES)

train-check: build ## kill training at random moments, go on, and compare with a run left alone (KILLS)
	Tests/Checks/train-check.sh $(TRAIN) $(SAMPLE) $(KILLS)

soak: build ## kill sampling and training a thousand times at random moments, go on, and compare (a quarter of an hour)
	Tests/Checks/batch-check.sh $(SAMPLE) 500 $(IMAGES)
	Tests/Checks/train-check.sh $(TRAIN) $(SAMPLE) 334

# The program that tests run is sanitized too. ThreadSanitizer makes the inner loops some hundred times slower: it is spared the tests that
# take longest, which use no threads that others do not.
SANITIZERS = address thread
sanitize: libpng ## run the tests under AddressSanitizer and ThreadSanitizer (SANITIZERS, SUITES; nearly an hour)
	set -e; for sanitizer in $(SANITIZERS); do \
	  build=.build-$$sanitizer; \
	  flags="-c release --sanitize=$$sanitizer --scratch-path $$build -Xswiftc -enable-testing $(SWIFT_FLAGS)"; \
	  $(SWIFT) build $$flags --product sample; \
	  $(SWIFT) build $$flags --build-tests; \
	  clang -O1 -Wall -Wextra -Werror -shared -fPIC -o $$build/visible-mutexes.so Tests/Checks/visible-mutexes.c -ldl; \
	  export SAMPLE_BINARY="$(CURDIR)/$$build/release/sample"; \
	  export LSAN_OPTIONS="suppressions=$(CURDIR)/Tests/Checks/leaks-of-libraries.txt:print_suppressions=0"; \
	  if [ $$sanitizer = thread ]; then LD_PRELOAD="$(CURDIR)/$$build/visible-mutexes.so" $(SWIFT) test $$flags --skip-build \
	    $(if $(SUITES),--filter "$(SUITES)") --skip drawsTheOriginalsPixels --skip picturesComeBack --skip anyNumberOfSteps --skip longWords; \
	  else $(SWIFT) test $$flags --skip-build $(if $(SUITES),--filter "$(SUITES)"); fi; done

failure-check: build ## let every system call and allocation of small runs fail once (EVERY: only each so-many-th allocation; needs netpbm, libturbojpeg0)
	Tests/Checks/failure-check.sh $(SAMPLE) $(TRAIN) $(EVERY)

pngsuite-check: build ## read the pictures that libpng and libspng are tested with, PngSuite's among them (needs netpbm, Debian's sources)
	Tests/Checks/pngsuite-check.sh $(SAMPLE) .build/pngsuite env SAMPLE_BINARY="$(CURDIR)/$(SAMPLE)" $(TEST) --filter PNGSuiteTests

data-check: build ## train on a folder as people have them (needs python3-pil, python3-numpy, libturbojpeg0)
	PYTHON="$(PYTHON)" Tests/Checks/data-check.sh $(TRAIN) $(SAMPLE)

reader-check: build ## measure reading JPEGs of 256x256 pixels beside a step of training (PICTURES, 60000; needs python3-pil, libturbojpeg0)
	$(PYTHON) Tests/Checks/reader-check.py $(TRAIN) $(or $(PICTURES),60000)

score-check: build ## compare scores with pytorch-fid, clean-fid and torch-fidelity, from PyPI (DATA, the folder of mnist-*.npz and emoji32.npz; an hour)
	Tests/Checks/score-check.sh score-check.py $(SAMPLE) .build/score $(DATA)

score-time: build ## time the scoring of 10,000 pictures beside pytorch-fid, from PyPI (DATA, the folder of mnist-test.npz; half an hour)
	Tests/Checks/score-check.sh score-time.py $(SAMPLE) .build/score $(DATA)

slurm-check: build ## draw a run as an array of a real Slurm and kill a node (needs slurmctld, slurmd, munge, and root)
	Tests/Checks/slurm-check.sh $(SAMPLE)

# libFuzzer and the sanitizers come with the toolchain, whose own linker is the one that can link them. Undefined behaviour in C is a
# trap, as Swift's own is.
FUZZ_FLAGS = --sanitize=address -Xswiftc -sanitize=fuzzer -Xcc -fsanitize=fuzzer-no-link -Xcc -fsanitize=undefined \
  -Xcc -fsanitize-trap=undefined -Xswiftc -enable-testing -Xswiftc -use-ld=lld
fuzz: build ## feed all readers with what libFuzzer makes up, under sanitizers (FUZZ_SECONDS for each of them, 60)
	FUZZ=1 $(SWIFT) build -c release --product fuzz --scratch-path .build-fuzz $(FUZZ_FLAGS) $(SWIFT_FLAGS)
	Tests/Fuzz/fuzz.sh .build-fuzz/release/fuzz $(SAMPLE) $(TRAIN)

published-check: build ## use random models of the published shapes, at full size (several minutes, 3 GB of disk)
	python3 Tests/Checks/published-check.py $(SAMPLE)

# What other packages can import, and whose public symbols are documented. docc lies beside swift in the toolchain; the symbols are read from
# the modules that were built, which takes seconds. Pictures in the catalogue are links to those of Examples, which docc would copy as links.
DOCUMENTED = Sampling DiffusionTraining DiffusionScoring TensorCore DiffusionCore DiffusionModels DiffusionOutput DiffusionImages DiffusionCheckpoints \
  DiffusionFiles DiffusionBytes KernelTable
C_MODULES = $(foreach name,CDiffusionDigits CDiffusionJPEG CDiffusionPNG CDiffusionProcessor,.build/release/$(name).build/module.modulemap) \
  Sources/libpng/module.modulemap Sources/zlib/module.modulemap
TOOLCHAIN = $(shell $(SWIFT) -print-target-info | sed -n 's|.*"runtimeResourcePath": "\(.*\)/lib/swift".*|\1/bin|p')
docs: build ## build the documentation of the library and the programs into .build/docs; it must have no warnings
	rm -rf .build/symbols .build/sample.docc .build/docs
	mkdir -p .build/symbols
	cp -RL Documentation/sample.docc .build/sample.docc
	set -e; target=$$($(SWIFT) -print-target-info | sed -n 's/.*"triple": "\(.*\)",/\1/p' | head -n 1); \
	for module in $(DOCUMENTED); do \
	  $(TOOLCHAIN)/swift-symbolgraph-extract -module-name $$module -target $$target -I .build/release/Modules -output-dir .build/symbols \
	    -module-cache-path .build/release/ModuleCache -minimum-access-level public $(C_MODULES:%=-Xcc -fmodule-map-file=%); done
	$(TOOLCHAIN)/docc convert .build/sample.docc --additional-symbol-graph-dir .build/symbols --output-path .build/docs \
	  --fallback-display-name sample --fallback-bundle-identifier sample --fallback-default-module-kind Module --warnings-as-errors
	@echo "python3 -m http.server --directory .build/docs 8000   # then open http://localhost:8000/documentation/sample"

# Beside the binaries, which print them themselves, so that they are of their version.
shared: build
	mkdir -p $(addprefix .build/share/,$(dir $(SHARED)))
	$(SAMPLE) man > .build/share/man/man1/sample.1
	$(SAMPLE) completions bash > .build/share/bash-completion/completions/sample
	$(SAMPLE) completions zsh > .build/share/zsh/site-functions/_sample
	$(SAMPLE) completions fish > .build/share/fish/vendor_completions.d/sample.fish
	$(TRAIN) --man > .build/share/man/man1/train.1
	$(TRAIN) --completions bash > .build/share/bash-completion/completions/train
	$(TRAIN) --completions zsh > .build/share/zsh/site-functions/_train
	$(TRAIN) --completions fish > .build/share/fish/vendor_completions.d/train.fish

install: shared ## install the binaries, their manual pages and completions under PREFIX (/usr/local)
	set -e; for program in $(PROGRAMS); do \
	  install -D -s -m 755 ".build/release/$$program" "$(DESTDIR)$(PREFIX)/bin/$$program"; done
	set -e; for file in $(SHARED); do \
	  install -D -m 644 ".build/share/$$file" "$(DESTDIR)$(PREFIX)/share/$$file"; done

uninstall: ## remove what install has put under PREFIX
	for program in $(PROGRAMS); do rm -f "$(DESTDIR)$(PREFIX)/bin/$$program"; done
	for file in $(SHARED); do rm -f "$(DESTDIR)$(PREFIX)/share/$$file"; done

# The same binaries make the same bytes, whoever packs it and when.
dist: build ## pack what install installs, README, SECURITY and LICENSE into .build/sample-VERSION-linux-ARCH.tar.gz
	set -e; name=sample-$$($(SAMPLE) --version | cut -d ' ' -f 2)-linux-$$(uname -m); \
	rm -rf .build/dist; \
	$(MAKE) install DESTDIR="$(CURDIR)/.build/dist/" PREFIX="$$name"; \
	install -m 644 README.md SECURITY.md LICENSE ".build/dist/$$name"; \
	tar --create --directory=.build/dist --format=gnu --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 \
	  --mode=u+rwX,go+rX,go-w --file=".build/$$name.tar" "$$name"; \
	gzip --no-name --best --force ".build/$$name.tar"; \
	echo ".build/$$name.tar.gz"

install-check: build ## check what install and dist make (needs binutils and groff-base; zsh and fish if they are there)
	Tests/Checks/install-check.sh $(SAMPLE) $(TRAIN)

clean: ## remove everything that was built
	rm -rf .build .build-* Examples/benchmark/layer/.build

# Asked of whichever compiler there is: cc, or the clang of the Swift toolchain. libpng-dev brings zlib's headers.
libpng:
	@for compiler in cc clang; do $$compiler -E -include png.h -x c /dev/null > /dev/null 2>&1 && exit 0; done; \
	echo "libpng's headers are missing: installing libpng-dev"; $(APT_GET) update -q && $(APT_GET) install -y libpng-dev
