import DiffusionImages
import DiffusionModels
import Foundation
import TensorCore
import TestSupport
import Testing

/// Outputs of larger networks of denoising-diffusion-pytorch, whose files lie beside the repository where they were
/// made.
struct LucidrainsReferenceTests {
  private static let beside = Fixture.path("../../../shared/reference/families/lucidrains")

  @Test(
    .enabled(if: FileManager.default.fileExists(atPath: beside)),
    arguments: [
      "v0.25.3", "v1.0.5", "v1.7.0", "v1.9.1", "v2.3.4", "v2.3.4-cfg", "v2.3.4-selfcond", "v2.3.4-x0-linear-minsnr",
      "hand-compiled-inside-diffusion",
    ])
  func putOutWhatTheirCodeDoes(name: String) throws {
    let isByHand = name.hasPrefix("hand")
    let path = "\(Self.beside)/\(isByHand ? "v2.3.4" : name).npz"
    let arrays = try NPZArchive([UInt8](Data(contentsOf: URL(fileURLWithPath: path))), path: path)
    func tensor(_ name: String) throws -> Tensor? {
      guard arrays.names.contains(name) else { return nil }
      let array = try arrays.array(name)
      switch array.elements {
      case .float32(let values): return Tensor(array.shape, values)
      case .int64(let values): return Tensor(array.shape, values.map { Float($0) })
      default: return nil
      }
    }
    var stated = StatedSettings()
    stated.imageSize = 16
    if name == "v0.25.3" { stated.network = ["release": "0.25.3"] }
    let network = try ModelSource(path: "\(Self.beside)/\(name).pt", stated: stated).network()
    let (x, t) = (try #require(try tensor("x")), try #require(try tensor("t")))
    let classes = try tensor("classes")?.values.map { Int($0) }
    let outputs: [(String, NetworkInputs)] = [
      ("out_ema", NetworkInputs(conditioning: t.values, labels: classes)),
      ("out_null", NetworkInputs(conditioning: t.values, labels: classes?.map { _ in nil })),
      ("out_ema_selfcond", NetworkInputs(conditioning: t.values, selfCondition: try tensor("self_cond"))),
    ]
    for (array, inputs) in outputs {
      guard let expected = try tensor(array) else { continue }
      expectClose(
        network(x, inputs), expected, tolerance: 1e-5 * expected.largestMagnitude, "\(name) \(array)")
    }
  }
}
