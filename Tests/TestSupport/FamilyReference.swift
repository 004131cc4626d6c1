import DiffusionImages
import Foundation
import TensorCore

/// The checkpoints and arrays of other code bases beside the repository, in `shared/reference/families`, where that is
/// there: too large to be part of it. Tests that need one are left out without it.
public struct FamilyReference {
  private let archive: NPZArchive

  /// The path of `name` in that folder; nil if it is not there.
  public static func path(_ name: String) -> String? {
    let path = URL(fileURLWithPath: Fixture.path("")).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("shared/reference/families").appendingPathComponent(name).path
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }

  /// Whether the folder is there.
  public static var isThere: Bool { path("README.md") != nil }

  /// The arrays in the `.npz` `name`.
  public init(_ name: String) throws {
    guard let path = Self.path(name) else { throw CocoaError(.fileNoSuchFile) }
    archive = try NPZArchive([UInt8](Data(contentsOf: URL(fileURLWithPath: path))), path: path)
  }

  /// The names of the arrays.
  public var names: [String] { archive.names }

  /// An array of floats or whole numbers, as float32.
  public func tensor(_ name: String) throws -> Tensor {
    let array = try archive.array(name)
    let values: [Float] =
      switch array.elements {
      case .float32(let values): values
      case .float64(let values): values.map { Float($0) }
      case .uint8(let values): values.map { Float($0) }
      case .int32(let values): values.map { Float($0) }
      case .int64(let values): values.map { Float($0) }
      case .text: []
      }
    return Tensor(array.shape, values)
  }
}
