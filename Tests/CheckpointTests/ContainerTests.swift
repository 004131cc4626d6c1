import Checkpoint
import TensorCore
import TestSupport
import Testing

struct ContainerTests {
  /// One small dictionary, saved in three ways: `view` is strided, `b` float16, `c` bfloat16, `d` int64.
  @Test(arguments: ["containers/zip.pt", "containers/nested.pt", "containers/expected.safetensors"])
  func readsWhatWasSaved(file: String) throws {
    let expected = try Fixture("containers/expected")
    let state = try StateDict.read(path: Fixture.path(file))
    #expect(state.names.sorted() == expected.names)
    for name in expected.names {
      let tensor = expected.tensor(name)
      #expect(state.shape(of: name) == tensor.shape)
      expectClose(try state.tensor(name, shape: tensor.shape), tensor, tolerance: 0, "\(file) \(name)")
    }
  }

  @Test func legacyStreamsAreRecognised() throws {
    let path = Fixture.path("containers/legacy.pt")
    #expect(throws: CheckpointError.legacyFormat(file: path)) { try StateDict.read(path: path) }
  }

  @Test func missingAndMisshapenTensors() throws {
    let path = Fixture.path("containers/zip.pt")
    let state = try StateDict.read(path: path)
    #expect(throws: CheckpointError.missingTensor(file: path, name: "x", shape: [1])) {
      try state.tensor("x", shape: [1])
    }
    #expect(throws: CheckpointError.wrongShape(file: path, name: "a", found: [2, 3], needed: [3, 2])) {
      try state.tensor("a", shape: [3, 2])
    }
  }

  @Test func halfPrecisionOfEveryKind() throws {
    // 1, -2, the smallest subnormal, the largest subnormal, the largest number, ∞, 0.
    let bits: [UInt16] = [0x3C00, 0xC000, 0x0001, 0x03FF, 0x7BFF, 0x7C00, 0x8000]
    let values: [Float] = [1, -2, 0x1p-24, 1023 * 0x1p-24, 65504, .infinity, -0.0]
    let file = try TemporaryFile(
      safetensors(#"{"x":{"dtype":"F16","shape":[7],"data_offsets":[0,14]}}"#, data: bits.flatMap(littleEndian)))
    #expect(try StateDict.read(path: file.path).tensor("x", shape: [7]).values == values)
  }

  @Test(
    arguments: [
      ("F64", littleEndian((-2.5).bitPattern), -2.5), ("F32", littleEndian(Float(0.1).bitPattern), 0.1),
      ("BF16", [0x80, 0x3F], 1), ("I64", littleEndian(-7 as Int64), -7), ("I32", littleEndian(70_000 as Int32), 70_000),
      ("I16", littleEndian(-300 as Int16), -300), ("I8", [0xFF], -1), ("U8", [0xFF], 255), ("BOOL", [1], 1),
    ] as [(String, [UInt8], Float)])
  func everyElementType(type: String, bytes: [UInt8], value: Float) throws {
    let header = #"{"x":{"dtype":"\#(type)","shape":[],"data_offsets":[0,\#(bytes.count)]}}"#
    let file = try TemporaryFile(safetensors(header, data: bytes))
    #expect(try StateDict.read(path: file.path).tensor("x", shape: []).values == [value])
  }
}
