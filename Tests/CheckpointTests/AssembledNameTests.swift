import DiffusionCheckpoints
import TestSupport
import Testing

struct AssembledNameTests {
  /// Sines and cosines in turn become sines, then cosines; what is no such matrix stays as it is.
  @Test func evenColumnsFirst() throws {
    let header =
      #"""
      {"m":{"dtype":"U8","shape":[2,4],"data_offsets":[0,8]},"empty":{"dtype":"U8","shape":[0,4],\#
      "data_offsets":[8,8]},"odd":{"dtype":"U8","shape":[1,3],"data_offsets":[8,11]}}
      """#
    let file = try TemporaryFile(safetensors(header, data: Array(1...11)))
    let state = try StateDict.read(path: file.path).assembled(
      ["m", "empty", "odd"].map { AssembledName($0, parts: [$0], evenColumnsFirst: true) })
    #expect(try state.tensor("m", shape: [2, 4]).values == [1, 3, 2, 4, 5, 7, 6, 8])
    #expect(try state.tensor("empty", shape: [0, 4]).values == [])
    #expect(try state.tensor("odd", shape: [1, 3]).values == [9, 10, 11])
  }

  private static let header =
    #"{"q":{"dtype":"U8","shape":[1,2],"data_offsets":[0,2]},"k":{"dtype":"F16","shape":[2,2],"data_offsets":[2,10]},"#
    + #""v":{"dtype":"U8","shape":[1,2],"data_offsets":[10,12]},"s":{"dtype":"U8","shape":[],"data_offsets":[12,13]},"#
    + #""w":{"dtype":"U8","shape":[2,1],"data_offsets":[13,15]},"e":{"dtype":"U8","shape":[9223372036854775807,0],"#
    + #""data_offsets":[15,15]},"#
    + #""f":{"dtype":"U8","shape":[1,0],"data_offsets":[15,15]}}"#
  // q = 1 2; k = 1 -2; 0.5 0 in float16; v = 3 4; s = 5; w = 6 7.
  private let file: TemporaryFile

  init() throws {
    file = try TemporaryFile(
      safetensors(Self.header, data: [1, 2, 0, 0x3C, 0, 0xC0, 0, 0x38, 0, 0, 3, 4, 5, 6, 7]))
  }

  @Test func partsAreStackedAndShapesExtended() throws {
    let state = try StateDict.read(path: file.path).assembled([
      AssembledName("qkv", parts: ["q", "k", "v"], trailingOnes: 1), AssembledName("other", parts: ["v"]),
      AssembledName("scalar", parts: ["s"], trailingOnes: 2),
    ])
    #expect(state.names == ["qkv", "other", "scalar"])
    #expect(state.shape(of: "qkv") == [4, 2, 1])
    #expect(try state.tensor("qkv", shape: [4, 2, 1]).values == [1, 2, 1, -2, 0.5, 0, 3, 4])
    #expect(try state.tensor("other", shape: [1, 2]).values == [3, 4])
    #expect(try state.tensor("scalar", shape: [1, 1]).values == [5])
    #expect(state.elementCount == 11)
    #expect(state.shape(of: "q") == nil)
  }

  @Test func anAssembledStateIsAssembledAgain() throws {
    let state = try StateDict.read(path: file.path)
      .assembled([AssembledName("qk", parts: ["q", "k"]), AssembledName("v", parts: ["v"])])
      .assembled([AssembledName("vqk", parts: ["v", "qk"])])
    #expect(try state.tensor("vqk", shape: [4, 2]).values == [3, 4, 1, 2, 1, -2, 0.5, 0])
  }

  @Test func partsThatAreMissingOrDoNotFit() throws {
    let state = try StateDict.read(path: file.path)
    #expect(throws: CheckpointError.missingPart(file: file.path, part: "x", name: "qkv")) {
      try state.assembled([AssembledName("qkv", parts: ["q", "x"])])
    }
    #expect(
      throws: CheckpointError.partShapes(
        file: file.path, name: "qw", first: "q", firstShape: [1, 2], other: "w", otherShape: [2, 1])
    ) { try state.assembled([AssembledName("qw", parts: ["q", "w"])]) }
    #expect(
      throws: CheckpointError.partShapes(
        file: file.path, name: "ss", first: "s", firstShape: [], other: "s", otherShape: [])
    ) { try state.assembled([AssembledName("ss", parts: ["s", "s"])]) }
    #expect(throws: CheckpointError.tensor(file: file.path, name: "f", .badShape([1, 0]))) {
      try state.assembled([AssembledName("ef", parts: ["e", "f"])])
    }
  }
}
