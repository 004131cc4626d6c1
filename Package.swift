// swift-tools-version: 6.2
import PackageDescription

// This file is evaluated on the host; a cross build names its target in the environment (`make arm64` does).
#if arch(x86_64)
  let isX86 = Context.environment["TARGET_ARCHITECTURE"] ?? "x86_64" == "x86_64"
#else
  let isX86 = Context.environment["TARGET_ARCHITECTURE"] == "x86_64"
#endif

// The inner loops are compiled once per instruction set from one folder of sources; symbolic links give each build its
// own target. The choice among them is made at run time (Sources/TensorCore/Threads/KernelChoice.swift).
let instructionSets =
  isX86
  ? [
    (name: "Baseline", flags: ["-Xcc", "-march=x86-64"]),
    (name: "AVX2", flags: ["-Xcc", "-march=x86-64-v3"]),
    (name: "AVX512", flags: ["-Xcc", "-march=x86-64-v4", "-Xcc", "-mprefer-vector-width=512"]),
  ] : [(name: "Baseline", flags: [String]())]

let kernelTargets: [Target] = instructionSets.map { set in
  .target(
    name: "Kernels\(set.name)",
    dependencies: ["KernelTable", "CDiffusionProcessor"],
    path: "Sources/Kernels\(set.name)",
    swiftSettings: [
      .define("KERNELS_\(set.name.uppercased())"),
      // The threshold: loops over a tile's rows must unroll completely for the tile to live in registers.
      .unsafeFlags(
        ["-Ounchecked", "-enforce-exclusivity=unchecked", "-Xllvm", "-unroll-threshold=4000"] + set.flags),
    ])
}
let kernelNames: [Target.Dependency] = instructionSets.map { .init(stringLiteral: "Kernels\($0.name)") }

// With FUZZ=1 in the environment there is a program more, which feeds the readers (Tests/Fuzz); the sanitizers that it
// is compiled with have stricter checks than hardened C.
let isFuzzing = Context.environment["FUZZ"] != nil

// What Debian calls hardening, as far as it is not how everything is compiled anyway (position-independent, no
// executable stack): functions are looked up at the start, so that their addresses can be read-only from then on, and C
// watches over its stack.
let hardenedLinking = ["-z", "now"]
// Calls for memory that the programs make, and the Swift runtime in them, lead through Sources/CFaults/Memory.c.
let wrappedCalls = ["malloc", "calloc", "realloc", "_ZN5swift28swift_abortAllocationFailureEmm"].map { "--wrap=\($0)" }
let programLinkerSettings: [LinkerSetting] = [
  .unsafeFlags((hardenedLinking + wrappedCalls).flatMap { ["-Xlinker", $0] }, .when(platforms: [.linux]))
]
let hardenedC: [CSetting] =
  isFuzzing
  ? []
  : [.unsafeFlags(["-fstack-protector-strong"]), .define("_FORTIFY_SOURCE", to: "2", .when(configuration: .release))]

let fuzzTargets: [Target] =
  isFuzzing
  ? [
    .target(name: "CFuzz", path: "Tests/Fuzz/CFuzz"),
    .executableTarget(
      name: "fuzz",
      dependencies: [
        "CFuzz", "DiffusionCommandLine", "DiffusionOutput", "Sampling", "DiffusionTraining", "DiffusionCheckpoints",
        "DiffusionModels", "DiffusionCore", "DiffusionImages", "DiffusionBytes", "DiffusionPlatform", "TensorCore",
      ], path: "Tests/Fuzz", exclude: ["CFuzz", "README.md", "fuzz.sh", "seeds.py"]),
  ] : []

/// A module of the library: `DiffusionFiles` lies in `Sources/Files`.
/// The prefix keeps it apart from other packages' modules.
func module(_ folder: String, name: String? = nil, dependencies: [Target.Dependency], exclude: [String] = []) -> Target
{
  .target(
    name: name ?? "Diffusion\(folder)", dependencies: dependencies, path: "Sources/\(folder)", exclude: exclude)
}

