import DiffusionFiles
import DiffusionImages
import Foundation
import TestSupport
import Testing

/// Where they are; nil for nowhere.
private let folder = ProcessInfo.processInfo.environment["PNGSUITE"]

/// PNGs that others have made to be hard to read, in the folder that the environment variable PNGSUITE names, as
/// `Tests/Checks/pngsuite-check.sh` fills it: beside each PNG that netpbm can read lie the colours and the
/// alpha that it finds.
@Suite(.enabled(if: folder != nil))
struct PNGSuiteTests {
  /// The PNGs, by their paths.
  static let files: [String] = {
    guard let folder, let all = FileManager.default.enumerator(atPath: folder) else { return [] }
    return all.compactMap { $0 as? String }.filter { $0.hasSuffix(".png") }.map { "\(folder)/\($0)" }.sorted()
  }()

  @Test func thereAreMany() { #expect(Self.files.count > 350) }

  @Test(arguments: files) func isReadOrRefused(_ path: String) throws {
    let bytes = try readFile(path)
    let picture: Picture
    do { picture = try Picture(png: bytes) } catch {
      // What is wrong, in one line that names the file.
      let error = #expect(throws: ImageError.self) { try readLowResolution(path, channels: 3) }
      let message = "\(try #require(error))"
      // Files are known by their first bytes: with those broken, it is no PNG.
      let isNamed = message.hasPrefix("\(path): the PNG cannot be used: ") || message.hasPrefix("\(path): is no PNG")
      #expect(isNamed && !message.contains("\n"), "\(message)")
      #expect(isBroken(path), "\(message)")
      return
    }
    #expect(!isBroken(path), "\(path) is taken")
    let expected = try values(path, bytes)
    let found = picture.channels == 3 ? picture.pixels : picture.pixels.flatMap { [$0, $0, $0] }
    try #require(found.count == expected.count, "\(path) has another size")
    for (i, (found, expected)) in zip(found, expected).enumerated() {
      // 16 bits with alpha are rounded twice.
      guard abs(Double(found) - expected) > 0.51 else { continue }
      Issue.record("\(path): value \(i) is \(found), expected \(expected)")
      return
    }
  }

  /// Those that are meant to be refused: PngSuite's, whose names begin with x, and what once made libpng and libspng
  /// crash, but for one whose faults are in chunks that nobody needs: libpng and netpbm read it.
  private func isBroken(_ path: String) -> Bool {
    path.contains("/x") || path.contains("/crashers/") && !path.hasSuffix("/empty_ancillary_chunks.png")
  }

  /// Red, green and blue over black, from 0 to 255, of the pixels that netpbm finds.
  private func values(_ path: String, _ png: [UInt8]) throws -> [Double] {
    let colours = try PNM(readFile(path + ".pnm"))
    let alpha = try PNM(readFile(path + ".alpha.pnm"))
    let chunks = plainChunks(png)
    // One colour that is transparent; netpbm's own idea of that fails for RGB.
    var transparent: [Int]?
    if let colour = chunks.first(where: { $0.type == "tRNS" })?.data, [0, 2].contains(chunks[0].data[9]) {
      transparent = stride(from: 0, to: colour.count, by: 2).map { Int(plainNumber(colour[$0..<$0 + 2])) }
    }
    let channels = colours.samples.count / (colours.width * colours.height)
    return (0..<colours.width * colours.height).flatMap { i -> [Double] in
      let pixel = Array(colours.samples[i * channels..<(i + 1) * channels])
      let opacity =
        transparent.map { Array($0.suffix(channels)) == pixel ? 0 : 1 } ?? Double(alpha.samples[i])
        / Double(alpha.largest)
      let values = pixel.map { Double($0) * 255 / Double(colours.largest) * opacity }
      return channels == 3 ? values : [values[0], values[0], values[0]]
    }
  }
}

/// A raw PBM, PGM or PPM, as netpbm's manual pages describe them.
private struct PNM {
  let width: Int
  let height: Int
  /// Row by row, channels interleaved; 0 is black.
  let samples: [Int]
  /// What white has.
  let largest: Int

  init(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    func word() -> String {
      rest = rest.drop { $0 <= 32 }
      let word = rest.prefix { $0 > 32 }
      rest = rest.dropFirst(word.count)
      return String(decoding: word, as: UTF8.self)
    }
    let kind = word()
    let (width, height) = (try #require(Int(word())), try #require(Int(word())))
    let largest = kind == "P4" ? 1 : try #require(Int(word()))
    let data = Array(rest.dropFirst())
    if kind == "P4" {
      // Rows of whole bytes; 1 is black.
      let row = (width + 7) / 8
      samples = (0..<height).flatMap { y in
        (0..<width).map { x -> Int in
          let byte = Int(data[y * row + x / 8])
          return 1 - byte >> (7 - x % 8) & 1
        }
      }
    } else {
      let size = largest > 255 ? 2 : 1
      samples = stride(from: 0, to: data.count, by: size).map { Int(plainNumber(data[$0..<$0 + size])) }
    }
    (self.width, self.height, self.largest) = (width, height, largest)
  }
}
