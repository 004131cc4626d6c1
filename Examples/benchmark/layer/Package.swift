// swift-tools-version: 6.2
import PackageDescription

// A program that uses the tensor core alone, as any other package can.
let package = Package(
  name: "layer",
  dependencies: [.package(name: "sample", path: "../../..")],
  targets: [.executableTarget(name: "layer", dependencies: [.product(name: "TensorCore", package: "sample")])],
  swiftLanguageModes: [.v6]
)
