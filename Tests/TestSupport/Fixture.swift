import Foundation
import TensorCore

/// A file of reference tensors under `Tests/Fixtures`, read with code of its own so that the tests' expectations do not
/// pass through the reader that they test.
public struct Fixture {
  /// The strings of the file's `__metadata__`.
  public let metadata: [String: String]
  /// Arrays, as `Data` marks its pointers, and LeakSanitizer takes what only a marked pointer refers to for lost.
  private let entries: [String: (type: String, shape: [Int], bytes: ArraySlice<UInt8>)]

  /// The absolute path of `name` under `Tests/Fixtures`.
  public static func path(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures").appendingPathComponent(name).path
  }

  /// Reads the safetensors file `name`, for instance `"unet/improved-1d.io"`.
  public init(_ name: String) throws {
    let file = try [UInt8](Data(contentsOf: URL(fileURLWithPath: Fixture.path(name + ".safetensors"))))
    let headerSize = Int(file.prefix(8).withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
    let header = try JSONSerialization.jsonObject(with: Data(file[8..<8 + headerSize])) as! [String: Any]
    metadata = header["__metadata__"] as? [String: String] ?? [:]
    var entries: [String: (type: String, shape: [Int], bytes: ArraySlice<UInt8>)] = [:]
    for (key, value) in header where key != "__metadata__" {
      let entry = value as! [String: Any]
      let range = entry["data_offsets"] as! [Int]
      entries[key] = (
        entry["dtype"] as! String, entry["shape"] as! [Int],
        file[8 + headerSize + range[0]..<8 + headerSize + range[1]]
      )
    }
    self.entries = entries
  }

  /// The tensors' names, sorted.
  public var names: [String] { entries.keys.sorted() }

  /// A float32, float16, bfloat16, uint8 or int64 tensor, as float32.
  public func tensor(_ name: String) -> Tensor {
    let entry = entry(name)
    let values: [Float] =
      switch entry.type {
      case "F32": load(entry.bytes, as: Float.self)
      case "F16": load(entry.bytes, as: UInt16.self).map(Fixture.float(fromHalf:))
      case "BF16": load(entry.bytes, as: UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
      case "U8": entry.bytes.map { Float($0) }
      case "I64": load(entry.bytes, as: Int64.self).map { Float($0) }
      default: fatalError("\(name) is \(entry.type)")
      }
    return Tensor(entry.shape, values)
  }

  /// A float64 tensor's elements.
  public func doubles(_ name: String) -> [Double] { load(entry(name).bytes, as: Double.self) }

  /// An int64 tensor's elements.
  public func integers(_ name: String) -> [Int] { load(entry(name).bytes, as: Int64.self).map { Int($0) } }

  /// A uint8 tensor's elements.
  public func bytes(_ name: String) -> [UInt8] { [UInt8](entry(name).bytes) }

  private func entry(_ name: String) -> (type: String, shape: [Int], bytes: ArraySlice<UInt8>) {
    guard let entry = entries[name] else { fatalError("the fixture has no tensor \(name); it has \(names)") }
    return entry
  }

  private func load<T: BitwiseCopyable>(_ bytes: ArraySlice<UInt8>, as type: T.Type) -> [T] {
    bytes.withUnsafeBytes { buffer in
      (0..<buffer.count / MemoryLayout<T>.size).map {
        buffer.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.size, as: type)
      }
    }
  }

  /// IEEE 754 binary16, spelt out from its definition: sign, 5 bits of exponent, 10 of fraction.
  private static func float(fromHalf bits: UInt16) -> Float {
    let sign: Float = bits >> 15 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 31)
    let fraction = Float(bits & 1023) / 1024
    switch exponent {
    case 0: return sign * fraction * Float(sign: .plus, exponent: -14, significand: 1)
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default: return sign * (1 + fraction) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
    }
  }
}
