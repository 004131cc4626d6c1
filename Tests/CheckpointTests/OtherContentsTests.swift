import Foundation
import TestSupport
import Testing

@testable import DiffusionCheckpoints

/// Someone gives another file in place of a checkpoint. It is named, with what to do.
struct OtherContentsTests {
  struct File: Sendable, CustomStringConvertible {
    let name: String
    let bytes: [UInt8]
    let says: String

    init(_ name: String, _ bytes: [UInt8], says: String) { (self.name, self.bytes, self.says) = (name, bytes, says) }

    var description: String { name }
  }

  static let files = [
    File("m.safetensors", Array("version https://git-lfs.github.com/spec/v1\n".utf8), says: "is a Git LFS pointer"),
    File("m.pt", Array("\n<!DOCTYPE html><html>".utf8), says: "is a page of a web site"),
    File("m.gguf", Array("GGUF\u{3}\u{0}\u{0}\u{0}".utf8), says: "is a GGUF file"),
    File("m.pt.gz", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0], says: "gunzip < FOLDER/m.pt.gz > FOLDER/m.pt, and give that"),
    File("m.pt", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0], says: "gunzip < FOLDER/m.pt > FOLDER/m.pt.pt, and give that"),
    File("m.tar.gz", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0], says: "tar -xf FOLDER/m.tar.gz, and give what is in it"),
    File("m.xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], says: "unxz < FOLDER/m.xz > FOLDER/m, and give that"),
    File("m.bz2", Array("BZh91AY".utf8), says: "bunzip2 < FOLDER/m.bz2 > FOLDER/m"),
    File("m.zst", [0x28, 0xB5, 0x2F, 0xFD], says: "unzstd < FOLDER/m.zst > FOLDER/m"),
    File("m.tar", [UInt8](repeating: 0, count: 257) + Array("ustar".utf8), says: "tar -xf FOLDER/m.tar"),
    File("m.rar", Array("Rar!\u{1A}\u{7}".utf8), says: "unrar x FOLDER/m.rar"),
    File("m.7z", [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], says: "7z x FOLDER/m.7z"),
    File("m.h5", [0x89] + Array("HDF\r\n".utf8), says: "is an HDF5 file"),
    File("m.ckpt.index", [1, 2, 3, 4, 0x57, 0xFB, 0x80, 0x8B, 0x24, 0x75, 0x47, 0xDB], says: "TensorFlow checkpoint"),
    File("m.ckpt.data-00000-of-00001", [0, 0, 0, 0], says: "TensorFlow checkpoint"),
    File("checkpoint", Array("model_checkpoint_path: \"m\"".utf8), says: "TensorFlow's list of checkpoints"),
    File("m.onnx", [8, 7, 0x12, 7] + Array("pytorch".utf8), says: "is an ONNX file"),
    File("m.bin", [8, 7, 0x12, 7] + Array("pytorch".utf8), says: "is an ONNX file"),
    File("flax_model.msgpack", [0x81, 0xA6], says: "is a file of Flax"),
    File("m.pt", [0x89, 0x50, 0x4E, 0x47], says: "is a picture"),
    File("m.pt", [0xFF, 0xD8, 0xFF, 0xE0], says: "is a picture"),
    File("m.npy", [0x93] + Array("NUMPY".utf8), says: "is a NumPy array"),
    File("m.pt", Array("model:\n  channels: 3\n".utf8), says: "is a text that begins with \"model:\""),
    File("m.pt", [0, 1, 2, 3], says: "is neither a safetensors file nor a .pt that PyTorch saved"),
    File("m.pt", [], says: "is empty; copy or download it again"),
    File("config.json", Array("{\"a\": 1}".utf8), says: "describes a model and holds none; give its folder, FOLDER"),
    File(
      "m.pt.json", Array("{\"a\": 1}".utf8),
      says: "describes a model and holds none; give the model beside it, FOLDER/m.pt"),
    File("x.npz", plainNPZ([("arr_0", [1], .uint8([0]))]), says: "is a .npz of NumPy arrays"),
  ]

  @Test(arguments: files) func anotherFileIsNamed(_ file: File) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("other-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent(file.name).path
    try Data(file.bytes).write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: CheckpointError.self) { try StateDict.read(path: path) }
    let said = (error?.description ?? "").replacing(folder.path, with: "FOLDER")
    #expect(said.contains(file.says), "\(said)")
  }
}
