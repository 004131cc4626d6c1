// swift-tools-version: 6.2
import PackageDescription

// The inner loops are compiled once per instruction set from one folder of sources; symbolic links give each build its
// own target. The choice among them is made at run time (Sources/TensorCore/KernelChoice.swift).
#if arch(x86_64)
  let instructionSets = [
    (name: "Baseline", flags: ["-Xcc", "-march=x86-64"]),
    (name: "AVX2", flags: ["-Xcc", "-march=x86-64-v3"]),
    (name: "AVX512", flags: ["-Xcc", "-march=x86-64-v4", "-Xcc", "-mprefer-vector-width=512"]),
  ]
#else
  let instructionSets = [(name: "Baseline", flags: [String]())]
#endif

let kernelTargets: [Target] = instructionSets.map { set in
  .target(
    name: "Kernels\(set.name)",
    dependencies: ["KernelTable", "CProcessor"],
    path: "Sources/Kernels\(set.name)",
    swiftSettings: [
      .define("KERNELS_\(set.name.uppercased())"),
      // The threshold: loops over a tile's rows must unroll completely for the tile to live in registers.
      .unsafeFlags(
        ["-Ounchecked", "-enforce-exclusivity=unchecked", "-Xllvm", "-unroll-threshold=4000"] + set.flags),
    ])
}
let kernelNames: [Target.Dependency] = instructionSets.map { .init(stringLiteral: "Kernels\($0.name)") }

// With FUZZ=1 in the environment the two programs are libraries, for fuzzing to call what is in them, and what fuzzes them is the
// program (Tests/Fuzz).
let isFuzzing = Context.environment["FUZZ"] != nil

func program(_ name: String, dependencies: [Target.Dependency]) -> Target {
  isFuzzing
    ? .target(name: name, dependencies: dependencies, exclude: ["main.swift"])
    : .executableTarget(name: name, dependencies: dependencies, linkerSettings: programLinkerSettings)
}

// What Debian calls hardening, as far as it is not how everything is compiled anyway (position-independent, no executable stack):
// functions are looked up at the start, so that their addresses can be read-only from then on, and C watches over its stack.
let hardenedLinking = ["-z", "now"]
// Calls for memory that the programs make, and the Swift runtime in them, lead through Sources/CFaults/Memory.c.
let wrappedCalls = ["malloc", "calloc", "realloc", "_ZN5swift28swift_abortAllocationFailureEmm"].map { "--wrap=\($0)" }
let programLinkerSettings: [LinkerSetting] = [
  .unsafeFlags((hardenedLinking + wrappedCalls).flatMap { ["-Xlinker", $0] }, .when(platforms: [.linux]))
]
// Sanitizers have stricter checks of their own.
let hardenedC: [CSetting] =
  isFuzzing
  ? []
  : [.unsafeFlags(["-fstack-protector-strong"]), .define("_FORTIFY_SOURCE", to: "2", .when(configuration: .release))]

let programs: [Product] =
  isFuzzing
  ? [] : [.executable(name: "sample", targets: ["sample"]), .executable(name: "train", targets: ["train"])]
let fuzzTargets: [Target] =
  isFuzzing
  ? [
    .target(name: "CFuzz", path: "Tests/Fuzz/CFuzz"),
    .executableTarget(
      name: "fuzz",
      dependencies: [
        "CFuzz", "sample", "train", "CommandLineInterface", "Checkpoint", "UNet", "Diffusion", "Images", "Training",
        "TensorCore", "Zip",
      ], path: "Tests/Fuzz", exclude: ["CFuzz", "README.md", "fuzz.sh", "seeds.py"]),
  ] : []

let package = Package(
  name: "sample",
  products: programs + [
    .library(name: "Diffusion", targets: ["Diffusion", "UNet", "Checkpoint", "TensorCore", "Zip"]),
    .library(name: "Training", targets: ["Training", "Autograd"]),
    .library(name: "TensorCore", targets: ["TensorCore"]),
  ],
  targets: kernelTargets + fuzzTargets + [
    .systemLibrary(
      name: "libpng", path: "Sources/libpng", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .target(name: "CPNG", dependencies: ["libpng"], cSettings: hardenedC),
    .systemLibrary(
      name: "zlib", path: "Sources/zlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .target(name: "EmbeddedModel"),
    .target(name: "KernelTable"),
    .target(
      name: "TensorCore", dependencies: ["KernelTable", "CProcessor"] + kernelNames, exclude: ["PERFORMANCE.md"]),
    .target(name: "CProcessor", cSettings: hardenedC),
    .target(name: "Autograd", dependencies: ["TensorCore"]),
    .target(
      name: "Training",
      dependencies: ["TensorCore", "KernelTable", "Autograd", "UNet", "Diffusion", "Checkpoint", "Images"]),
    .target(name: "Hash"),
    .target(name: "Zip"),
    .target(name: "Checkpoint", dependencies: ["TensorCore", "Zip", "Hash"]),
    .target(name: "UNet", dependencies: ["TensorCore", "Checkpoint"]),
    .target(name: "Diffusion", dependencies: ["TensorCore"]),
    .target(name: "Images", dependencies: ["CPNG", "TensorCore", "Zip", "zlib"]),
    .target(name: "CommandLineInterface"),
    .target(name: "CFaults", cSettings: hardenedC),
    .target(name: "Console", dependencies: ["CommandLineInterface", "CFaults", "TensorCore", "KernelTable"]),
    program(
      "sample",
      dependencies: [
        "CommandLineInterface", "Console", "Checkpoint", "UNet", "Diffusion", "Images", "EmbeddedModel", "TensorCore",
        "KernelTable", "Training", "Hash",
      ]),
    program(
      "train",
      dependencies: [
        "CommandLineInterface", "Console", "Checkpoint", "UNet", "Diffusion", "Images", "TensorCore", "Training",
      ]),
    .target(name: "TestSupport", dependencies: ["TensorCore", "Images"], path: "Tests/TestSupport"),
    .testTarget(name: "TensorCoreTests", dependencies: ["TensorCore", "TestSupport"]),
    .testTarget(name: "AutogradTests", dependencies: ["Autograd", "UNet", "Checkpoint", "TensorCore", "TestSupport"]),
    .testTarget(
      name: "TrainingTests",
      dependencies: ["Training", "Autograd", "UNet", "Diffusion", "Checkpoint", "Images", "TensorCore", "TestSupport"]),
    .testTarget(name: "HashTests", dependencies: ["Hash"]),
    .testTarget(name: "ZipTests", dependencies: ["Zip"]),
    .testTarget(name: "CheckpointTests", dependencies: ["Checkpoint", "TensorCore", "Zip", "TestSupport"]),
    .testTarget(name: "UNetTests", dependencies: ["UNet", "Checkpoint", "TensorCore", "TestSupport"]),
    .testTarget(
      name: "DiffusionTests",
      dependencies: ["Diffusion", "UNet", "Checkpoint", "EmbeddedModel", "TensorCore", "TestSupport"]),
    .testTarget(name: "ImagesTests", dependencies: ["Images", "Zip", "TensorCore", "TestSupport"]),
    .testTarget(name: "CommandLineInterfaceTests", dependencies: ["CommandLineInterface"]),
    .testTarget(name: "SampleTests", dependencies: ["sample", "Images", "TensorCore", "TestSupport"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c2x
)
