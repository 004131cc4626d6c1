import TestSupport
import Testing

@testable import DiffusionCheckpoints

struct ContainerTests {
  /// One small dictionary, saved in four ways: `view` is strided, `b` is float16, `c` bfloat16, and `d` int64.
  @Test(
    arguments: [
      ("containers/zip.pt", .torchZip, []), ("containers/nested.pt", .torchZip, ["state_dict"]),
      ("containers/legacy.pt", .torchLegacyStream, []), ("containers/expected.safetensors", .safetensors, []),
    ] as [(String, StateDictOrigin.Container, [String])])
  func readsEveryContainer(file: String, container: StateDictOrigin.Container, keyPath: [String]) throws {
    let expected = try Fixture("containers/expected")
    let state = try StateDict.read(path: Fixture.path(file))
    #expect(state.names.sorted() == expected.names)
    #expect(state.origin.container == container)
    #expect(state.origin.keyPath == keyPath)
    for name in expected.names {
      let tensor = expected.tensor(name)
      #expect(state.shape(of: name) == tensor.shape)
      expectClose(try state.tensor(name, shape: tensor.shape), tensor, tolerance: 0, "\(file) \(name)")
    }
  }

  /// A view without contiguous dimensions: element [i, j, k] is 2 · i + 4 · j + k.
  @Test func stridedTensors() throws {
    let tensor = Pickle.tensor(Pickle.storage("ByteStorage", count: 12), shape: [2, 3, 2], strides: [2, 4, 1])
    let file = try TemporaryFile(
      legacyStream(Pickle.dictionary(tensor), storages: [(12, (0..<12).map { UInt8($0) })]))
    #expect(
      try StateDict.read(path: file.path).tensor("x", shape: [2, 3, 2]).values
        == [0, 1, 4, 5, 8, 9, 2, 3, 6, 7, 10, 11])
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

  @Test(
    arguments: [
      ("F64", littleEndian((-2.5).bitPattern), -2.5), ("F32", littleEndian(Float(0.1).bitPattern), 0.1),
      ("BF16", [0x80, 0x3F], 1), ("I64", littleEndian(-7 as Int64), -7), ("I32", littleEndian(70_000 as Int32), 70_000),
      ("I16", littleEndian(-300 as Int16), -300), ("I8", [0xFF], -1), ("U8", [0xFF], 255), ("BOOL", [2], 1),
      ("U64", littleEndian(0x8000_0000_0000_0000 as UInt64), 0x1p63),
      ("U32", littleEndian(UInt32.max - 255), 4_294_967_040),
      ("U16", [0xFF, 0xFF], 65535),
    ] as [(String, [UInt8], Float)])
  func everyElementType(type: String, bytes: [UInt8], value: Float) throws {
    let header = #"{"x":{"dtype":"\#(type)","shape":[],"data_offsets":[0,\#(bytes.count)]}}"#
    let file = try TemporaryFile(safetensors(header, data: bytes))
    #expect(try StateDict.read(path: file.path).tensor("x", shape: []).values == [value])
  }

  @Test func elementCountsAndTypes() throws {
    let state = try StateDict.read(path: Fixture.path("containers/zip.pt"))
    let path = Fixture.path("containers/zip.pt")
    #expect(state.name == path)
    // a [2, 3] and view [2, 3] are float32, b [4] float16, c [4] bfloat16, d [3] int64.
    #expect(state.elementCount == 23)
    #expect(
      state.elementTypes == [
        StoredElementType(name: "F32", tensors: 2, elements: 12, bytes: 48),
        StoredElementType(name: "I64", tensors: 1, elements: 3, bytes: 24),
        StoredElementType(name: "BF16", tensors: 1, elements: 4, bytes: 8),
        StoredElementType(name: "F16", tensors: 1, elements: 4, bytes: 8),
      ])
  }
}