func tests(_ folder: String, dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: "\(folder)Tests", dependencies: dependencies + ["TestSupport"])
}

let package = Package(
  name: "sample",
  // The interface: CONTRIBUTING.md says what of it semantic versioning covers.
  products: [
    .executable(name: "sample", targets: ["DiffusionSampleProgram"]),
    .executable(name: "train", targets: ["DiffusionTrainProgram"]),
    .library(name: "Sampling", targets: ["Sampling"]),
    .library(name: "DiffusionTraining", targets: ["DiffusionTraining"]),
    .library(name: "TensorCore", targets: ["TensorCore"]),
  ],
  targets: kernelTargets + fuzzTargets + [
    .systemLibrary(
      name: "CDiffusionLibPNG", path: "Sources/libpng", pkgConfig: "libpng",
      providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .systemLibrary(
      name: "CDiffusionZlib", path: "Sources/zlib", pkgConfig: "zlib",
      providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .target(
      name: "CDiffusionJPEG", path: "Sources/CJPEG", cSettings: hardenedC,
      linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
    .target(name: "CDiffusionPNG", dependencies: ["CDiffusionLibPNG"], path: "Sources/CPNG", cSettings: hardenedC),
    .target(name: "CDiffusionDigits", path: "Sources/EmbeddedModel"),
    .target(name: "CDiffusionProcessor", path: "Sources/CProcessor", cSettings: hardenedC),
    .target(name: "CDiffusionFaults", path: "Sources/CFaults", cSettings: hardenedC),
    .target(name: "KernelTable"),
    .target(
      name: "TensorCore", dependencies: ["KernelTable", "CDiffusionProcessor", "DiffusionPlatform"] + kernelNames,
      exclude: ["PERFORMANCE.md"]),
    module("Platform", dependencies: []),
    module("Text", dependencies: []),
    module("Bytes", dependencies: ["CDiffusionZlib", "DiffusionPlatform", "DiffusionText"]),
    module("Files", dependencies: ["DiffusionBytes", "DiffusionPlatform", "DiffusionText"]),
    module(
      "Checkpoint", name: "DiffusionCheckpoints",
      dependencies: ["TensorCore", "DiffusionBytes", "DiffusionFiles", "DiffusionPlatform", "DiffusionText"]),
    module("Diffusion", name: "DiffusionCore", dependencies: ["TensorCore", "DiffusionPlatform"]),
    module(
      "Models",
      dependencies: [
        "TensorCore", "DiffusionCheckpoints", "DiffusionCore", "DiffusionBytes", "DiffusionFiles", "DiffusionPlatform",
        "DiffusionText",
      ]),
    module(
      "Images",
      dependencies: [
        "CDiffusionPNG", "CDiffusionJPEG", "TensorCore", "DiffusionBytes", "DiffusionFiles", "DiffusionPlatform",
        "DiffusionText",
      ]),
    module(
      "Sampling", name: "Sampling",
      dependencies: [
        "TensorCore", "CDiffusionDigits", "DiffusionCheckpoints", "DiffusionCore", "DiffusionModels", "DiffusionImages",
        "DiffusionBytes", "DiffusionFiles", "DiffusionPlatform", "DiffusionText",
      ]),
    module(
      "Output",
      dependencies: [
        "Sampling", "TensorCore", "DiffusionCore", "DiffusionImages", "DiffusionBytes", "DiffusionFiles",
        "DiffusionPlatform", "DiffusionText",
      ]),
    module(
      "Scoring",
      dependencies: [
        "TensorCore", "KernelTable", "Sampling", "DiffusionTraining", "DiffusionModels", "DiffusionCore",
        "DiffusionCheckpoints", "DiffusionImages", "DiffusionFiles", "DiffusionBytes", "DiffusionPlatform",
        "DiffusionText",
      ]),
    module(
      "Training",
      dependencies: [
        "TensorCore", "KernelTable", "DiffusionModels", "DiffusionCore", "DiffusionCheckpoints", "DiffusionImages",
        "DiffusionFiles", "DiffusionBytes", "DiffusionPlatform", "DiffusionText",
      ]),
    module(
      "CommandLine",
      dependencies: [
        "Sampling", "DiffusionOutput", "DiffusionTraining", "DiffusionScoring", "DiffusionCore", "DiffusionModels",
        "DiffusionText",
      ]),
    module(
      "Terminal",
      dependencies: [
        "CDiffusionFaults", "TensorCore", "KernelTable", "DiffusionCore", "DiffusionImages", "DiffusionFiles",
        "DiffusionBytes", "DiffusionText", "DiffusionPlatform",
      ]),
    // A package that depends on this one may well have a target called train, and no two in a graph may share a name.
    .executableTarget(
      name: "DiffusionSampleProgram",
      dependencies: [
        "DiffusionCommandLine", "DiffusionTerminal", "Sampling", "DiffusionOutput", "DiffusionTraining",
        "DiffusionScoring", "DiffusionCheckpoints", "DiffusionModels", "DiffusionCore", "DiffusionImages",
        "DiffusionFiles", "DiffusionBytes", "DiffusionText", "DiffusionPlatform", "TensorCore", "KernelTable",
      ], path: "Sources/sample", linkerSettings: programLinkerSettings),
    .executableTarget(
      name: "DiffusionTrainProgram",
      dependencies: [
        "DiffusionCommandLine", "DiffusionTerminal", "Sampling", "DiffusionTraining", "DiffusionScoring",
        "DiffusionCheckpoints", "DiffusionModels", "DiffusionCore", "DiffusionImages", "DiffusionFiles",
        "DiffusionBytes", "DiffusionText", "DiffusionPlatform", "TensorCore",
      ], path: "Sources/train", linkerSettings: programLinkerSettings),
    .target(name: "TestSupport", dependencies: ["TensorCore", "DiffusionImages"], path: "Tests/TestSupport"),
    tests("TensorCore", dependencies: ["TensorCore", "DiffusionModels", "DiffusionCheckpoints"]),
    tests("Text", dependencies: ["DiffusionText"]),
    tests("Bytes", dependencies: ["DiffusionBytes"]),
    tests("Files", dependencies: ["DiffusionFiles"]),
    tests("Checkpoint", dependencies: ["DiffusionCheckpoints", "DiffusionModels", "TensorCore", "DiffusionBytes"]),
    tests(
      "Diffusion",
      dependencies: ["DiffusionCore", "DiffusionModels", "DiffusionCheckpoints", "CDiffusionDigits", "TensorCore"]),
    tests("Models", dependencies: ["DiffusionModels", "DiffusionCheckpoints", "TensorCore"]),
    tests("Images", dependencies: ["DiffusionImages", "DiffusionBytes", "DiffusionFiles", "TensorCore"]),
    tests("Terminal", dependencies: ["DiffusionTerminal", "DiffusionImages", "TensorCore"]),
    tests(
      "Training",
      dependencies: [
        "DiffusionTraining", "DiffusionModels", "DiffusionCore", "DiffusionCheckpoints", "DiffusionImages",
        "DiffusionFiles", "DiffusionBytes", "TensorCore",
      ]),
    tests(
      "Scoring",
      dependencies: [
        "DiffusionScoring", "DiffusionModels", "DiffusionCheckpoints", "DiffusionImages", "DiffusionFiles",
        "TensorCore",
      ]),
    tests(
      "Sampling",
      dependencies: [
        "Sampling", "DiffusionModels", "DiffusionCore", "DiffusionCheckpoints", "DiffusionImages", "TensorCore",
      ]),
    tests(
      "Output",
      dependencies: [
        "DiffusionOutput", "Sampling", "DiffusionCore", "DiffusionImages", "DiffusionFiles", "TensorCore",
      ]),
    tests(
      "CommandLine",
      dependencies: [
        "DiffusionCommandLine", "DiffusionText", "DiffusionOutput", "Sampling", "DiffusionCore", "DiffusionModels",
        "DiffusionTraining",
      ]),
    tests("Program", dependencies: ["DiffusionSampleProgram", "DiffusionImages", "DiffusionFiles", "TensorCore"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c2x
)
