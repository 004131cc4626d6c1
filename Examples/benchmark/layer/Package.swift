// swift-tools-version: 6.2
import PackageDescription

// Programs that use the tensor core alone, as any other package can.
let package = Package(
  name: "layer",
  dependencies: [.package(name: "sample", path: "../../..")],
  targets: [
    .target(name: "Measuring", dependencies: [.product(name: "TensorCore", package: "sample")]),
    .executableTarget(name: "layer", dependencies: ["Measuring"]),
    .executableTarget(name: "operation", dependencies: ["Measuring"]),
  ],
  swiftLanguageModes: [.v6]
)
