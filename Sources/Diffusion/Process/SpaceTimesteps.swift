/// An error in choosing timesteps.
public enum SpacingError: Error, Equatable, CustomStringConvertible {
  /// Not a number, a list of numbers, or `ddim` followed by a number.
  case malformed(String)
  /// More steps than there are timesteps, in a section or in total.
  case tooMany(steps: Int, available: Int, section: Int?)
  /// Not a list of timesteps of the process, highest first.
  case timesteps(String, last: Int)
  /// The offset of leading spacing moves a step beyond the last timestep.
  case offset(Int, steps: Int, last: Int)
  /// No integer stride gives that many steps.
  case noStride(steps: Int, total: Int)

  /// One sentence that describes the error and what to do.
  public var description: String {
    switch self {
    case .malformed(let text):
      "\"\(text)\" is not a spacing of timesteps; type a number of steps (250), a number for each section (10,15,20), "
        + "or ddim and a number (ddim50)"
    case .tooMany(let steps, let available, nil):
      "\(steps) steps are more than the \(available) of the process; type at most \(available)"
    case .tooMany(let steps, let available, let section?):
      "section \(section) has only \(available) timesteps, from which \(steps) cannot be taken"
    case .timesteps(let text, let last):
      "\(text) is not a list of timesteps; type whole numbers from \(last) to 0, each less than the one before, "
        + "for instance \(last),\(last / 2),0"
    case .offset(let offset, let steps, let last):
      "\(steps) steps, moved by the file's steps_offset \(offset), end beyond timestep \(last); type --spacing trailing"
    case .noStride(let steps, let total):
      "no integer stride takes exactly \(steps) of \(total) timesteps; "
        + "--steps \(steps) spaces them as evenly as it goes"
    }
  }
}

/// Chooses the timesteps to keep from a process of `count` steps, like the original's `space_timesteps`.
///
/// - Parameters:
///   - count: T, the number of steps that the model was trained on.
///   - sections: the number of steps to take from each of as many sections of nearly equal size (`"250"`,
///     `"10,15,20"`), or `"ddim50"` for the integer stride of Song et al. 2021 that gives exactly 50.
/// - Returns: timesteps in 0 ..< count, ascending.
/// - Throws: `SpacingError` if `sections` is malformed, asks for too many steps, or has no such stride.
public func spaceTimesteps(_ count: Int, sections: String) throws(SpacingError) -> [Int] {
  if sections.hasPrefix("ddim") {
    guard let wanted = number(sections.dropFirst(4)), wanted > 0 else { throw .malformed(sections) }
    guard wanted <= count else { throw .tooMany(steps: wanted, available: count, section: nil) }
    guard let timesteps = integerStride(count, steps: wanted) else { throw .noStride(steps: wanted, total: count) }
    return timesteps
  }
  var counts: [Int] = []
  for part in sections.split(separator: ",", omittingEmptySubsequences: false) {
    guard let wanted = number(part) else { throw .malformed(sections) }
    counts.append(wanted)
  }
  guard counts.contains(where: { $0 > 0 }) else { throw .malformed(sections) }
  var timesteps: [Int] = []
  var start = 0
  for (i, wanted) in counts.enumerated() {
    let size = count / counts.count + (i < count % counts.count ? 1 : 0)
    guard wanted <= size else {
      throw .tooMany(steps: wanted, available: size, section: counts.count > 1 ? i + 1 : nil)
    }
    let stride = wanted <= 1 ? 1 : Double(size - 1) / Double(wanted - 1)
    // Accumulated, not multiplied, and rounded half to even, as in the original: the last bit can decide.
    var position = 0.0
    for _ in 0..<wanted {
      timesteps.append(start + Int(position.rounded(.toNearestOrEven)))
      position += stride
    }
    start += size
  }
  return Set(timesteps).sorted()
}

/// Chooses `steps` timesteps, from 1 to `count` of them.
///
/// DDPM spaces them evenly from first to last, as the original does. DDIM uses the original's integer stride if there
/// is one, otherwise ⌊k · count / steps⌋. A single step starts from pure noise, so it is the last timestep.
///
/// - Returns: timesteps in 0 ..< count, ascending.
/// - Throws: `SpacingError` if `steps` is not in 1 … `count`.
public func timesteps(_ count: Int, steps: Int, isDDIM: Bool) throws(SpacingError) -> [Int] {
  guard steps >= 1 else { throw .malformed("\(steps)") }
  guard steps <= count else { throw .tooMany(steps: steps, available: count, section: nil) }
  if steps == 1 { return [count - 1] }
  if !isDDIM { return try spaceTimesteps(count, sections: "\(steps)") }
  return integerStride(count, steps: steps) ?? (0..<steps).map { $0 * count / steps }
}

/// 0, s, 2s, … for the smallest stride s that gives exactly `steps` timesteps; nil if none does.
private func integerStride(_ count: Int, steps: Int) -> [Int]? {
  // The original only tries strides up to count - 1, so it never finds a single step.
  let stride = (1..<max(count, 1)).first { (count + $0 - 1) / $0 <= steps }
  guard let stride, (count + stride - 1) / stride == steps else { return nil }
  return Array(Swift.stride(from: 0, to: count, by: stride))
}

private func number(_ text: Substring) -> Int? {
  guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
    return nil
  }
  return Int(text)
}
