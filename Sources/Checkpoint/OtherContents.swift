import DiffusionBytes
import DiffusionFiles
import DiffusionText

/// What a file is that is no checkpoint, as far as its first bytes, the last, or its name tell: for whoever gave it in
/// place of one.
public struct OtherContents: Sendable, Equatable {
  /// What it is, with an article.
  public let name: String
  /// What to do.
  public let advice: String

  private init(_ name: String, _ advice: String) { (self.name, self.advice) = (name, advice) }

  /// What `file` is; nil if it is none of these.
  init?(_ file: MappedFile) {
    let path = file.name
    func begins(_ bytes: [UInt8], at offset: Int = 0) -> Bool {
      file.slice(offset, bytes.count)?.elementsEqual(bytes) ?? false
    }
    func begins(with text: String, at offset: Int = 0) -> Bool { begins(Array(text.utf8), at: offset) }
    let beginning = file.text(0, min(file.count, 512)) ?? ""
    let firstWord = beginning.drop { $0.isWhitespace }.prefix(9).lowercased()
    let found: OtherContents? =
      if beginning.hasPrefix("version https://git-lfs") {
        Self("a Git LFS pointer of a few lines, not the weights", Self.pulling(path))
      } else if firstWord.hasPrefix("<!doctype") || firstWord.hasPrefix("<html") {
        Self(
          "a page of a web site, not the weights",
          "download the file itself, in a browser or by the address of its download button")
      } else if begins(with: "GGUF") {
        Self("a GGUF file, as stable-diffusion.cpp and llama.cpp read them", Self.source)
      } else if begins([0x1F, 0x8B]) {
        Self("compressed by gzip", Self.unpacking(path, "gunzip", endings: [".gz", ".gzip"]))
      } else if begins(with: "BZh") {
        Self("compressed by bzip2", Self.unpacking(path, "bunzip2", endings: [".bz2"]))
      } else if begins([0xFD] + Array("7zXZ".utf8) + [0]) {
        Self("compressed by xz", Self.unpacking(path, "unxz", endings: [".xz"]))
      } else if begins([0x28, 0xB5, 0x2F, 0xFD]) {
        Self("compressed by zstd", Self.unpacking(path, "unzstd", endings: [".zst"]))
      } else if begins(with: "ustar", at: 257) {
        Self("a tar archive", Self.unpacked(["tar", "-xf", operand(path)]))
      } else if begins(with: "Rar!") {
        Self("a RAR archive", Self.unpacked(["unrar", "x", operand(path)]))
      } else if begins([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C]) {
        Self("a 7z archive", Self.unpacked(["7z", "x", operand(path)]))
      } else if begins([0x89] + Array("HDF".utf8)) {
        Self("an HDF5 file, as Keras saves weights for TensorFlow", Self.pyTorch)
      } else if file.integer(file.count - 8, as: UInt64.self) == Self.tableEnd || path.contains(".ckpt.data-") {
        Self("a part of a TensorFlow checkpoint", Self.pyTorch)
      } else if begins(with: "model_checkpoint_path:") {
        Self("TensorFlow's list of checkpoints", Self.pyTorch)
      } else if path.hasSuffix(".onnx") || begins([0x08]) && beginning.prefix(32).contains("pytorch") {
        Self("an ONNX file, which holds the steps of a computation", Self.source)
      } else if path.hasSuffix(".msgpack") {
        Self("a file of Flax, for JAX", Self.pyTorch)
      } else if begins([0x89] + Array("PNG".utf8)) || begins([0xFF, 0xD8, 0xFF]) || begins(with: "GIF8") {
        Self("a picture", "give a checkpoint, a .pt or .safetensors for instance")
      } else if begins([0x93] + Array("NUMPY".utf8)) {
        Self("a NumPy array", "give a checkpoint, a .pt or .safetensors for instance")
      } else if let text = Self.text(beginning, isWhole: file.count <= 512) {
        Self("a text that begins with \"\(text)\"", "give a checkpoint, a .pt or .safetensors for instance")
      } else {
        nil
      }
    guard let found else { return nil }
    self = found
  }

  /// What a zip archive with these entries is; nil if it is none of these, or PyTorch's.
  init?(entries: some Collection<String>, path: String) {
    if entries.contains("model.weights.h5") {
      self.init("a model of Keras, for TensorFlow", Self.pyTorch)
    } else if !entries.isEmpty, entries.allSatisfy({ $0.hasSuffix(".npy") }) {
      self.init("a .npz of NumPy arrays", "give a checkpoint, a .pt or .safetensors for instance")
    } else if entries.contains(where: Self.isPacked) {
      self.init("a zip archive of files", Self.unpacked(["unzip", operand(path)]))
    } else {
      return nil
    }
  }

  /// Whether an archive that has an entry of this name holds a model that was packed with its folder.
  private static func isPacked(_ entry: String) -> Bool {
    [".pt", ".pth", ".ckpt", ".bin", ".pkl", ".safetensors", ".json", ".txt", ".md", ".yaml", ".png"].contains {
      entry.hasSuffix($0)
    } && !entry.hasSuffix("/data.pkl") && entry != "data.pkl"
  }

  private static let source = "give the .pt or .safetensors that it was made from"
  private static let pyTorch = "give weights of PyTorch, a .pt or .safetensors for instance"
  /// What TensorFlow's tables of tensors end with.
  private static let tableEnd: UInt64 = 0xDB47_7524_8B80_FB57

  private static func pulling(_ path: String) -> String {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    let folder = parts.count > 1 ? parts.dropLast().joined(separator: "/") + "/" : "."
    return "type \(shellLine(["git", "-C", operand(folder), "lfs", "pull"])), or download the file"
  }

  private static func unpacked(_ words: [String]) -> String { "type \(shellLine(words)), and give what is in it" }

  private static func unpacking(_ path: String, _ program: String, endings: [String]) -> String {
    let name = path.lowercased()
    if name.hasSuffix(".tgz") || name.contains(".tar.") { return unpacked(["tar", "-xf", operand(path)]) }
    let ending = endings.first { name.hasSuffix($0) }
    let target = ending.map { String(path.dropLast($0.count)) } ?? path + ".pt"
    return "type \(program) < \(shellQuoted(path)) > \(shellQuoted(target)), and give that"
  }

  /// The beginning of a text, on one line; nil if it is none.
  private static func text(_ beginning: String, isWhole: Bool) -> String? {
    let isText = beginning.unicodeScalars.dropLast(isWhole ? 0 : 1).allSatisfy {
      $0 == "\n" || $0 == "\r" || $0 == "\t" || !$0.movesTheCursor && $0 != "\u{FFFD}"
    }
    let line = beginning.drop { $0.isWhitespace }.prefix { $0 != "\n" && $0 != "\r\n" }
    return isText && !line.isEmpty ? sanitized(line.prefix(40)) : nil
  }
}
