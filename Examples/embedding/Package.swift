// swift-tools-version: 6.2
import PackageDescription

// A program that draws with the library, in a package of its own. In place of the URL, put the address that you clone
// the repository from.
let package = Package(
  name: "embedding",
  dependencies: [.package(url: "https://example.com/sample.git", .upToNextMinor(from: "0.9.0"))],
  targets: [.executableTarget(name: "embedding", dependencies: [.product(name: "Sampling", package: "sample")])],
  swiftLanguageModes: [.v6]
)
