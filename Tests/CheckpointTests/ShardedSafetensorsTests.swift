import DiffusionCheckpoints
import Foundation
import TestSupport
import Testing

struct ShardedSafetensorsTests {
  /// A folder of files, which is removed with the object.
  private final class Folder {
    let path = NSTemporaryDirectory() + "shards-\(UUID().uuidString)"

    init(_ files: [(name: String, bytes: [UInt8])]) throws {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      for (name, bytes) in files { try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)")) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  private static let first = safetensors(
    #"{"__metadata__":{"format":"pt"},"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"#
      + #""spare":{"dtype":"U8","shape":[],"data_offsets":[2,3]}}"#, data: [1, 2, 3])
  private static let second = safetensors(#"{"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, data: [9])

  private func folder(_ index: String) throws -> Folder {
    try Folder([
      ("m.safetensors.index.json", Array(index.utf8)), ("m-1.safetensors", Self.first),
      ("m-2.safetensors", Self.second), ("broken.safetensors", Array("broken".utf8)),
    ])
  }

  @Test func tensorsAreFoundInTheirShards() throws {
    let folder = try folder(
      #"{"metadata":{"total_size":3},"weight_map":{"b":"m-2.safetensors","a":"m-1.safetensors"}}"#)
    let path = folder.path + "/m.safetensors.index.json"
    let state = try StateDict.read(path: path)
    #expect(state.name == path)
    #expect(state.names == ["a", "b"])
    #expect(state.metadata == ["format": "pt"])
    #expect(state.origin.container == .shardedSafetensors)
    #expect(state.elementCount == 3)
    #expect(try state.tensor("a", shape: [2]).values == [1, 2])
    #expect(try state.tensor("b", shape: [1]).values == [9])
    #expect(throws: CheckpointError.missingTensor(file: path, name: "spare", shape: [])) {
      try state.tensor("spare", shape: [])
    }
  }

  @Test(arguments: [
    (#"{"weight_map":{"a":"../m-1.safetensors"}}"#, #""../m-1.safetensors" is not the name of a file beside it"#),
    (#"{"weight_map":{"a":"/etc/passwd"}}"#, #""/etc/passwd" is not the name of a file beside it"#),
    (#"{"weight_map":{"a":".."}}"#, #"".." is not the name of a file beside it"#),
    (#"{"weight_map":{"a":""}}"#, #""" is not the name of a file beside it"#),
    (#"{"weight_map":{"a":"m-1.safetensors\u0000x"}}"#, "is not the name of a file beside it"),
    (#"{"weight_map":{"a":"m-3.safetensors"}}"#, "/m-3.safetensors: cannot be read: No such file or directory"),
    (#"{"weight_map":{"a":"broken.safetensors"}}"#, "/broken.safetensors: is not a valid safetensors file"),
    (#"{"weight_map":{"a":"m-2.safetensors"}}"#, "m-2.safetensors has no tensor a"),
    (#"{"weight_map":{}}"#, "holds no tensors"),
    (#"{"weight_map":{"a":3}}"#, "a value of the wrong type at weight_map.a"),
    (#"{"weight_map":["a"]}"#, "it is not the JSON it should be"),
    (#"{"_class_name":"UNet2DModel"}"#, "describes a model and holds none; give its folder"),
    (#"{"weight_map":"#, "it is not the JSON it should be"),
    ("weights", "it is not the JSON it should be"),
  ])
  func isRefused(index: String, message: String) throws {
    let folder = try folder(index)
    let path = folder.path + "/m.safetensors.index.json"
    do {
      _ = try StateDict.read(path: path)
      Issue.record("\(index) was read")
    } catch {
      #expect(error.description.contains(message), "\(error)")
      #expect(error.description.hasPrefix(path), "\(error)")
    }
  }
}
