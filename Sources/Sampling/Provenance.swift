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
  /// Bits of each sample: 8 or 16.
  public let bits: Int
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
    _ plan: SamplingPlan, image: Int?, label: Int?, sheet: SheetLayout? = nil, scale: Int = 1, bits: Int = 8,
    view: View? = nil
  ) {
    version = programVersion
    modelHash = plan.model.fingerprint
    self.image = image.map { plan.origins?[$0].index ?? $0 }
    self.label = label
    drawing = .request(plan.canonicalRequest(image: image, label: label))
    (self.sheet, self.scale, self.bits, self.view) = (sheet, scale, bits, view)
    files = plan.inputHashes(of: image)
  }

  /// Versions that draw the same pixels as this one.
  private static let versions: Set<String> = ["0.1.0", "0.9.0", programVersion]

  /// How what a file records ("there") differs from what would be drawn ("here"), each as "steps: 20 there, 30 here".
  /// Empty if both are the same images of the same model, wherever its file is.
  ///
  /// - Parameters:
  ///   - here: what would be recorded now.
  ///   - reading: parses records of earlier versions; nil if it cannot.
  public func differences(
    from here: Provenance, reading: (Provenance) -> SamplingRequest? = { _ in nil }
  ) -> [String] {
    guard var mine = request ?? reading(self), var others = here.request ?? reading(here) else {
      return ["what it records is not understood"]
    }
    // Models and inputs are compared by hash; earlier versions stored classes differently.
    (mine.model, others.model) = (nil, nil)
    if label != nil || here.label != nil { (mine.classes, others.classes) = (nil, nil) }
    (mine.guideModel, others.guideModel) = (nil, nil)
    var found = SamplingRequest.differences(mine, others).map { name, values in
      "\(name): \(values.0) there, \(values.1) here"
    }
    func compare<Value: Equatable>(_ name: String, _ there: Value?, _ here: Value?) {
      func text(_ value: Value?) -> String { value.map { "\($0)" } ?? "none" }
      if there != here { found.append("\(name): \(text(there)) there, \(text(here)) here") }
    }
    compare("model", modelHash.prefix(10), here.modelHash.prefix(10))
    compare("image", image, here.image)
    compare("class", label, here.label)
    compare("scale", scale, here.scale)
    compare("bits", bits, here.bits)
    if modelHash != here.modelHash, found.isEmpty { found.append("the model is another") }
    if sheet != here.sheet || view != here.view { found.append("the layout is another") }
    for name in Set((files ?? [:]).keys).union((here.files ?? [:]).keys).sorted() where !isSame(name, here) {
      found.append("the contents of \(name) are others")
    }
    if !Self.versions.isSuperset(of: [version, here.version]) { compare("version", version, here.version) }
    return found
  }

  /// Whether both had the same file. Versions up to 0.9 recorded none for `low-res`.
  private func isSame(_ name: String, _ here: Provenance) -> Bool {
    let (old, new) = (files?[name], here.files?[name])
    return old == new || old == nil && name == "low-res"
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
    case version, model, seed, image, arguments, request, sheet, scale, bits, view, files
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
    bits = try container.decodeIfPresent(Int.self, forKey: .bits) ?? 8
    view = try container.decodeIfPresent(View.self, forKey: .view)
    files = try container.decodeIfPresent([String: String].self, forKey: .files)
    for (key, value, allowed) in [
      (CodingKeys.image, image, 0...Int.max - 1), (.label, label, 0...Int.max - 1), (.scale, scale, 1...1024),
      (.bits, bits == 16 ? 8 : bits, 8...8),
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
    if bits != 8 { try container.encode(bits, forKey: .bits) }
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
