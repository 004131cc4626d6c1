import Foundation
import Images
import Testing

struct FilesTests {
  private let folder: String

  init() throws {
    folder = NSTemporaryDirectory() + "files-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  @Test func filesAppearWholeAndReplaceOthers() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/a.png"
    try writeAtomically([1, 2, 3], to: path)
    try writeAtomically([4], to: path)
    #expect(try readFile(path) == [4])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.png"])
    #expect(kind(ofPath: path) == .file && kind(ofPath: folder) == .folder && kind(ofPath: path + "x") == .nothing)
  }

  @Test func failuresNameThePathAndLeaveNothing() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: folder + "/sub.png", withIntermediateDirectories: true)
    try writeAtomically([], to: folder + "/file")
    for (path, reason) in [
      (folder + "/none/a.png", "there is no folder \(folder)/none/; make it with mkdir -p \(folder)/none/"),
      (folder + "/sub.png", "it is a folder; name a file in it"), (folder + "/file/a.png", "Not a directory"),
    ] {
      #expect(throws: ImageError.file(path: path, action: "be written", reason: reason)) {
        try writeAtomically([1], to: path)
      }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["file", "sub.png"])
    #expect(throws: ImageError.file(path: folder + "/x", action: "be read", reason: "No such file or directory")) {
      try readFile(folder + "/x")
    }
  }
}
