import DiffusionImages
import DiffusionText

extension Picture {
  /// The escape sequences that show the picture, starting at the beginning of a line and leaving the cursor at the
  /// beginning of the line below it.
  ///
  /// - Parameters:
  ///   - style: how pictures are shown.
  ///   - columns: the width in cells, if the terminal scales pictures.
  ///   - lines: the height in lines; for half blocks and characters, half the pixels' height, rounded up.
  ///   - id: kitty's picture number, from 1; replaces an earlier picture of the same number.
  /// - Throws: `ImageError.png`.
  public func terminalText(
    _ style: TerminalStyle, columns: Int, lines: Int, id: Int
  ) throws(ImageError) -> String {
    switch style {
    case .kitty: Self.beside(lines: lines, kittyImage(try png(), columns: columns, lines: lines, id: id))
    case .iTerm: Self.beside(lines: lines, iTermImage(try png(), columns: columns, lines: lines))
    case .trueColour: halfBlocks { "2;\($0.red);\($0.green);\($0.blue)" }
    case .colours256: halfBlocks { "5;\(xtermColour($0))" }
    case .characters: denseCharacters()
    }
  }

  /// Makes room with empty lines first, so that nothing scrolls when the image appears, wherever it leaves the cursor.
  private static func beside(lines: Int, _ image: String) -> String {
    String(repeating: "\n", count: lines) + "\u{1B}[\(lines)A\u{1B}7\(image)\u{1B}8\u{1B}[\(lines)B"
  }

  /// Upper half blocks (U+2580) with the upper pixel as foreground and the lower one as background; `code` is what
  /// follows 38 or 48 to set a colour.
  private func halfBlocks(_ code: (Colour) -> String) -> String {
    var text = ""
    for y in stride(from: 0, to: height, by: 2) {
      var current: (above: Colour, below: Colour?)?
      for x in 0..<width {
        let pair = (above: colour(x, y), below: y + 1 < height ? colour(x, y + 1) : nil)
        // Neighbours are mostly alike, so colours are set only where they change.
        var codes: [String] = []
        if current?.above != pair.above { codes.append("38;\(code(pair.above))") }
        if let below = pair.below, current?.below != below { codes.append("48;\(code(below))") }
        if !codes.isEmpty { text += "\u{1B}[\(codes.joined(separator: ";"))m" }
        text += "▀"
        current = pair
      }
      text += "\u{1B}[0m\n"
    }
    return text
  }

  /// Ten characters from dark to bright, for the mean of each pixel and the one below it.
  private func denseCharacters() -> String {
    let ramp = Array(" .:-=+*#%@")
    var text = ""
    for y in stride(from: 0, to: height, by: 2) {
      for x in 0..<width {
        let above = colour(x, y).luma
        let below = y + 1 < height ? colour(x, y + 1).luma : above
        text.append(ramp[(above + below) / 2 * ramp.count / 256])
      }
      text += "\n"
    }
    return text
  }

  private func colour(_ x: Int, _ y: Int) -> Colour {
    let first = (y * width + x) * channels
    let (red, last) = (pixels[first], first + channels - 1)
    return Colour(red: red, green: channels == 3 ? pixels[first + 1] : red, blue: pixels[last])
  }
}

/// A pixel's colour.
private struct Colour: Equatable {
  let red, green, blue: UInt8

  /// Brightness from 0 to 255 (ITU-R BT.601).
  var luma: Int { (299 * Int(red) + 587 * Int(green) + 114 * Int(blue)) / 1000 }

  func distance(_ other: (red: Int, green: Int, blue: Int)) -> Int {
    let (r, g, b) = (Int(red) - other.red, Int(green) - other.green, Int(blue) - other.blue)
    return r * r + g * g + b * b
  }
}

/// The nearest of those xterm colours that are the same on every terminal: a 6 × 6 × 6 cube from 16 and 24
/// greys from 232.
private func xtermColour(_ colour: Colour) -> Int {
  let levels = [0, 95, 135, 175, 215, 255]
  func nearest(_ value: UInt8) -> Int {
    levels.indices.min { abs(levels[$0] - Int(value)) < abs(levels[$1] - Int(value)) } ?? 0
  }
  let (r, g, b) = (nearest(colour.red), nearest(colour.green), nearest(colour.blue))
  let mean = (Int(colour.red) + Int(colour.green) + Int(colour.blue)) / 3
  let step = min(max((mean - 3) / 10, 0), 23)
  let grey = 8 + 10 * step
  let isGreyNearer = colour.distance((grey, grey, grey)) < colour.distance((levels[r], levels[g], levels[b]))
  return isGreyNearer ? 232 + step : 16 + 36 * r + 6 * g + b
}
