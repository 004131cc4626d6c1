import DiffusionBytes
import DiffusionPlatform

/// What an image records about how it was drawn: everything needed to draw it again.
public struct Provenance: Sendable, Equatable {
  /// The keyword of the text chunk that holds it, as JSON.
  public static let key = "sample"

  /// The program's version.
  public let version: String
  /// `DiffusionModel.fingerprint`.
  public let modelHash: String
  /// The image's index; nil for a sheet. For a reconstruction, the position in the input file.
  public let image: Int?
  /// The index of its class.
  public let label: Int?
  /// How it was drawn.
  public let drawing: Drawing
  /// The layout of a sheet; nil for a single image.
  public let sheet: SheetLayout?
  /// Enlargement of each pixel.
  public let scale: Int
  /// Set if the file shows the denoising rather than the image alone.
  public let view: View?
  /// The SHA-256 of the input files, keyed by option; nil if there are none.
  public let files: [String: String]?

  /// How an image was drawn.
  public enum Drawing: Sendable, Equatable {
    /// As stored by this version, with every default resolved.
    case request(SamplingRequest)
    /// As stored before version 0.9: a command line without the model.
    case arguments([String], model: String?, seed: UInt64?)
  }

  /// Views of the denoising besides the result.
  public enum View: String, Sendable, Codable {
    /// An animation of the steps.
    case frames
    /// Steps side by side.
    case strip
  }

  /// The request; nil for an image stored before version 0.9.
  private var request: SamplingRequest? {
    if case .request(let request) = drawing { request } else { nil }
  }

  /// The model's file; nil for the embedded model.
  public var model: String? {
    switch drawing {
    case .request(let request): request.model
    case .arguments(_, let model, _): model
    }
  }

  /// The seed; nil if the noise comes from inputs or two seeds.
  public var seed: UInt64? {
    switch drawing {
    case .request(let request): request.seed
    case .arguments(_, _, let seed): seed
    }
  }

  /// The record of image `image` of a plan, or, for nil, of a sheet of all.
  public init(
    _ plan: SamplingPlan, image: Int?, label: Int?, sheet: SheetLayout? = nil, scale: Int = 1, view: View? = nil
  ) {
    version = programVersion
    modelHash = plan.model.fingerprint
    self.image = image.map { plan.origins?[$0].index ?? $0 }
    self.label = label
    drawing = .request(plan.canonicalRequest(image: image, label: label))
    (self.sheet, self.scale, self.view) = (sheet, scale, view)
    files = plan.inputHashes
  }

  /// Versions that draw the same pixels as this one.
  private static let versions: Set<String> = ["0.1.0", "0.9.0", programVersion]

  /// Whether both are the same image of the same model, wherever its file is.
  ///
  /// - Parameters:
  ///   - other: what another image records.
  ///   - reading: parses records of earlier versions; nil if it cannot.
  public func isSameDrawing(
    as other: Provenance, reading: (Provenance) -> SamplingRequest? = { _ in nil }
  ) -> Bool {
    guard var mine = request ?? reading(self), var others = other.request ?? reading(other) else { return false }
    // Models are compared by hash; earlier versions stored classes differently.
    (mine.model, others.model) = (nil, nil)
    (mine.classes, others.classes) = (nil, nil)
    (mine.guideModel, others.guideModel) = (nil, nil)
    return mine == others && Self.versions.isSuperset(of: [version, other.version])
      && (modelHash, image, label, scale) == (other.modelHash, other.image, other.label, other.scale)
      && (sheet, view) == (other.sheet, other.view) && files == other.files
  }

  /// The content of the text chunk, with sorted keys.
  public func json() throws -> String { try encodeJSON(self) }

  /// The record in an image's text chunks; nil if there is none.
  ///
  /// - Throws: a JSON decoding error if the chunk is not ours.
  public static func read(_ chunks: [(key: String, value: String)]) throws -> Provenance? {
    guard let chunk = chunks.first(where: { $0.key == key }) else { return nil }
    return try decodeJSON(Provenance.self, from: chunk.value.utf8)
  }
}

/// How images are arranged on a sheet.
public struct SheetLayout: Sendable, Equatable, Codable {
  /// The allowed numbers of columns.
  public static let columnsAllowed = 1...1_000_000

  /// Images per row; nil for a sheet as square as possible.
  public var columns: Int?

  /// A sheet with `columns` images per row.
  public init(columns: Int? = nil) { self.columns = columns }
}

extension Provenance: Codable {
  private enum CodingKeys: String, CodingKey {
    case version, model, seed, image, arguments, request, sheet, scale, view, files
    case modelHash = "model_hash"
    case label = "class"
  }

  /// Reads records of any version.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    version = try container.decode(String.self, forKey: .version)
    modelHash = try container.decode(String.self, forKey: .modelHash)
    image = try container.decodeIfPresent(Int.self, forKey: .image)
    label = try container.decodeIfPresent(Int.self, forKey: .label)
    sheet = try container.decodeIfPresent(SheetLayout.self, forKey: .sheet)
    scale = try container.decodeIfPresent(Int.self, forKey: .scale) ?? 1
    view = try container.decodeIfPresent(View.self, forKey: .view)
    files = try container.decodeIfPresent([String: String].self, forKey: .files)
    for (key, value, allowed) in [
      (CodingKeys.image, image, 0...Int.max - 1), (.label, label, 0...Int.max - 1), (.scale, scale, 1...1024),
    ] {
      guard let value, !allowed.contains(value) else { continue }
      throw DecodingError.dataCorruptedError(
        forKey: key, in: container, debugDescription: "\(value) is out of range")
    }
    if let request = try container.decodeIfPresent(SamplingRequest.self, forKey: .request) {
      drawing = .request(request)
    } else {
      drawing = .arguments(
        try container.decode([String].self, forKey: .arguments),
        model: try container.decodeIfPresent(String.self, forKey: .model),
        seed: try container.decodeIfPresent(UInt64.self, forKey: .seed))
    }
  }

  /// Writes what `init(from:)` reads.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(version, forKey: .version)
    try container.encode(modelHash, forKey: .modelHash)
    try container.encodeIfPresent(image, forKey: .image)
    try container.encodeIfPresent(label, forKey: .label)
    try container.encodeIfPresent(sheet, forKey: .sheet)
    if scale != 1 { try container.encode(scale, forKey: .scale) }
    try container.encodeIfPresent(view, forKey: .view)
    try container.encodeIfPresent(files, forKey: .files)
    switch drawing {
    case .request(let request): try container.encode(request, forKey: .request)
    case .arguments(let words, let model, let seed):
      try container.encode(words, forKey: .arguments)
      try container.encodeIfPresent(model, forKey: .model)
      try container.encodeIfPresent(seed, forKey: .seed)
    }
  }
}
