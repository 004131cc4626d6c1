import DiffusionCheckpoints
import Foundation
import TestSupport
import Testing

struct SafetensorsWriterTests {
  private func write(_ state: StateDict, metadata: [String: String] = [:], half: Bool = false) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try writeSafetensors(state, metadata: metadata, half: half) { bytes += $0 }
    return bytes
  }

  /// A file with the float32 numbers `values`, named x.
  private func floats(_ values: [Float], name: String = "x") throws -> TemporaryFile {
    try TemporaryFile(
      safetensors(
        #"{"\#(name)":{"dtype":"F32","shape":[\#(values.count)],"data_offsets":[0,\#(4 * values.count)]}}"#,
        data: values.flatMap { littleEndian($0.bitPattern) }))
  }

  @Test func theBytesOfASmallFile() throws {
    let file = try floats([1, -2])
    let state = try StateDict.read(path: file.path)
    let header =
      #"{"__metadata__":{"a":"1","b":"\"\u000a"},"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
    #expect(
      try write(state, metadata: ["b": "\"\n", "a": "1"])
        == safetensors(
          header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8),
          data: [
            0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0,
          ]))
    #expect(
      try write(state, half: true)
        == safetensors(#"{"x":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}  "#, data: [0, 0x3C, 0, 0xC0]))
  }

  @Test func dataLiesAligned() throws {
    for length in 1...9 {
      let file = try floats([1], name: String(repeating: "n", count: length))
      let bytes = try write(try StateDict.read(path: file.path))
      #expect((bytes.count - 4) % 8 == 0, "a name of \(length) letters")
    }
  }

  @Test(arguments: ["containers/zip.pt", "containers/legacy.pt", "containers/expected.safetensors"])
  func writtenFilesReadBack(name: String) throws {
    let expected = try Fixture("containers/expected")
    let state = try StateDict.read(path: Fixture.path(name))
    for half in [false, true] {
      let file = try TemporaryFile(try write(state, metadata: ["config": "{}"], half: half))
      let read = try StateDict.read(path: file.path)
      #expect(read.names == state.names)
      #expect(read.metadata == ["config": "{}"])
      for name in expected.names {
        let tensor = expected.tensor(name)
        expectClose(
          try read.tensor(name, shape: tensor.shape), tensor, tolerance: half ? tensor.largestMagnitude * 0x1p-11 : 0,
          "\(name) half \(half)")
      }
    }
  }

  /// Every float16 bit pattern is read as its value by definition, and written as itself.
  @Test func halvesOfEveryPattern() throws {
    let patterns = (0...UInt16.max).filter { $0 & 0x7C00 != 0x7C00 || $0 & 0x3FF == 0 }
    let count = patterns.count
    let header = #"{"x":{"dtype":"F16","shape":[\#(count)],"data_offsets":[0,\#(2 * count)]}}"#
    let data = patterns.flatMap(littleEndian)
    let file = try TemporaryFile(safetensors(header, data: data))
    let state = try StateDict.read(path: file.path)
    let values = try state.tensor("x", shape: [count]).values
    for (pattern, value) in zip(patterns, values) {
      let (exponent, fraction) = (Int(pattern >> 10 & 31), Double(pattern & 0x3FF))
      let magnitude =
        exponent == 0
        ? fraction * 0x1p-24 : exponent == 31 ? .infinity : (1 + fraction / 1024) * exp2(Double(exponent - 15))
      let expected = Float(pattern >> 15 == 0 ? magnitude : -magnitude)
      #expect(value.bitPattern == expected.bitPattern, "\(pattern)")
    }
    #expect(try write(state, half: true).suffix(2 * count) == data[...])
  }

  /// Halfway cases are rounded to even, others to the nearest.
  @Test(
    arguments: [
      (1 + 0x1p-11, 0x3C00), (1 + 3 * 0x1p-11, 0x3C02), (1 + 0x1.004p-11, 0x3C01), (2 - 0x1p-12, 0x4000),
      (65519, 0x7BFF), (-65504, 0xFBFF), (0x1p-25, 0), (0x1.8p-25, 1), (3 * 0x1p-25, 2), (5 * 0x1p-25, 2),
      (0x1p-14 - 0x1p-26, 0x0400), (-0x1p-140, 0x8000), (.infinity, 0x7C00), (-.infinity, 0xFC00),
    ] as [(Float, UInt16)])
  func rounding(value: Float, pattern: UInt16) throws {
    let file = try floats([value])
    let written = try write(try StateDict.read(path: file.path), half: true).suffix(2)
    #expect(Array(written) == littleEndian(pattern))
  }

  @Test func nanStaysNaN() throws {
    let file = try floats([.nan])
    let copy = try TemporaryFile(try write(try StateDict.read(path: file.path), half: true))
    #expect(try StateDict.read(path: copy.path).tensor("x", shape: [1]).values[0].isNaN)
  }

  /// 65520 is the smallest value that would be rounded to infinity.
  @Test(arguments: [([1, 65520, -70000, .infinity, .nan], -70000), ([65520], 65520)] as [([Float], Float)])
  func numbersTooLargeForHalvesAreNamed(values: [Float], largest: Float) throws {
    let file = try floats(values)
    let state = try StateDict.read(path: file.path)
    #expect(throws: CheckpointError.overflowsHalf(file: file.path, name: "x", value: largest)) {
      try write(state, half: true)
    }
  }

  @Test func aTensorNamedLikeTheMetadata() throws {
    let file = try TemporaryFile(
      torchFile(Pickle.proto + Pickle.entries([("__metadata__", Pickle.tensor())]) + Pickle.stop))
    let state = try StateDict.read(path: file.path)
    #expect(throws: CheckpointError.tensor(file: file.path, name: "__metadata__", .reservedName)) {
      try write(state)
    }
  }

  @Test func failuresToWriteArePassedOn() throws {
    struct Full: Error {}
    let file = try floats([1])
    let state = try StateDict.read(path: file.path)
    #expect(throws: Full.self) {
      try writeSafetensors(state, metadata: [:], half: false) { _ in throw Full() }
    }
  }
}
