extension Picture {
  /// Resamples each channel with Keys' bicubic filter, bit for bit as `Image.resize` in Pillow resamples an image of
  /// mode `F` (Parmar et al. 2022, "On Aliased Resizing and Surprising Subtleties in GAN Evaluation"): nothing is
  /// rounded to integers or clamped to their range, and shrinking averages.
  ///
  /// - Parameters:
  ///   - width: the width of the result.
  ///   - height: its height.
  ///   - out: where it is written, `[height, width, channels]`.
  public func resampleBicubic(width: Int, height: Int, into out: UnsafeMutablePointer<Float>) {
    precondition(
      bits == 8 && width > 0 && height > 0, "a picture of \(bits) bits cannot be resampled to \(width)×\(height)")
    let row = width * channels
    let across = (0..<width).map { ResamplingTaps($0, of: width, from: self.width, .bicubic) }
    let down = (0..<height).map { ResamplingTaps($0, of: height, from: self.height, .bicubic) }
    let between = [Float](unsafeUninitializedCapacity: self.height * row) { target, count in
      pixels.withUnsafeBufferPointer { pixels in
        for y in 0..<self.height {
          for (x, taps) in across.enumerated() {
            let place = (y * self.width + taps.first) * channels
            for c in 0..<channels {
              var sum = 0.0
              for (i, weight) in taps.weights.enumerated() {
                sum += Double(pixels[place + i * channels + c]) * weight
              }
              target[y * row + x * channels + c] = Float(sum)
            }
          }
        }
      }
      count = self.height * row
    }
    var sums = [Double](repeating: 0, count: row)
    sums.withUnsafeMutableBufferPointer { sums in
      between.withUnsafeBufferPointer { between in
        for (y, taps) in down.enumerated() {
          for i in 0..<row { sums[i] = 0 }
          for (t, weight) in taps.weights.enumerated() {
            let first = (taps.first + t) * row
            for i in 0..<row { sums[i] += Double(between[first + i]) * weight }
          }
          for i in 0..<row { out[y * row + i] = Float(sums[i]) }
        }
      }
    }
  }
}
