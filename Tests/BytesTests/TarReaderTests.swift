import Foundation
import Testing

@testable import DiffusionBytes

/// Archives by tar itself, by Python's tarfile in each of its formats, and damaged ones.
struct TarReaderTests {
  private func entries(_ bytes: [UInt8]) throws(TarFault) -> [TarEntry] {
    let result = bytes.withUnsafeBytes { bytes in Result { () throws(TarFault) in try tarEntries(bytes) } }
    return try result.get()
  }

  /// An archive by Python's tarfile, with a folder, a symbolic link and a name of 150 bytes.
  private func archive(_ format: String) throws -> [UInt8] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: ProcessInfo.processInfo.environment["PYTHON"] ?? "/usr/bin/python3")
    process.arguments = [
      "-c",
      """
      import io, sys, tarfile
      with tarfile.open(fileobj=sys.stdout.buffer, mode='w|', format=tarfile.\(format)) as tar:
          def add(name, data=b'', **values):
              info = tarfile.TarInfo(name)
              info.size = len(data)
              for key, value in values.items(): setattr(info, key, value)
              tar.addfile(info, io.BytesIO(data))
          add('d', type=tarfile.DIRTYPE)
          add('d/a.png', b'x' * 513)
          add('link', type=tarfile.SYMTYPE, linkname='d/a.png')
          add('d/' + 'n' * 90 + '/' + 'm' * 57, b'last')
      """,
    ]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let bytes = [UInt8](pipe.fileHandleForReading.readDataToEndOfFile())
    process.waitUntilExit()
    return bytes
  }

  @Test(
    "Regular files are found in archives of each format, with their bytes",
    arguments: ["USTAR_FORMAT", "GNU_FORMAT", "PAX_FORMAT"])
  func formats(format: String) throws {
    let bytes = try archive(format)
    let found = try entries(bytes)
    #expect(found.count == 2)
    #expect(found[0].name == "d/a.png" && bytes[found[0].place] == [UInt8](repeating: 120, count: 513)[...])
    #expect(bytes[found[1].place].elementsEqual("last".utf8))
    #expect(found[1].name == "d/\(String(repeating: "n", count: 90))/\(String(repeating: "m", count: 57))")
  }

  @Test("Damage is found: a cut file, a wrong checksum, a size that is none")
  func damage() throws {
    let bytes = try archive("USTAR_FORMAT")
    #expect(throws: TarFault.cut(entry: "d/a.png")) { try entries(Array(bytes.prefix(512 + 512 + 512))) }
    // Between two files, and within a header.
    for length in [512 + 512 + 1024, 512 + 512 + 1024 + 100] {
      #expect(throws: TarFault.noEnd) { try entries(Array(bytes.prefix(length))) }
    }
    var wrong = bytes
    wrong[512] ^= 1
    #expect(throws: TarFault.badHeader(offset: 512)) { try entries(wrong) }
    wrong = bytes
    wrong[512 + 124] = UInt8(ascii: "x")
    #expect(throws: TarFault.badHeader(offset: 512)) { try entries(wrong) }
    #expect(throws: TarFault.noEnd) { try entries([]) }
    #expect(try entries([UInt8](repeating: 0, count: 1024)) == [])
  }
}
