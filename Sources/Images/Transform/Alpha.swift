extension Picture {
  /// The picture with alpha as the last of `count` channels, 2 (grey) or 4 (RGB); what had no alpha is opaque.
  public func withAlpha(channels count: Int) -> Picture {
    precondition((count == 2 || count == 4) && channels <= 4, "no alpha for \(channels) channels in \(count)")
    if count == channels { return self }
    let hasAlpha = channels % 2 == 0
    let colours = hasAlpha ? channels - 1 : channels
    var converted: [UInt8] = []
    converted.reserveCapacity(width * height * count)
    for start in stride(from: 0, to: pixels.count, by: channels) {
      if count == 2 && colours == 3 {
        converted.append(luma(pixels[start], pixels[start + 1], pixels[start + 2]))
      } else {
        for c in 0..<count - 1 { converted.append(pixels[start + min(c, colours - 1)]) }
      }
      converted.append(hasAlpha ? pixels[start + colours] : 255)
    }
    return Picture(width: width, height: height, channels: count, pixels: converted)
  }

  /// The picture without alpha, its transparent pixels over a colour, which makes a grey picture one of colour unless
  /// it is grey too. Mixed as Pillow mixes: ⌊(colour · alpha + background · (255 - alpha)) / 255⌉.
  func laid(over background: Background) -> Picture {
    guard channels == 2 || channels == 4 else { return self }
    let below = [background.red, background.green, background.blue].map(Int.init)
    let count = channels == 2 && below[0] == below[1] && below[0] == below[2] ? 1 : 3
    var mixed: [UInt8] = []
    mixed.reserveCapacity(width * height * count)
    for start in stride(from: 0, to: pixels.count, by: channels) {
      let alpha = Int(pixels[start + channels - 1])
      for c in 0..<count {
        let sum = Int(pixels[start + min(c, channels - 2)]) * alpha + below[c] * (255 - alpha) + 128
        mixed.append(UInt8((sum + (sum >> 8)) >> 8))
      }
    }
    return Picture(width: width, height: height, channels: count, pixels: mixed)
  }

  /// The same as `fitted(toSquare:)` for a picture whose last channel is alpha: hidden colours do not leak into visible
  /// ones, since each counts as much as it shows. Rounded as Pillow rounds when it resizes such pictures, but once.
  public func fittedWithAlpha(toSquare size: Int) -> Picture {
    if width == size && height == size { return self }
    return mappingColours { color, alpha in
      let product = Int(color) * Int(alpha) + 128
      return UInt8(((product >> 8) + product) >> 8)
    }
    .fitted(toSquare: size)
    .mappingColours { color, alpha in
      alpha == 0 || alpha == 255 ? color : UInt8(min(255, 255 * Int(color) / Int(alpha)))
    }
  }

  /// The picture with each colour value replaced, and alpha as it is.
  private func mappingColours(_ body: (_ color: UInt8, _ alpha: UInt8) -> UInt8) -> Picture {
    var mapped = pixels
    for start in stride(from: 0, to: pixels.count, by: channels) {
      for c in 0..<channels - 1 { mapped[start + c] = body(pixels[start + c], pixels[start + channels - 1]) }
    }
    return Picture(width: width, height: height, channels: channels, pixels: mapped)
  }
}
