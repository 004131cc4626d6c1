import DiffusionCore

/// A value of a request in JSON that cannot be what its key stands for. One sentence.
public struct RequestValueError: Error, Equatable, CustomStringConvertible {
  /// The key.
  public let key: String

  /// The sentence.
  public var description: String { "\"\(key)\" must be \(Self.kinds[key] ?? "of another type")" }

  private static let kinds: [String: String] = {
    var kinds: [String: String] = [:]
    func add(_ keys: [String], _ kind: String) { for key in keys { kinds[key] = kind } }
    add(["count", "batch", "steps", "jump_length", "jump_count", "scale", "bits"], "a whole number")
    add(["seed"], "a whole number from 0 to \(UInt64.max)")
    add(["eta", "s_churn", "s_tmin", "s_tmax", "s_noise", "guidance", "classifier_scale", "strength"], "a number")
    add(["clip", "overwrite", "resume", "metadata"], "true or false")
    add(
      [
        "model", "noise", "guide_model", "classifier", "low_res", "condition", "init_image", "mask", "out", "frames",
        "strip", "log",
      ], "a string, the name of a file")
    add(["index"], "two whole numbers, the smaller first, for instance [0, 9]")
    add(["guidance_interval"], "two whole numbers, the smaller first, for instance [0, 500]")
    add(["shard"], "the number of a part, from 1, and how many there are, for instance {\"number\": 1, \"count\": 4}")
    add(["class"], "a list, for instance [\"7\"]")
    add(["timesteps"], "a list of whole numbers, for instance [900, 500, 100]")
    add(["ts"], "a list of whole numbers, for instance [0, 22, 39]")
    add(["sigmas"], "a list of numbers, for instance [80, 24.4, 5.84]")
    add(["sampler"], "a string, for instance \"ddim\"")
    add(["respacing"], "a string, for instance \"250\"")
    add(["rng"], names(SamplingRequest.NoiseStream.self))
    add(["spacing"], names(TimestepSpacing.self))
    add(["grid"], "true, or the number of images in a row")
    add(["settings"], "an object, for instance {\"image_size\": 64}")
    add(["source"], "as sample reconstruct and sample interpolate write it")
    return kinds
  }()

  private static func names<Choice: CaseIterable & RawRepresentable<String>>(_ type: Choice.Type) -> String {
    "one of " + type.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
  }
}

/// Calls `body`, which reads the value of `key`.
///
/// - Throws: `RequestValueError`; of `settings`, what is wrong with one of them.
public func readingValue<Value>(of key: String, _ body: () throws -> Value) throws -> Value {
  do { return try body() } catch let error as DecodingError where key == "settings" && error.isInside {
    throw error
  } catch { throw RequestValueError(key: key) }
}

extension DecodingError {
  /// Whether it is about a value within that of a key.
  fileprivate var isInside: Bool {
    switch self {
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
      .dataCorrupted(let context):
      context.codingPath.count > 1
    @unknown default: false
    }
  }
}
