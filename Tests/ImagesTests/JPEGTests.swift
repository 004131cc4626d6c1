import DiffusionPlatform
import Foundation
import TestSupport
import Testing

@testable import DiffusionImages

/// JPEGs that Pillow made, against the pixels that Pillow reads (`Tests/Fixtures/jpeg.py`).
@Suite(.enabled(if: canReadJPEG, "TurboJPEG is not installed"))
struct JPEGTests {
  nonisolated(unsafe) static let fixture = try? Fixture("jpeg")
  static let names = (fixture?.names ?? []).compactMap { $0.hasPrefix("file/") ? String($0.dropFirst(5)) : nil }

  private func file(_ name: String) throws -> [UInt8] {
    try #require(Self.fixture).tensor("file/\(name)").values.map { UInt8($0) }
  }

  @Test("Every kind of JPEG has Pillow's pixels, bit for bit", arguments: names)
  func kinds(_ name: String) throws {
    let expected = try #require(Self.fixture).tensor("pixels/\(name)")
    let picture = try Picture(jpeg: file(name))
    #expect([picture.height, picture.width, picture.channels] == expected.shape)
    #expect(picture.pixels == expected.values.map { UInt8($0) })
    #expect(try Picture(file: file(name)) == picture)
  }

  @Test func everyKindIsThere() { #expect(Self.names.count == 29) }

  @Test("A JPEG that is cut short anywhere is refused, also where decoders only warn")
  func cutShort() throws {
    for name in ["rgb-420", "progressive-444", "grey", "cmyk", "orientation-6"] {
      let whole = try file(name)
      for length in 0..<whole.count {
        #expect(throws: ImageError.self, "\(name), \(length) bytes") { try Picture(jpeg: Array(whole[..<length])) }
      }
    }
  }

  @Test("A JPEG with a damaged scan is an error, not a grey corner")
  func damaged() throws {
    var bytes = try file("restarts")
    let restart = bytes.indices.dropLast().last { bytes[$0] == 0xFF && (0xD0...0xD7).contains(bytes[$0 + 1]) }
    let scan = try #require(restart)
    bytes.replaceSubrange(scan..<scan + 2, with: [0, 0])
    let error = #expect(throws: ImageError.self) { try Picture(jpeg: bytes) }
    #expect("\(try #require(error))".hasPrefix("the JPEG cannot be used: "))
  }

  @Test("A header that claims more pixels than fit is refused before there is memory for them")
  func claims() throws {
    var bytes = try file("grey")
    let frame = try #require(bytes.indices.first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
    bytes.replaceSubrange(frame + 5..<frame + 9, with: [0x3F, 0xFF, 0x3F, 0xFF])
    PeakMemory.restart()
    let before = PeakMemory.bytes
    #expect(throws: ImageError.jpeg("it is too short for the size that it claims")) { try Picture(jpeg: bytes) }
    #expect(PeakMemory.bytes - before < 100 << 20)
    #expect(throws: ImageError.jpeg("it has 37×23 pixels, and more than 850 are too many")) {
      try Picture(jpeg: try file("grey"), pixelLimit: 850)
    }
  }

  @Test("Any change to Exif data gives a picture or an error")
  func hostileExif() throws {
    let whole = try file("orientation-8")
    let exif = try #require(whole.indices.first { whole[$0...].starts(with: "Exif".utf8) })
    for place in exif..<exif + 44 {
      for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] {
        var bytes = whole
        bytes[place] = value
        let picture = try? Picture(jpeg: bytes)
        #expect(picture.map { $0.pixels.count == 37 * 23 * 3 } ?? true)
      }
    }
    for length in 0..<whole.count { _ = Orientation(jpeg: Array(whole[..<length])) }
  }

  @Test("Where TurboJPEG is missing, one line says what to install")
  func missingLibrary() throws {
    let none = TurboJPEG(names: ["libnothing.so.0"])
    let error = #expect(throws: ImageError.noTurboJPEG) { try Picture(jpeg: try file("grey"), library: none) }
    let text = "\(try #require(error))"
    #expect(text.hasSuffix(": apt-get install libturbojpeg0") && !text.contains("\n"))
  }

  @Test("A TurboJPEG that cannot be loaded is the machine's fault, not the picture's")
  func brokenLibrary() throws {
    let library = FileManager.default.temporaryDirectory.appendingPathComponent("lib-\(UUID().uuidString).so").path
    try Data().write(to: URL(fileURLWithPath: library))
    defer { try? FileManager.default.removeItem(atPath: library) }
    let error = #expect(throws: ImageError.self) {
      try Picture(jpeg: try file("grey"), library: TurboJPEG(names: [library]))
    }
    let found = try #require(error)
    #expect(found.isOfMachine && "\(found)".contains("cannot be loaded"))
  }
}

struct PictureContentTests {
  @Test(
    "What is no PNG or JPEG is named for what it is",
    arguments: [
      ("", "is empty"), ("GIF89a", "is a GIF"), ("RIFF....WEBPVP8 ", "is a WebP"), ("....ftypheic", "is a HEIC"),
      ("version https://git-lfs.github.com/spec/v1\noid sha256:0", "git lfs pull"),
      ("\n<!DOCTYPE html><html>", "is a web page"), ("\u{FEFF}<html>", "is a web page"), ("hello", "neither"),
    ])
  func contents(_ text: String, words: String) {
    let error = #expect(throws: ImageError.self) { try Picture(file: Array(text.utf8)) }
    #expect(error.map { "\($0)".contains(words) } ?? false, "\(error.map { "\($0)" } ?? "")")
  }

  @Test("A colour has a name or six digits")
  func colours() {
    #expect(Background("white") == Background(red: 255, green: 255, blue: 255))
    #expect(Background("#Ff8000") == Background(red: 255, green: 128, blue: 0))
    #expect(Background("ff8000").map { "\($0)" } == "ff8000" && Background("000000") == .black)
    for text in ["", "ff80", "red", "gg0000", "+f8000", "0xffff"] { #expect(Background(text) == nil) }
  }

  @Test("Transparent pixels lie over the background, mixed as Pillow mixes them")
  func backgrounds() throws {
    // Grey 100 at alpha 51 (1/5), and colour; 16 bits too.
    let orange = Background(red: 255, green: 128, blue: 0)
    let grey = PlainPNG(width: 1, height: 1, .greyAlpha, depth: 8, [100, 51])
    #expect(try Picture(png: grey.bytes, over: orange).pixels == [224, 122, 20])
    #expect(try Picture(png: grey.bytes, over: Background("white")).pixels == [224])
    #expect(try Picture(png: grey.bytes).pixels == [20])
    #expect(try Picture(png: grey.bytes, over: nil).pixels == [100, 51])
    let deep = PlainPNG(width: 1, height: 1, .rgbAlpha, depth: 16, [25_700, 0, 65_535, 13_107])
    #expect(try Picture(png: deep.bytes, over: orange).pixels == [224, 102, 51])
    #expect(try Picture(png: deep.bytes, over: nil).pixels == [100, 0, 255, 51])
  }

  @Test("A PNG is turned as its eXIf chunk says")
  func turnedPNG() throws {
    let png = PlainPNG(width: 2, height: 1, .grey, depth: 8, [1, 2]).bytes
    // Clockwise, in big-endian Exif.
    let exif: [UInt8] = [0x4D, 0x4D, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 3, 0, 0, 0, 0, 0, 0]
    let turned = Array(png[..<33]) + PNGChunk("eXIf", exif).bytes + png[33...]
    #expect(try Picture(png: turned).pixels == [2, 1])
  }
}
