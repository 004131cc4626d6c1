import DiffusionImages
import Foundation
import Testing

struct NPYTests {
  @Test(arguments: [[3], [2, 3, 4], [1, 1, 28, 28], [0, 5], []])
  func comesBackAsItWas(shape: [Int]) throws {
    let values = (0..<shape.reduce(1, *)).map { Float($0) / 7 - 3 }
    let tensor = try readNPY(npy(shape, .float32(values)), path: "x.npy")
    #expect(tensor.shape == shape)
    #expect(tensor.values == values)
  }

  /// The bytes that `numpy.save` writes for `np.arange(6, dtype='<f4').reshape(2, 3)`, by its published description.
  @Test func isWhatNumPyWrites() {
    let dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"
    let header = dictionary + String(repeating: " ", count: 128 - 10 - dictionary.count - 1) + "\n"
    let elements: [[UInt8]] = [
      [0, 0, 0, 0], [0, 0, 0x80, 0x3F], [0, 0, 0, 0x40], [0, 0, 0x40, 0x40], [0, 0, 0x80, 0x40], [0, 0, 0xA0, 0x40],
    ]
    #expect(
      npy([2, 3], .float32([0, 1, 2, 3, 4, 5]))
        == [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(header.utf8) + elements.flatMap { $0 })
  }

  @Test func readsFloat64() throws {
    #expect(
      try readNPY(file("'<f8'", "(2,)", [0.5, -2].flatMap { bytes($0.bitPattern) }), path: "x").values == [0.5, -2])
  }

  private func bytes(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

  private func file(_ type: String, _ shape: String, _ data: [UInt8], order: String = "False", version: UInt8 = 1)
    -> [UInt8]
  {
    let header = Array("{'descr': \(type), 'fortran_order': \(order), 'shape': \(shape)}\n".utf8)
    return [0x93] + Array("NUMPY".utf8) + [version, 0, UInt8(header.count), 0] + header + data
  }

  @Test func lyingFilesAreRefused() throws {
    let cases: [(bytes: [UInt8], fault: NPYFault)] = [
      ([], .notNPY), (Array("hello, world".utf8), .notNPY),
      (file("'<f4'", "(1,)", [0, 0, 0, 0], version: 9), .version(9)),
      (Array(file("'<f4'", "(1,)", []).prefix(20)), .badHeader),
      (file("'<i8'", "(1,)", [UInt8](repeating: 0, count: 8)), .elementType("<i8")),
      (file("'|O'", "(1,)", []), .unknownType("|O")), (file("'>f4'", "(1,)", [0, 0, 0, 0]), .unknownType(">f4")),
      (file("'<f4'", "(1,)", [0, 0, 0, 0], order: "True"), .fortranOrder),
      (file("'<f4'", "(1,)", [0, 0, 0, 0], order: "Maybe"), .badHeader),
      (file("'<f4'", "(-1,)", []), .badHeader), (file("'<f4'", "(1, 2", []), .badHeader),
      (file("'<f4'", "__import__('os')", []), .badHeader), (file("eval('1')", "(1,)", []), .badHeader),
      (file("'<f4'", "(2,)", [0, 0, 0, 0]), .size(shape: [2], needed: 8, found: 4)),
      (file("'<f4'", "(1,)", [0, 0, 0, 0, 0]), .size(shape: [1], needed: 4, found: 5)),
      (
        file("'<f4'", "(4294967296, 4294967296)", []),
        .size(shape: [1 << 32, 1 << 32], needed: nil, found: 0)
      ),
    ]
    for (bytes, fault) in cases {
      #expect(throws: ImageError.npy(path: "x", fault)) { try readNPY(bytes, path: "x") }
    }
  }
}
