/// What to type in Python so that an array becomes what it should be. In each expression it is called `array`, and
/// NumPy `numpy`.
public enum ArrayAdvice {
  /// Bytes from 0 to 255, of numbers whose least and largest tell what they stand for; nil for what is none.
  public static func bytes(of elements: NPYElements) -> String? {
    let values: [Double]
    switch elements {
    case .float32(let numbers): values = numbers.map(Double.init)
    case .float64(let numbers): values = numbers
    case .int32(let numbers): values = numbers.map(Double.init)
    case .int64(let numbers): values = numbers.map(Double.init)
    case .uint8, .text: return nil
    }
    guard let range = range(values) else { return nil }
    switch elements {
    // Whole numbers of this size are pixels, or a mask of them.
    case .int32, .int64:
      if range.lowerBound >= 0, range.upperBound <= 1 { return "(array * 255).astype('uint8')" }
      if range.lowerBound >= 0, range.upperBound <= 255 { return "array.astype('uint8')" }
    default:
      // What was scaled to a range leaves it by a rounding.
      if range.lowerBound >= -0.001, range.upperBound <= 1.001 {
        return "(array * 255).round().clip(0, 255).astype('uint8')"
      }
      if range.lowerBound >= -1.5, range.upperBound <= 1.5 {
        return "((array + 1) * 127.5).round().clip(0, 255).astype('uint8')"
      }
      if range.lowerBound >= -0.5, range.upperBound <= 255.5 { return "array.round().clip(0, 255).astype('uint8')" }
    }
    return "numpy.interp(array, [array.min(), array.max()], [0, 255]).round().astype('uint8')"
  }

  /// Numbers from -1 to 1, of numbers that leave that range; nil if some are none.
  public static func signed(_ values: [Float]) -> String? {
    guard let range = range(values.map(Double.init)) else { return nil }
    if range.lowerBound >= -0.5, range.upperBound <= 255.5, range.upperBound > 2 {
      return "(array / 127.5 - 1).clip(-1, 1).astype('float32')"
    }
    if range.lowerBound >= -1.5, range.upperBound <= 1.5 { return "array.clip(-1, 1)" }
    return "numpy.interp(array, [array.min(), array.max()], [-1, 1]).astype('float32')"
  }

  /// `[N, h, w, channels]`, of an array of this shape; nil if nobody can tell how.
  ///
  /// - Parameters:
  ///   - shape: the array's shape.
  ///   - channels: those that the pictures may have.
  public static func pictures(_ shape: [Int], channels: [Int]) -> String? {
    guard let last = shape.last, !shape.contains(0) else { return nil }
    switch shape.count {
    case 2:
      if let side = side(of: last) { return channels.contains(1) ? "array.reshape(-1, \(side), \(side), 1)" : nil }
      // As CIFAR-10's files have them: all red, then all green, then all blue.
      if channels.contains(3), last % 3 == 0, let side = side(of: last / 3) {
        return "array.reshape(-1, 3, \(side), \(side)).transpose(0, 2, 3, 1)"
      }
      return channels.contains(1) ? "array[None, :, :, None]" : nil
    case 3:
      if channels.contains(last) { return "array[None]" }
      if channels.contains(shape[0]), last > 4 { return "array.transpose(1, 2, 0)[None]" }
      if last > 4 { return channels.contains(1) ? "array[..., None]" : "array[..., None].repeat(3, 3)" }
      return nil
    case 4:
      if channels.contains(last) { return nil }
      if channels.contains(shape[1]), last > 4 { return "array.transpose(0, 2, 3, 1)" }
      if last == 4, channels.contains(3) { return "array[..., :3]" }
      if last == 1, channels.contains(3) { return "array.repeat(3, 3)" }
      if last == 3, channels.contains(1) { return "array.mean(3, keepdims=True).round().astype('uint8')" }
      return nil
    default: return nil
    }
  }

  /// `[N, channels, h, w]`, of an array of numbers of this shape; nil if nobody can tell how.
  public static func planes(_ shape: [Int], channels: Int) -> String? {
    guard let last = shape.last, !shape.contains(0) else { return nil }
    switch shape.count {
    case 2: return channels == 1 ? "array[None, None]" : "array[None, None].repeat(3, 1)"
    case 3:
      if shape[0] == channels, last > 4 { return "array[None]" }
      if last == channels { return "array.transpose(2, 0, 1)[None]" }
      return last <= 4 ? nil : channels == 1 ? "array[:, None]" : "array[:, None].repeat(3, 1)"
    case 4:
      if last == channels { return "array.transpose(0, 3, 1, 2)" }
      if shape[1] == 4, channels == 3 { return "array[:, :3]" }
      if shape[1] == 1, channels == 3 { return "array.repeat(3, 1)" }
      if shape[1] == 3, channels == 1 { return "array.mean(1, keepdims=True)" }
      if last == 3, channels == 1 { return "array.mean(3)[:, None]" }
      return nil
    default: return nil
    }
  }

  /// A label for each of `pictures`, of an array of this shape; nil if nobody can tell how.
  public static func labels(_ shape: [Int], pictures: Int) -> String? {
    guard shape.count == 2, shape[0] == pictures, pictures > 0 else { return nil }
    return shape[1] == 1 ? "array[:, 0]" : "array.argmax(1)"
  }

  /// Labels that are whole numbers, of elements of this type.
  public static func labels(ofType type: String) -> String {
    type.hasPrefix("<U") || type.hasPrefix("|S")
      ? "class_names, labels = numpy.unique(array, return_inverse=True)" : "array.astype('int64')"
  }

  /// The type that is read, of elements of another one.
  static func readable(_ type: String) -> String {
    switch type {
    case "|b1": "pixels as array.astype('uint8') * 255, labels as array.astype('int64')"
    case "<u2", ">u2": "pixels as (array // 257).astype('uint8'), labels as array.astype('int64')"
    case "|O": "numpy.stack(list(array)), if its items have one shape"
    case let type where type.hasPrefix(">"): "array.astype('<\(type.dropFirst())')"
    case "|i1", "<i2", "<u4", "<u8":
      "pixels as array.clip(0, 255).astype('uint8'), labels as array.astype('int64')"
    default: "array.astype('<f4')"
    }
  }

  private static func side(of count: Int) -> Int? {
    let side = Int(Double(count).squareRoot().rounded())
    return side > 4 && side * side == count ? side : nil
  }

  private static func range(_ values: [Double]) -> ClosedRange<Double>? {
    guard var least = values.first, least.isFinite else { return nil }
    var largest = least
    for value in values {
      guard value.isFinite else { return nil }
      (least, largest) = (min(least, value), max(largest, value))
    }
    return least...largest
  }
}
