import DiffusionFiles
import Foundation
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
    #expect(try kind(ofPath: path) == .file)
    #expect(try kind(ofPath: folder) == .folder)
    #expect(try kind(ofPath: path + "x") == .nothing)
    #expect(try kind(ofPath: path + "/x") == .nothing)
  }

  @Test func inaccessiblePathsAreErrors() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/loop"
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: path)
    #expect(throws: FileError.refused(path: path, action: "be read", reason: "Too many levels of symbolic links")) {
      try kind(ofPath: path)
    }
  }

  @Test("What another file would meet as well is told apart from what is wrong with one")
  func faultsOfTheMachine() {
    for (code, isOfMachine) in [(ENOMEM, true), (EMFILE, true), (ENFILE, true), (EACCES, false), (EIO, false)] {
      let error = FileError.refused(path: "a", action: "be read", reason: String(cString: strerror(code)))
      #expect(error.isOfMachine == isOfMachine, "\(error)")
    }
    #expect(!FileError.empty(path: "a").isOfMachine)
  }

  /// Endless devices are read only up to the limit.
  @Test func endlessDevices() {
    let reason = "more than 1000 bytes come out of it; write them to a file first"
    #expect(throws: FileError.refused(path: "/dev/zero", action: "be read", reason: reason)) {
      try readFile("/dev/zero", pipeLimit: 1000)
    }
  }

  @Test func appendsToExistingFiles() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/log"
    try AppendedFile(path: path).append([1, 2])
    let file = try AppendedFile(path: path)
    try file.append([3])
    try file.append([])
    #expect(try readFile(path) == [1, 2, 3])
  }

  @Test func bytesAreOverwritten() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/a.bin"
    let file = try AtomicFile(path: path)
    try file.append([1, 2, 3, 4] as [UInt8])
    try file.overwrite(at: 1, [8, 9])
    try file.append([5] as [UInt8])
    try file.finish()
    #expect(try readFile(path) == [1, 8, 9, 4, 5])
  }

  @Test func failuresNameThePathAndLeaveNothing() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: folder + "/sub.png", withIntermediateDirectories: true)
    try writeAtomically([], to: folder + "/file")
    for (path, reason) in [
      (folder + "/none/a.png", "there is no folder \(folder)/none/; make it with mkdir -p \(folder)/none/"),
      (folder + "/sub.png", "it is a folder; name a file in it"), (folder + "/file/a.png", "Not a directory"),
    ] {
      #expect(throws: FileError.refused(path: path, action: "be written", reason: reason)) {
        try writeAtomically([1], to: path)
      }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["file", "sub.png"])
    #expect(throws: FileError.refused(path: folder + "/x", action: "be read", reason: "No such file or directory")) {
      try readFile(folder + "/x")
    }
  }

  private struct Interruption: Error {}

  @Test func piecesAreWrittenInOrder() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/a.bin"
    try writeAtomically(to: path) { write in
      for piece in [[1, 2], [], [3]] as [[UInt8]] { try piece.withUnsafeBytes { try write($0) } }
      // Nothing has the name before everything is written.
      #expect(try kind(ofPath: path) == .nothing)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 1)
    }
    #expect(try readFile(path) == [1, 2, 3])
    try writeAtomically(to: path) { _ in }
    #expect(try readFile(path) == [])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.bin"])
  }

  @Test func aClosureThatThrowsLeavesTheOldFile() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/a.bin"
    try writeAtomically([7], to: path)
    #expect(throws: Interruption.self) {
      try writeAtomically(to: path) { write in
        try ([1, 2] as [UInt8]).withUnsafeBytes { try write($0) }
        throw Interruption()
      }
    }
    #expect(try readFile(path) == [7])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.bin"])
  }

  /// Even if the closure ignores the error.
  @Test func aFailedPieceFailsTheFile() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // An invalid address makes the system refuse the write, as a full disk would.
    let nowhere = UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: 8), count: 8)
    #expect(throws: FileError.refused(path: folder + "/a.bin", action: "be written", reason: "Bad address")) {
      try writeAtomically(to: folder + "/a.bin") { write in
        try? write(nowhere)
        try? ([1] as [UInt8]).withUnsafeBytes { try write($0) }
      }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
  }
}
