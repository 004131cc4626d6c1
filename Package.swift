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

// Calls for memory that the programs make, and the Swift runtime in them, lead through Sources/CFaults/Memory.c.
let wrappedCalls = ["malloc", "calloc", "realloc", "_ZN5swift28swift_abortAllocationFailureEmm"]
let programLinkerSettings: [LinkerSetting] = [
  .unsafeFlags(wrappedCalls.flatMap { ["-Xlinker", "--wrap=\($0)"] }, .when(platforms: [.linux]))
]

let package = Package(
  name: "sample",
  products: [
    .executable(name: "sample", targets: ["sample"]),
    .executable(name: "train", targets: ["train"]),
    .library(name: "Diffusion", targets: ["Diffusion", "UNet", "Checkpoint", "TensorCore", "Zip"]),
    .library(name: "Training", targets: ["Training", "Autograd"]),
    .library(name: "TensorCore", targets: ["TensorCore"]),
  ],
  targets: kernelTargets + [
    .systemLibrary(
      name: "libpng", path: "Sources/libpng", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .target(name: "CPNG", dependencies: ["libpng"]),
    .systemLibrary(
      name: "zlib", path: "Sources/zlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .target(name: "EmbeddedModel"),
    .target(name: "KernelTable"),
    .target(
      name: "TensorCore", dependencies: ["KernelTable", "CProcessor"] + kernelNames, exclude: ["PERFORMANCE.md"]),
    .target(name: "CProcessor"),
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
    .target(name: "CFaults"),
    .target(name: "Console", dependencies: ["CFaults", "TensorCore", "KernelTable"]),
    .executableTarget(
      name: "sample",
      dependencies: [
        "CommandLineInterface", "Console", "Checkpoint", "UNet", "Diffusion", "Images", "EmbeddedModel", "TensorCore",
        "KernelTable", "Training", "Hash",
      ],
      linkerSettings: programLinkerSettings),
    .executableTarget(
      name: "train",
      dependencies: [
        "CommandLineInterface", "Console", "Checkpoint", "UNet", "Diffusion", "Images", "TensorCore", "Training",
      ],
      linkerSettings: programLinkerSettings),
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
