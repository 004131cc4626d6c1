import DiffusionCheckpoints
import DiffusionImages
import DiffusionScoring
import Foundation
import TensorCore
import TestSupport
import Testing

/// The weights that people have, against PyTorch: run by `Checks/score-features.py`, which prepares a folder.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["SCORE_CHECK"] != nil), .serialized)
struct InceptionReferenceTests {
  private let folder = ProcessInfo.processInfo.environment["SCORE_CHECK"] ?? ""

  /// The largest difference, as a part of the largest value.
  private func difference(_ found: Tensor, _ expected: Tensor) -> Float {
    zip(found.values, expected.values).reduce(0) { max($0, abs($1.0 - $1.1)) } / expected.largestMagnitude
  }

  @Test(arguments: ["default_1.pt", "pytorch-fid.pth", "pytorch-fid.safetensors"])
  func featuresAgree(weights: String) throws {
    let network = try InceptionNetwork(path: "\(folder)/\(weights)")
    let state = try StateDict.read(path: "\(folder)/reference.safetensors")
    func reference(_ name: String) throws -> Tensor {
      try state.tensor(name, shape: try #require(state.shape(of: name)))
    }
    #expect(network.hasLogits == weights.hasPrefix("pytorch-fid"))
    for resizing in InceptionResizing.allCases {
      var worst: [String: Float] = [:]
      for i in 0..<state.names.filter({ $0.hasPrefix("picture.") }).count {
        let pixels = try reference("picture.\(i)")
        let picture = Picture(
          width: pixels.shape[1], height: pixels.shape[0], channels: 3, pixels: pixels.values.map { UInt8($0) })
        let found = network(resizing([picture]))
        for (tensor, name) in [(found.pool, "pool"), (found.spatial, "spatial"), (found.logits, "logits")] {
          guard let tensor else { continue }
          let found = difference(tensor, try reference("\(resizing.rawValue).\(name).\(i)"))
          worst[name] = max(worst[name] ?? 0, found)
          #expect(found < 1e-4, "\(weights), \(resizing), \(name) of picture \(i)")
        }
      }
      let text = worst.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
      print("score-check: \(weights), \(resizing.rawValue): \(text)")
    }
  }

  /// Prints the milliseconds that a picture of 32×32 takes on two threads, resizing included.
  @Test func time() throws {
    let count = Int(ProcessInfo.processInfo.environment["SCORE_CHECK_PICTURES"] ?? "") ?? 200
    let network = try InceptionNetwork(path: "\(folder)/default_1.pt")
    let pixels = (0..<32 * 32 * 3).map { UInt8(truncatingIfNeeded: $0 &* 7919 >> 3) }
    let batch = [Picture](repeating: Picture(width: 32, height: 32, channels: 3, pixels: pixels), count: 8)
    let threads = ThreadPool.shared.threads
    ThreadPool.shared.threads = 2
    defer { ThreadPool.shared.threads = threads }
    _ = network(InceptionResizing.torch(batch))
    let start = Date()
    for _ in 0..<(count + 7) / 8 { _ = network(InceptionResizing.torch(batch)) }
    let each = Date().timeIntervalSince(start) * 1000 / Double((count + 7) / 8 * 8)
    print("score-check: \(each) ms")
  }
}
